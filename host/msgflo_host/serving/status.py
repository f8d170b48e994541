"""The state of the system as JSON, for the page and for commands: names, states, topics."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from aiohttp import web

from .gate import Gate

__all__ = ["Status"]

CAPABILITIES = (
    "network:status",
    "protocol:network",
)  # each alone is enough: it tells no more than the FBP protocol does


class Status:
    """Answers ``/status.json`` with what `look` returns."""

    def __init__(self, gate: Gate, look: Callable[[], dict[str, Any]]) -> None:
        self._gate = gate
        self._look = look

    def add_to(self, router: web.UrlDispatcher) -> None:
        """Answer requests of a server."""
        router.add_get("/status.json", self._answer)

    async def _answer(self, request: web.Request) -> web.Response:
        await self._gate.require(request, *CAPABILITIES)
        return web.Response(body=msgspec.json.encode(self._look()), content_type="application/json")
