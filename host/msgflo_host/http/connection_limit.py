"""Limits the connections to the HTTP port: a client with a thousand idle ones takes no files from others."""

from __future__ import annotations

import asyncio
import resource
import time
from collections.abc import Awaitable, Callable

from aiohttp import web

__all__ = ["ConnectionLimit", "raise_file_limit"]

FILES = 8192  # that this process may have open, where the system allows it
_CHECK_S = 0.5
_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class ConnectionLimit:
    """Closes connections without a request for `idle` seconds, and the idlest of more than `limit`.

    Connections with a request that is being served, such as a WebSocket, do not count.
    """

    def __init__(self, *, limit: int = 256, idle: float = 15.0) -> None:
        self._limit = limit
        self._idle = idle
        self._asked: dict[asyncio.BaseProtocol, float] = {}  # when, last; or when it was first seen
        self._served: set[asyncio.BaseProtocol] = set()

    async def note(self, request: web.Request, handler: _Handler) -> web.StreamResponse:
        """Serve a request; to be called by a middleware."""
        connection = request.protocol
        self._served.add(connection)
        try:
            return await handler(request)
        finally:
            self._served.discard(connection)
            self._asked[connection] = time.monotonic()

    async def run(self, server: web.Server) -> None:
        """Close idle connections of a server until cancelled."""
        while True:
            now = time.monotonic()
            self._asked = {each: self._asked.get(each, now) for each in server.connections}
            idle = sorted(
                (each for each in server.connections if each not in self._served), key=self._asked.__getitem__
            )
            for connection in idle[: max(0, len(idle) - self._limit)]:
                connection.force_close()
            for connection in idle:
                if now - self._asked[connection] > self._idle:
                    connection.force_close()
            await asyncio.sleep(_CHECK_S)


def raise_file_limit() -> None:
    """Raise the limit of open files, of which each connection is one: many systems begin with 1 024."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    target = FILES if hard == resource.RLIM_INFINITY else min(FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < target:
        resource.setrlimit(resource.RLIMIT_NOFILE, (target, hard))
