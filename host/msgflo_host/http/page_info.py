"""What the page has to know of this machine beside the graph."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from aiohttp import web

from ..components.library import Library
from .authorization import Gate
from .mqtt_websocket import CAPABILITY

__all__ = ["Page"]


class Page:
    """Answers ``/page.json``.

    `boards()` tells whether there are port maps to start boards from. `library` is where components are written.
    """

    def __init__(self, gate: Gate, *, boards: Callable[[], bool], library: Library) -> None:
        self._gate = gate
        self._boards = boards
        self._library = library

    def add_to(self, router: web.UrlDispatcher) -> None:
        """Answer requests of a server."""
        router.add_get("/page.json", self._answer)

    async def _answer(self, request: web.Request) -> web.Response:
        await self._gate.require(request, CAPABILITY)
        told = {"boards": self._boards(), "components": self._components()}
        return web.Response(body=msgspec.json.encode(told), content_type="application/json")

    def _components(self) -> dict[str, Any] | None:
        """The components of the folder, where new ones go, and the file that the first of them needs beside it."""
        library = self._library
        if library.folder is None:
            return None
        folder = str(library.folder.absolute())
        return {"names": library.names(), "folder": folder, "suffixes": library.suffixes, "creates": library.creates}
