"""What a page asks for beside the FBP protocol, as JSON: the state of the system, and the lines that were said of late."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from aiohttp import web

from .authorization import Gate

__all__ = ["OUTPUT", "STATUS", "Answer"]

# Each capability alone is enough: an answer tells no more than the FBP protocol does.
STATUS = ("network:status", "protocol:network")
OUTPUT = ("network:data", "protocol:network")


class Answer:
    """Answers a path with what `look` returns, to those who have one of the capabilities."""

    def __init__(self, gate: Gate, path: str, capabilities: tuple[str, ...], look: Callable[[], object]) -> None:
        self._gate = gate
        self._path = path
        self._capabilities = capabilities
        self._look = look

    def add_to(self, router: web.UrlDispatcher) -> None:
        """Answer requests of a server."""
        router.add_get(self._path, self._answer)

    async def _answer(self, request: web.Request) -> web.Response:
        await self._gate.require(request, *self._capabilities)
        return web.Response(body=msgspec.json.encode(self._look()), content_type="application/json")
