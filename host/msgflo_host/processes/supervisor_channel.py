"""Messages between the supervisor and its coordinator: JSON objects, one a line, over a private pair of sockets."""

from __future__ import annotations

import asyncio
import json
import socket
from contextlib import suppress
from typing import Any

__all__ = ["Channel", "receive_first"]

_LONGEST = 1 << 24  # bytes of a message
_MUCH = 1 << 20  # bytes


class Channel:
    """One end of a connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def over(cls, end: socket.socket) -> Channel:
        """Take over a connected socket."""
        return cls(*await asyncio.open_connection(sock=end, limit=_LONGEST))

    def send(self, **message: Any) -> None:
        """Send a message, soon; nothing happens where the other end is gone."""
        if not self._writer.is_closing():
            self._writer.write(json.dumps(message).encode() + b"\n")

    @property
    def is_behind(self) -> bool:
        """True while more than 1 MiB waits for the other end to read it."""
        return self._writer.transport.get_write_buffer_size() > _MUCH

    async def receive(self) -> dict[str, Any] | None:
        """Return the next message; None once the other end is gone."""
        with suppress(OSError, ValueError):  # ValueError: what came is no message
            line = await self._reader.readline()
            if line.endswith(b"\n"):
                message: dict[str, Any] = json.loads(line)
                return message
        return None

    def close(self) -> None:
        """End the connection."""
        self._writer.close()


def receive_first(end: socket.socket) -> dict[str, Any] | None:
    """Read one message, and nothing of the next, which a `Channel` is to read; None once the other end is gone."""
    line = b""
    while not line.endswith(b"\n"):
        arrived = end.recv(_MUCH, socket.MSG_PEEK)
        if not arrived:
            return None
        line += end.recv(arrived.find(b"\n") + 1 or len(arrived))
    message: dict[str, Any] = json.loads(line)
    return message
