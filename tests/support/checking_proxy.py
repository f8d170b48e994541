"""Stands between a client and the runtime, and checks each frame that the runtime sends: for clients that do not check."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager

import aiohttp
from aiohttp import web

from fbp_schemas import check_frame

SUBPROTOCOLS = ("noflo",)


@contextmanager
def checked(address: str) -> Iterator[str]:
    """Pass everything on to the runtime at `address`, a ws:// URL; yields the address to use.

    At the end, AssertionError if a frame of the runtime broke the schemas of npm's fbp-protocol, or if there was none.
    """
    proxy = _Proxy(address)
    started: Future[str] = Future()
    thread = threading.Thread(target=lambda: asyncio.run(proxy.run(started)), daemon=True)
    thread.start()
    try:
        yield started.result(20)
    finally:
        proxy.stop()
        thread.join(20)
    assert not proxy.wrong, "\n".join(proxy.wrong[:10])
    assert proxy.count, "the runtime has sent nothing"


class _Proxy:
    def __init__(self, address: str) -> None:
        self.wrong: list[str] = []
        self.count = 0
        self._address = address
        self._loop: asyncio.AbstractEventLoop | None = None
        self._end = asyncio.Event()

    async def run(self, started: Future[str]) -> None:
        self._loop = asyncio.get_running_loop()
        application = web.Application()
        application.router.add_get("/", self._serve)
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        started.set_result(f"ws://127.0.0.1:{runner.addresses[0][1]}/")
        await self._end.wait()
        await runner.cleanup()

    def stop(self) -> None:
        assert self._loop is not None
        self._loop.call_soon_threadsafe(self._end.set)

    async def _serve(self, request: web.Request) -> web.WebSocketResponse:
        client = web.WebSocketResponse(protocols=SUBPROTOCOLS, max_msg_size=0)
        await client.prepare(request)
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(self._address, protocols=SUBPROTOCOLS, max_msg_size=0) as runtime,
        ):
            ways = [asyncio.create_task(_pass_on(client, runtime)), asyncio.create_task(self._check(runtime, client))]
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            for way in ways:
                way.cancel()
        await client.close()
        return client

    async def _check(self, runtime: aiohttp.ClientWebSocketResponse, client: web.WebSocketResponse) -> None:
        async for received in runtime:
            self.count += 1
            try:
                check_frame(received.data)
            except AssertionError as error:
                self.wrong.append(f"{error} in {received.data[:300]}")
            await client.send_str(received.data)


async def _pass_on(client: web.WebSocketResponse, runtime: aiohttp.ClientWebSocketResponse) -> None:
    async for received in client:
        await runtime.send_str(received.data)
