"""Answers for the page as JSON, beside the FBP protocol."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from aiohttp import web

from .authorization import Gate

__all__ = ["OUTPUT", "STATUS", "json_answer"]

# Each capability alone is enough: an answer holds no more than the FBP protocol sends.
STATUS = ("network:status", "protocol:network")
OUTPUT = ("network:data", "protocol:network")


def json_answer(gate: Gate, path: str, capabilities: tuple[str, ...], read: Callable[[], object]) -> web.RouteDef:
    """Return a route that answers with the value of `read()`, to clients with one of the capabilities."""

    async def answer(request: web.Request) -> web.Response:
        await gate.require(request, *capabilities)
        return web.Response(body=msgspec.json.encode(read()), content_type="application/json")

    return web.get(path, answer)
