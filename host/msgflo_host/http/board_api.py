"""Virtual boards for the page: list, start and stop, and the control socket of each as a WebSocket.

The messages of the control socket: docs/virtual-boards.md.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import msgspec
from aiohttp import WSMsgType, web

from ..errors import MsgfloError
from .authorization import Gate
from .board_maps import BoardMap, BoardMaps
from .board_runs import MOST_RUNNING, BoardRun, BoardRuns
from .websocket_pipe import until_one_ends

__all__ = ["Boards"]

CAPABILITY = "network:control"
PROTOCOL = "msgflo-board"
_LONGEST_LINE = 1 << 20  # bytes, of a request
_LONGEST_ANSWER = 16 << 20
_HEARTBEAT_S = 20.0
_MOST_CONNECTIONS = 64


class Boards:
    """Answers ``/boards.json`` and the paths below ``/boards/``."""

    def __init__(self, gate: Gate, maps: BoardMaps, runs: BoardRuns) -> None:
        self._gate = gate
        self._maps = maps
        self._runs = runs
        self._connections = 0

    @property
    def routes(self) -> list[web.RouteDef]:
        """The routes for a server."""
        return [
            web.get("/boards.json", self._list),
            web.post("/boards/{name}/start", self._start),
            web.post("/boards/{name}/stop", self._stop),
            web.get("/boards/{name}/control", self._control),
        ]

    async def _list(self, request: web.Request) -> web.Response:
        await self._gate.require(request, CAPABILITY)
        maps = await asyncio.to_thread(self._maps.read)
        boards = [{**each.described(), **self._running(each)} for each in maps]
        answer = {"folder": str(self._maps.folder), "most": MOST_RUNNING, "boards": boards}
        return web.Response(body=msgspec.json.encode(answer), content_type="application/json")

    def _running(self, board: BoardMap) -> dict[str, Any]:
        run = self._runs.find(board.name)
        return {"state": self._runs.state(board), "error": None if run is None else run.error}

    async def _start(self, request: web.Request) -> web.Response:
        board = await self._find(request)
        try:
            await self._runs.start(board)
        except MsgfloError as error:
            raise web.HTTPConflict(text=f"{error}\n") from None
        return web.Response(status=204)

    async def _stop(self, request: web.Request) -> web.Response:
        await self._gate.require(request, CAPABILITY)
        name = request.match_info["name"]
        if self._runs.find(name) is None:  # its port map may be gone meanwhile
            await self._find(request)
        await self._runs.stop(name)
        return web.Response(status=204)

    async def _find(self, request: web.Request) -> BoardMap:
        await self._gate.require(request, CAPABILITY)
        name = request.match_info["name"]
        maps = await asyncio.to_thread(self._maps.read)
        for each in maps:
            if each.name == name:
                return each
        there = ", ".join(each.name for each in maps) or "none"
        raise web.HTTPNotFound(text=f"there is no port map of that name in {self._maps.folder}; there are: {there}\n")

    async def _control(self, request: web.Request) -> web.StreamResponse:
        await self._gate.require(request, CAPABILITY)
        run = self._runs.find(request.match_info["name"])
        if run is None or run.port is None:
            raise web.HTTPConflict(text="this board does not run\n")
        if self._connections >= _MOST_CONNECTIONS:
            raise web.HTTPServiceUnavailable(text="too many connections to boards\n")
        self._connections += 1
        try:
            return await _bridge(request, run, run.port)
        finally:
            self._connections -= 1


async def _bridge(request: web.Request, run: BoardRun, port: int) -> web.WebSocketResponse:
    """Pass lines both ways until one side closes; the first one holds the last lines that the board has printed."""
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=_LONGEST_ANSWER)
    except OSError:
        raise web.HTTPConflict(text="this board does not run any more\n") from None
    browser = web.WebSocketResponse(protocols=(PROTOCOL,), max_msg_size=_LONGEST_LINE, heartbeat=_HEARTBEAT_S)
    try:
        await browser.prepare(request)
        before = {"event": "before", "lines": [*run.lines]}
        await browser.send_str(msgspec.json.encode(before).decode())
        await until_one_ends(_down(reader, browser), _up(browser, writer))
        await browser.close()
    finally:
        writer.close()
    return browser


async def _down(reader: asyncio.StreamReader, browser: web.WebSocketResponse) -> None:
    with contextlib.suppress(ConnectionError, ValueError):  # ValueError: a line longer than any that a board sends
        while line := await reader.readline():
            await browser.send_str(line.decode(errors="replace").rstrip("\n"))


async def _up(browser: web.WebSocketResponse, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        async for message in browser:
            if message.type is not WSMsgType.TEXT:
                return
            # In JSON a line break is a blank.
            writer.write(message.data.replace("\n", " ").encode() + b"\n")
            await writer.drain()
