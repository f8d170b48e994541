"""The control socket of a virtual board: one JSON object a line, one line for its answer, and events for those who watch."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
from collections.abc import Callable
from typing import Any, Protocol

from ...errors import MsgfloError

__all__ = ["ControlServer", "Controlled"]

_LONGEST_LINE = 1 << 20
_MOST_UNREAD = 4 << 20  # bytes of events; who reads so slowly is dropped


class Controlled(Protocol):
    """A board that takes requests and reports events."""

    listeners: list[Callable[[dict[str, Any]], None]]

    def control(self, request: dict[str, Any]) -> dict[str, Any]:
        """Do one request and return the answer; raises ControlError."""


class ControlServer:
    """Serves any number of clients on a port of 127.0.0.1; 0: any free one, `port` says which."""

    def __init__(self, board: Controlled, port: int) -> None:
        self._board = board
        self.port = port
        self._server: asyncio.Server | None = None
        self._clients: dict[asyncio.StreamWriter, asyncio.Task[None] | None] = {}

    async def start(self) -> None:
        """Listen; raises MsgfloError where the port is taken."""
        try:
            self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port, limit=_LONGEST_LINE)
        except OSError as error:
            raise MsgfloError(
                f"control port {self.port}: {os.strerror(error.errno or 0)}; choose another by --control, or leave that out for "
                "any free one"
            ) from None
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Close all connections."""
        if self._server is not None:
            self._server.close()
        for writer in self._clients:
            writer.close()
        # To their ends: asyncio reports one that is cancelled as an error.
        await asyncio.gather(*(task for task in self._clients.values() if task), return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        client = _Client(self._board, writer)
        self._clients[writer] = asyncio.current_task()
        try:
            with contextlib.suppress(ConnectionError):
                while (line := await _line(reader)) and client.take(line):
                    await writer.drain()
        finally:
            client.watch(False)
            del self._clients[writer]
            writer.close()


class _Client:
    def __init__(self, board: Controlled, writer: asyncio.StreamWriter) -> None:
        self._board = board
        self._writer = writer
        self._understood = False  # whether it has ever said something that makes sense

    def take(self, line: bytes) -> bool:
        """Answer a line; returns whether to go on. A web page's request, which begins with a letter, does not get far."""
        try:
            request = _request(line)
        except ValueError as error:
            self._send({"error": f"not understood: {error}; one JSON object a line is needed"})
            return self._understood or not line[:1].isalpha()
        self._understood = True
        mark = {"id": request.pop("id")} if "id" in request else {}
        try:
            self._send({**mark, "ok": True, **self._do(request)})
        except MsgfloError as error:
            self._send({**mark, "error": str(error)})
        return True

    def _do(self, request: dict[str, Any]) -> dict[str, Any]:
        if "watch" not in request:
            return self._board.control(request)
        on = request["watch"]
        if list(request) != ["watch"] or not isinstance(on, bool):
            raise MsgfloError('{"watch": true} or {"watch": false} is needed')
        self.watch(on)
        return {"watch": on, **(self._board.control({"get": True}) if on else {})}

    def watch(self, on: bool) -> None:
        """Send events from now on, or no longer."""
        listeners = self._board.listeners
        if on and self._send not in listeners:
            listeners.append(self._send)
        elif not on and self._send in listeners:
            listeners.remove(self._send)

    def _send(self, message: dict[str, Any]) -> None:
        if self._writer.transport.get_write_buffer_size() > _MOST_UNREAD:
            self._writer.transport.abort()
            return
        self._writer.write(json.dumps(message, ensure_ascii=False).encode() + b"\n")


def _request(line: bytes) -> dict[str, Any]:
    """Return the JSON object in a line; ValueError has its fault."""
    try:
        request = json.loads(line.decode(), parse_constant=_no_number)
        json.dumps(request, ensure_ascii=False, allow_nan=False).encode()  # all of it can be sent back
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    if not isinstance(request, dict):
        raise ValueError("that is no object")
    return request


def _no_number(text: str) -> None:
    raise ValueError(f"{text} is no JSON")


async def _line(reader: asyncio.StreamReader) -> bytes:
    """The next line; one that is too long is cut, and then refused."""
    try:
        return await reader.readuntil(b"\n")
    except asyncio.IncompleteReadError as error:
        return error.partial
    except asyncio.LimitOverrunError as error:
        return await reader.read(error.consumed or 1)
