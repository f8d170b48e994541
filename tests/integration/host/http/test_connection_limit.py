"""Many connections to the HTTP port that ask for nothing."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
from aiohttp import web

from event_loop import until
from msgflo_host.http.connection_limit import ConnectionLimit


class Page:
    """A server with a page and a WebSocket that repeats what it is told."""

    def __init__(self, port: int, server: web.Server) -> None:
        self.port = port
        self.server = server
        self.url = f"http://127.0.0.1:{port}/"

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", self.port)


async def echo(request: web.Request) -> web.WebSocketResponse:
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    async for message in socket:
        await socket.send_str(message.data)
    return socket


async def page(request: web.Request) -> web.Response:
    return web.Response(text="here")


@asynccontextmanager
async def serving(limit: ConnectionLimit) -> AsyncIterator[Page]:
    @web.middleware
    async def note(request: web.Request, handler: web.RequestHandler) -> web.StreamResponse:
        return await limit.note(request, handler)

    application = web.Application(middlewares=[note])
    application.router.add_get("/", page)
    application.router.add_get("/echo", echo)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, backlog=2048).start()
    assert runner.server is not None
    task = asyncio.create_task(limit.run(runner.server))
    try:
        yield Page(runner.addresses[0][1], runner.server)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await runner.cleanup()


async def test_connections_that_ask_for_nothing_are_closed_and_others_are_not() -> None:
    async with (
        serving(ConnectionLimit(idle=1.0)) as page,
        aiohttp.ClientSession() as session,
        session.ws_connect(page.url + "echo") as socket,
    ):
        reader, writer = await page.connect()
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ")
        assert await reader.read() == b""  # closed, without a word
        writer.close()
        await until(lambda: len(page.server.connections) == 1)
        await socket.send_str("still here")
        assert (await socket.receive()).data == "still here"


def test_more_files_can_be_open() -> None:
    program = (
        "import resource as r; from msgflo_host.http.connection_limit import raise_file_limit as more\n"
        "r.setrlimit(r.RLIMIT_NOFILE, (256, 4000)); more(); print(r.getrlimit(r.RLIMIT_NOFILE))\n"
        "r.setrlimit(r.RLIMIT_NOFILE, (3999, 4000)); more(); print(r.getrlimit(r.RLIMIT_NOFILE))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30)
    assert done.stdout.splitlines() == ["(4000, 4000)", "(4000, 4000)"], done.stderr
