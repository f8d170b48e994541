"""The WebSocket of the FBP protocol: accepts clients, reads their requests in order, writes their queues.

Anybody who reaches the port can connect, so each client is limited: the size of a frame, its share of our time, its queue,
the time without a sign of life, and the time without a secret.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from typing import TypeAlias

from aiohttp import WSCloseCode, WSMessage, WSMsgType, web

from ..util.log_filter import LogFilter
from ..util.quoting import quoted
from .client_list import ClientHandle, ClientList
from .envelope import EnvelopeError, Request, parse, refusal
from .origins import Origins, is_loopback
from .permissions import Permissions

__all__ = ["WRONG_SECRET_S", "Handler", "Socket", "is_local"]

# It would log a line for each client that offers another sub-protocol than ours.
logging.getLogger("aiohttp.websocket").setLevel(logging.ERROR)

Handler: TypeAlias = Callable[[ClientHandle, Request], None]

MAX_FRAME = 1024 * 1024  # bytes
STRANGER_FRAME = 16 * 1024  # bytes, of a client that has shown no secret yet
SLOW_S = 0.01  # a client whose requests have taken longer waits as long as they took
HEARTBEAT_S = 40.0  # and half of it until the answer
STALLED_S = 30.0  # without taking a single frame
CLOSING_S = 2.0  # for the end that both sides agree on
STRANGER_S = 60.0  # until a secret that allows something
WRONG_SECRET_S = 0.5  # after each wrong secret, against guessing
PROXIES = ("Forwarded", "X-Forwarded-For", "X-Real-IP", "Via")  # headers of a request that comes from elsewhere


class Socket:
    """Hands each request to `handle`, with its client, which gets the capabilities of the request's secret.

    `handle` must not take long: all clients wait for it. It runs for the requests of one client in their order.
    """

    def __init__(self, clients: ClientList, handle: Handler, permissions: Permissions, origins: Origins) -> None:
        self._clients = clients
        self._handle = handle
        self._permissions = permissions
        self._origins = origins
        self._log_filter = LogFilter()

    @staticmethod
    def is_for(request: web.Request) -> bool:
        """Return whether this request asks for a WebSocket, not for a page."""
        return request.headers.get("Upgrade", "").strip().lower() == "websocket"

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        """Serve one client while it is connected; raises HTTPForbidden for other pages, HTTPServiceUnavailable when full."""
        self._check_origin(request)
        transport = request.transport
        if transport is None:
            raise web.HTTPBadRequest
        local = is_local(request)
        client = ClientHandle(
            remote=request.remote or "?",
            local=local,
            capabilities=self._permissions.of(None, local=local),
            abort=transport.abort,
        )
        if not self._clients.admit():
            text = f"editor at {client.remote} refused: there are {len(self._clients)} already"
            self._log_filter.log(logging.WARNING, text)
            raise web.HTTPServiceUnavailable(text="too many clients\n")
        # Without compression: a small frame must not become a large one here. Pings are answered in `_read`.
        socket = web.WebSocketResponse(
            protocols=("noflo",),
            max_msg_size=MAX_FRAME,
            compress=False,
            autoping=False,
            heartbeat=HEARTBEAT_S,
            timeout=CLOSING_S,
        )
        self._clients.add(client)
        try:
            await socket.prepare(request)
            await self._exchange(socket, client)
        finally:
            self._clients.remove(client)
            # The last frames may still be on their way; a client that reads nothing is not awaited.
            asyncio.get_running_loop().call_later(CLOSING_S, transport.abort)
        return socket

    def _check_origin(self, request: web.Request) -> None:
        origins = request.headers.getall("Origin", [])
        if len(origins) > 1 or not self._origins.allows(next(iter(origins), None), request.headers.get("Host")):
            text = f"a page of {quoted(', '.join(origins))} may not connect; it is none of the allowed origins"
            self._log_filter.log(logging.WARNING, text)
            raise web.HTTPForbidden(text="pages of this origin may not connect\n")

    async def _exchange(self, socket: web.WebSocketResponse, client: ClientHandle) -> None:
        writer = asyncio.create_task(_write(socket, client))
        try:
            await self._read(socket, client)
            if client.closed and not socket.closed:
                async with asyncio.timeout(CLOSING_S):
                    await writer
        except TimeoutError:
            pass
        finally:
            writer.cancel()
            await asyncio.gather(writer, return_exceptions=True)

    async def _read(self, socket: web.WebSocketResponse, client: ClientHandle) -> None:
        now = asyncio.get_running_loop().time
        spent = 0.0
        known_by = now() + STRANGER_S
        while not client.closed:
            if client.capabilities:
                known_by = now() + STRANGER_S
            try:
                async with asyncio.timeout_at(None if client.capabilities else known_by):
                    frame = await socket.receive()
            except TimeoutError:
                client.close(WSCloseCode.POLICY_VIOLATION, "no secret")
                break
            if frame.type not in (WSMsgType.TEXT, WSMsgType.BINARY, WSMsgType.PING, WSMsgType.PONG):
                break  # closed by the client, or for a frame that breaks the rules of WebSockets
            began = time.perf_counter()
            if frame.type is WSMsgType.PING:
                await socket.pong(frame.data)
            pause = self._take(client, frame)
            spent += time.perf_counter() - began
            if spent > SLOW_S:
                pause, spent = pause + spent, 0.0
            await asyncio.sleep(pause)  # at least one turn of the loop for all others

    def _take(self, client: ClientHandle, frame: WSMessage) -> float:
        """Act on a frame; return for how many seconds its client is not read then."""
        if frame.type is WSMsgType.BINARY:
            client.close(WSCloseCode.UNSUPPORTED_DATA, "text frames are needed")
        elif frame.type is not WSMsgType.TEXT:
            return 0.0
        elif not client.capabilities and len(frame.data) > STRANGER_FRAME:
            client.close(WSCloseCode.MESSAGE_TOO_BIG, "no secret")
        elif not self._answer(client, frame.data):
            return WRONG_SECRET_S
        return 0.0

    def _answer(self, client: ClientHandle, text: str) -> bool:
        """Answer a request; return whether its secret, if any, is a good one."""
        try:
            request = parse(text)
        except EnvelopeError as error:
            client.send(error.answer)
            return True
        good = request.secret is None
        if request.secret is not None and (capabilities := self._permissions.of(request.secret, local=client.local)):
            good = True
            self._clients.grant(client, capabilities)
        try:
            self._handle(client, request)
        except Exception as error:  # a fault of ours must not end the others' connections
            what = f"{request.protocol}:{request.command}"
            self._log_filter.log(logging.WARNING, f"{what} has failed: {type(error).__name__}", error)
            client.send(refusal(request, f"{what} has failed; the runtime's log has the details"))
        return good


def is_local(request: web.Request) -> bool:
    """Return whether a request comes from this machine, and not through a proxy here that adds a header."""
    return is_loopback(request.remote) and not any(name in request.headers for name in PROXIES)


async def _write(socket: web.WebSocketResponse, client: ClientHandle) -> None:
    """Send what is in the client's queue, in order; abort the connection when the client does not read."""
    try:
        while True:
            frame = await client.next_frame()
            async with asyncio.timeout(STALLED_S):
                if frame.code:
                    await socket.close(code=frame.code, message=frame.data)
                    return
                await socket.send_frame(frame.data, WSMsgType.TEXT)
    except TimeoutError:
        client.abort()
    except ConnectionError:
        return  # closed meanwhile
