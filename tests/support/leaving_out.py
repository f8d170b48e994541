"""Stands between MQTT clients and a broker, and leaves out or delays retained messages, as other brokers than Mosquitto do."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress

from brokers import Broker

PUBLISH, SUBSCRIBE = 3, 8  # the upper half of a first byte
LATE_S = 0.05


@contextmanager
def leaving_out(broker: Broker, *, wildcards: bool = True, exact: bool = False, late: bool = False) -> Iterator[str]:
    """Yield the address of a broker that sends no retained messages to filters with wildcards, or to exact topics, or
    sends them `late`, after its answer.
    """
    started: Future[tuple[int, asyncio.AbstractEventLoop]] = Future()
    proxy = _Proxy(broker.port, wildcards, exact, late)
    thread = threading.Thread(target=lambda: asyncio.run(proxy.run(started)), daemon=True)
    thread.start()
    port, loop = started.result(20)
    try:
        yield f"mqtt://127.0.0.1:{port}"
    finally:
        loop.call_soon_threadsafe(proxy.end.set)
        thread.join(20)


class _Proxy:
    def __init__(self, port: int, wildcards: bool, exact: bool, late: bool) -> None:
        self.end = asyncio.Event()
        self._port = port
        self._wildcards, self._exact, self._late = wildcards, exact, late

    async def run(self, started: Future[tuple[int, asyncio.AbstractEventLoop]]) -> None:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        started.set_result((server.sockets[0].getsockname()[1], asyncio.get_running_loop()))
        await self.end.wait()

    async def _serve(self, client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        broker, to_broker = await asyncio.open_connection("127.0.0.1", self._port)
        asked: set[bytes] = set()
        ways = [
            asyncio.create_task(self._pass_on(client, to_broker, asked, from_broker=False)),
            asyncio.create_task(self._pass_on(broker, to_client, asked, from_broker=True)),
        ]
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for writer in (to_broker, to_client):
            writer.close()

    async def _pass_on(
        self, source: asyncio.StreamReader, to: asyncio.StreamWriter, asked: set[bytes], *, from_broker: bool
    ) -> None:
        with suppress(EOFError, ConnectionError):
            while True:
                head, body = await _packet(source)
                kind, is_retained = head[0] >> 4, head[0] & 1
                if kind == SUBSCRIBE:
                    asked |= _filters(body)
                topic = body[2 : 2 + int.from_bytes(body[:2], "big")]
                if not from_broker or kind != PUBLISH or not is_retained:
                    to.write(head + body)
                elif not (self._exact if topic in asked else self._wildcards):
                    asyncio.get_running_loop().call_later(LATE_S if self._late else 0, to.write, head + body)


async def _packet(source: asyncio.StreamReader) -> tuple[bytes, bytes]:
    """Read one packet: its first byte and length as they came, and its content."""
    head = await source.readexactly(2)
    while head[-1] > 127:
        head += await source.readexactly(1)
    length = sum((byte & 127) << 7 * i for i, byte in enumerate(head[1:]))
    return head, await source.readexactly(length)


def _filters(body: bytes) -> set[bytes]:
    """The filters of a SUBSCRIBE."""
    found, at = set(), 2
    while at < len(body):
        end = at + 2 + int.from_bytes(body[at : at + 2], "big")
        found.add(body[at + 2 : end])
        at = end + 1
    return found
