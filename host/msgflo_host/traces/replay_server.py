"""The WebSocket on which a trace is replayed, for several clients."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from aiohttp import WSMsgType, web

from .._listening import open_port
from ..fbp.envelope import PROTOCOLS, message
from .flowtrace import Trace
from .replay import Message, Refused, Replay

__all__ = ["ReplayServer"]

_MAX_FRAME = 1024 * 1024  # bytes that a client may send at once
_MAX_WAITING = 20_000  # messages for one client; who reads more slowly than that is disconnected
_MAX_CLIENTS = 100
_HEARTBEAT_S = 30.0
_CLOSE_S = 1.0
_LOCAL = ("localhost", "127.0.0.1", "::1")


class ReplayServer:
    """Replays a trace to whoever connects. Of web pages, only those of this machine and of `ide` (a URL) may.

    Raises TraceError where the trace cannot be replayed, ValueError where `ide` is no URL.
    """

    def __init__(self, trace: Trace, *, speed: float = 1.0, ide: str | None = None) -> None:
        self.replay = Replay(trace, self._broadcast, speed=speed)
        self._ide = _origin(ide) if ide is not None else None
        self._clients: set[_Client] = set()
        self._asking: _Client | None = None
        application = web.Application()
        application.router.add_get("/", self._serve)
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.5)

    async def start(self, host: str, port: int) -> int:
        """Listen, and return the port (0 chooses a free one); raises ServerError when it cannot be opened."""
        await self._runner.setup()
        await web.SockSite(self._runner, open_port(host, port)).start()
        return int(self._runner.addresses[0][1])

    async def stop(self) -> None:
        """End the replay and close all connections."""
        await self.replay.close()
        for client in list(self._clients):
            await client.socket.close(code=1001)
        await self._runner.cleanup()

    async def _serve(self, request: web.Request) -> web.WebSocketResponse:
        if not self._is_allowed(request.headers.get("Origin")):
            raise web.HTTPForbidden(
                text="pages of this origin may not read the trace; name the editor with --ide URL\n"
            )
        if len(self._clients) >= _MAX_CLIENTS:
            raise web.HTTPServiceUnavailable(text=f"{_MAX_CLIENTS} clients are connected, which is the limit\n")
        socket = web.WebSocketResponse(
            timeout=_CLOSE_S, protocols=("noflo",), heartbeat=_HEARTBEAT_S, max_msg_size=_MAX_FRAME
        )
        if not socket.can_prepare(request):
            raise web.HTTPUpgradeRequired(text="editors connect here by WebSocket\n")
        await socket.prepare(request)
        client = _Client(socket, request.transport)
        self._clients.add(client)
        try:
            async for frame in socket:
                if frame.type is WSMsgType.TEXT:
                    self._handle(client, frame.data)
        finally:
            self._clients.discard(client)
            await client.close()
        return socket

    def _is_allowed(self, origin: str | None) -> bool:
        """Tell whether a client may connect; programs, unlike web pages, name no origin."""
        if origin is None:
            return True
        try:
            return _origin(origin)[1] in _LOCAL or _origin(origin) == self._ide
        except ValueError:
            return False

    def _handle(self, client: _Client, text: str) -> None:
        protocol, number = "runtime", None
        self._asking = client
        try:
            request = _request(text)
            if isinstance(request.get("requestId"), str):
                number = request["requestId"]
            if request["protocol"] in PROTOCOLS:
                protocol = request["protocol"]
            answers = self.replay.answer(request["protocol"], request["command"], request["payload"])
        except Refused as refused:
            answers = [message(protocol, "error", {"message": str(refused)})]
        finally:
            self._asking = None
        for answer in answers:
            client.send(json.dumps(message(**answer, response_to=number)))

    def _broadcast(self, news: Message) -> None:
        text = json.dumps(news)
        for client in self._clients:
            if client is not self._asking:
                client.send(text)


class _Client:
    """A connection, and what waits to be sent on it."""

    def __init__(self, socket: web.WebSocketResponse, transport: asyncio.Transport | None) -> None:
        self.socket = socket
        self._transport = transport
        self._waiting: asyncio.Queue[str] = asyncio.Queue(_MAX_WAITING)
        self._sending = asyncio.create_task(self._send())

    def send(self, text: str) -> None:
        """Send a message when its turn comes."""
        try:
            self._waiting.put_nowait(text)
        except asyncio.QueueFull:
            if self._transport is not None:
                self._transport.abort()

    async def close(self) -> None:
        """Send nothing more."""
        self._sending.cancel()
        await asyncio.gather(self._sending, return_exceptions=True)

    async def _send(self) -> None:
        with suppress(ConnectionError):
            while True:
                await self.socket.send_str(await self._waiting.get())


def _request(text: str) -> dict[str, Any]:
    """Return a request with its payload; raises Refused for what is none."""
    try:
        request = json.loads(text)
    except (ValueError, RecursionError):
        raise Refused("the message is not JSON") from None
    if not isinstance(request, dict):
        raise Refused("a message is an object with protocol, command and payload")
    for key in ("protocol", "command"):
        if not isinstance(request.get(key), str):
            raise Refused(f'a message needs "{key}", a text')
    payload = request.get("payload", {})
    if not isinstance(payload, dict):
        raise Refused('the "payload" of a message is an object')
    return {**request, "payload": payload}


def _origin(url: str) -> tuple[str, str | None, int | None]:
    """Return what browsers compare of a URL; raises ValueError if it is none."""
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or {"http": 80, "https": 443}.get(parts.scheme)
