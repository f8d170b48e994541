"""Wi-Fi between a virtual board and its broker: while the board is not in it, nothing passes."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import struct
from collections.abc import Callable, Mapping
from typing import Any

from msgflo import Broker

__all__ = ["Relay"]

_POLL_S = 0.05


class Relay:
    """Listens on a loopback port, and passes on what comes to a broker and back; `passes()` says whether it does now.

    As in a network that is out of reach, connections stay open meanwhile, and what was sent arrives later. Where the broker
    cannot be reached, the board's connection is reset, and `failed(text)` is called with the reason.
    """

    def __init__(self, target: Broker) -> None:
        self._target = target
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.settings: Mapping[str, Any] = {}
        """Settings of the board's compiled port map that lead it to this broker."""
        self.failed: Callable[[str], None] = lambda text: None
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.passes: Callable[[], bool] = lambda: True

    @property
    def port(self) -> int:
        port: int = self._socket.getsockname()[1]
        return port

    @property
    def detour(self) -> str:
        """Text for the shim of `socket`: the broker's address, and the one to connect to in its place."""
        return json.dumps([[self._target.host, self._target.port], ["127.0.0.1", self.port]])

    async def start(self) -> None:
        """Accept connections."""
        self._server = await asyncio.start_server(self._serve, sock=self._socket)

    async def stop(self) -> None:
        """Close all connections."""
        if self._server is not None:
            self._server.close()
        self._socket.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # In a task of its own: asyncio reports it as an error when this one is cancelled.
        task = asyncio.create_task(self._connect(reader, writer))
        self._tasks.add(task)
        await asyncio.wait([task])
        self._tasks.discard(task)

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        pumps = []
        writers = [writer]
        try:
            await self._reachable()
            try:
                there, to_broker = await asyncio.open_connection(self._target.host, self._target.port)
            except OSError as error:
                self.failed(f"{self._target}: {os.strerror(error.errno) if error.errno else error}")
                _reset(writer)
                return
            writers.append(to_broker)
            pumps = [asyncio.create_task(self._pump(*each)) for each in ((reader, to_broker), (there, writer))]
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in writers:
                each.close()
            for pump in pumps:
                pump.cancel()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(1 << 16):
                await self._reachable()
                writer.write(data)
                await writer.drain()

    async def _reachable(self) -> None:
        while not self.passes():
            await asyncio.sleep(_POLL_S)


def _reset(writer: asyncio.StreamWriter) -> None:
    """Close a connection as the system does where nobody listens: with a RST, not in order."""
    sock = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
