"""A socket of the FBP protocol by itself, on 127.0.0.1, and those who connect to it, well-behaved and raw."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any

import aiohttp
from aiohttp import web

from event_loop import run_within
from fbp_schemas import check_frame
from msgflo_host.fbp.client_list import ClientHandle, ClientList
from msgflo_host.fbp.envelope import Request, message, refusal
from msgflo_host.fbp.origins import Origins
from msgflo_host.fbp.permissions import READY_MADE, Permissions, may
from msgflo_host.fbp.websocket import Socket

PATIENCE_S = 30
SECRET = "correct-horse-battery"
VIEWER = "only-looks-and-sees"
AFAR = {"X-Forwarded-For": "203.0.113.7"}  # what makes a client one of another machine


def run(main: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run a test in the event loop of the coordinator, for as long as a slow machine may need."""
    run_within(PATIENCE_S, main)


class Served:
    """A running socket. Its handler answers each permitted request with its own payload, `fail` with an exception."""

    def __init__(self, clients: ClientList, permissions: Permissions, session: aiohttp.ClientSession) -> None:
        self.clients = clients
        self.permissions = permissions
        self.requests: list[Request] = []
        self.session = session
        self.port = 0
        self.answer: Callable[[ClientHandle, Request], None] = self.handle

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/"

    def handle(self, client: ClientHandle, request: Request) -> None:
        self.requests.append(request)
        if request.command == "fail":
            raise ZeroDivisionError("of the test")
        capabilities = self.permissions.of(request.secret, local=client.local)
        if request.protocol == "runtime" or may(capabilities, request.protocol, request.command):
            client.send(message(request.protocol, request.command, request.payload, request.id))
        else:
            client.send(refusal(request, f"{request.protocol}:{request.command} is not permitted"))

    async def connect(self, **options: Any) -> aiohttp.ClientWebSocketResponse:
        return await self.session.ws_connect(self.url, max_msg_size=0, **options)

    async def raw(self, headers: str = "") -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A WebSocket on which a test writes its own bytes."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(
            f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n{headers}\r\n".encode()
        )
        assert b" 101 " in await reader.readuntil(b"\r\n\r\n")
        return reader, writer


@asynccontextmanager
async def served(clients: ClientList | None = None, *, origins: tuple[str, ...] = ()) -> AsyncIterator[Served]:
    clients = ClientList() if clients is None else clients
    permissions = Permissions({SECRET: READY_MADE["programmer"], VIEWER: READY_MADE["viewer"]})
    async with aiohttp.ClientSession() as session:
        server = Served(clients, permissions, session)
        own = Origins(origins, ("pi.local", "127.0.0.1"))
        socket = Socket(clients, lambda client, request: server.answer(client, request), permissions, own)
        application = web.Application()
        application.router.add_get("/", socket.serve)
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0, backlog=2048)
        await site.start()
        server.port = runner.addresses[0][1]
        try:
            yield server
        finally:
            await runner.cleanup()


def asking(protocol: str = "runtime", command: str = "getruntime", **more: Any) -> str:
    return json.dumps({"protocol": protocol, "command": command, "payload": {}, **more})


async def told(socket: aiohttp.ClientWebSocketResponse) -> dict[str, Any]:
    """The next message; what is an error keeps to the schema."""
    received = await socket.receive()
    assert received.type is aiohttp.WSMsgType.TEXT, received
    answer: dict[str, Any] = json.loads(received.data)
    if answer["command"] == "error":
        check_frame(answer)
    return answer


async def ask(socket: aiohttp.ClientWebSocketResponse, *words: str, **more: Any) -> dict[str, Any]:
    await socket.send_str(asking(*words, **more))
    return await told(socket)


async def close_code(socket: aiohttp.ClientWebSocketResponse) -> int | None:
    """Read to the end of the connection, and tell how it ended."""
    async for _ in socket:
        pass
    return socket.close_code


async def drained(reader: asyncio.StreamReader) -> bytes:
    """Read a raw connection to its end."""
    everything = bytearray()
    with suppress(ConnectionError):
        while part := await reader.read(65536):
            everything += part
    return bytes(everything)


def frame(data: bytes, *, opcode: int = 1, first: int = 0x80, length: int | None = None) -> bytes:
    """A masked frame; `length` may be another one than that of its data."""
    size = len(data) if length is None else length
    mask = b"mask"
    head = bytes([first | opcode])
    head += bytes([0x80 | size]) if size < 126 else (
        b"\xfe" + size.to_bytes(2, "big") if size < 65536 else b"\xff" + size.to_bytes(8, "big")
    )  # fmt: skip
    return head + mask + bytes(byte ^ mask[i % 4] for i, byte in enumerate(data))
