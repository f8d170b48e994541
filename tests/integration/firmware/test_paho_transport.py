"""The transport on CPython against a real Mosquitto; sockets of our own where a broker has to misbehave."""

from __future__ import annotations

import asyncio
import gc
import threading
import weakref
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

import certificates
from brokers import Broker as Mosquitto
from msgflo.broker import Broker
from msgflo.errors import ConnectError
from msgflo.paho_transport import Transport

try:
    import uvloop
except ImportError:
    uvloop = None

pytestmark = pytest.mark.asyncio_loop
LOOPS = ["asyncio", pytest.param("uvloop", marks=pytest.mark.skipif(uvloop is None, reason="uvloop is not installed"))]


def run(main: Callable[[], Awaitable[None]], loop: str = "asyncio") -> None:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop if loop == "uvloop" else None) as runner:
        runner.run(asyncio.wait_for(main(), 50))


class Inbox:
    """What a transport has received; `await inbox.get()` waits for the next."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[tuple[str, bytes, bool]] = asyncio.Queue()

    def __call__(self, topic: str, payload: bytes, retained: bool) -> None:
        self._queue.put_nowait((topic, payload, retained))

    async def get(self) -> tuple[str, bytes, bool]:
        return await asyncio.wait_for(self._queue.get(), 20)

    def empty(self) -> bool:
        return self._queue.empty()


def transport(url: str, client_id: str = "test", inbox: Inbox | None = None, **options: object) -> Transport:
    return Transport(Broker.parse(url), client_id, on_message=inbox or Inbox(), **options)


@asynccontextmanager
async def fake_broker(
    serve: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
) -> AsyncIterator[int]:
    """A server that handles each connection as a test says; gives its port."""
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


async def connected(url: str, client_id: str = "test", inbox: Inbox | None = None, **options: object) -> Transport:
    made = transport(url, client_id, inbox, **options)
    await made.connect()
    return made


@pytest.mark.parametrize("loop", LOOPS)
def test_packets_of_all_sizes_and_both_qualities_arrive_unchanged_and_in_order(broker: Mosquitto, loop: str) -> None:
    sizes = [0, 1, 100, 126, 127, 128, 129, 16_383, 16_384, 70_000, 2_100_000]

    async def main() -> None:
        inbox = Inbox()
        link = await connected(broker.url, "sizes", inbox)
        await link.subscribe([("sizes/#", 1)])
        for qos in (0, 1):
            for size in sizes:
                link.publish("sizes/é/😀", bytes(i % 251 for i in range(size)), qos=qos)
        for size in sizes * 2:
            topic, payload, retained = await inbox.get()
            assert (topic, len(payload), retained) == ("sizes/é/😀", size, False)
            assert payload == bytes(i % 251 for i in range(size))
            assert type(payload) is bytes
        await link.disconnect()

    run(main, loop)


@pytest.mark.parametrize("lacking", ["max_qos 0", "retain_available false"])
async def test_a_broker_that_cannot_keep_the_last_will_is_asked_whether_it_can(lacking: str) -> None:
    with Mosquitto(extra=lacking) as broker:
        await (await connected(broker.url)).disconnect()
        link = transport(broker.url)
        with pytest.raises(ConnectError, match=r"closed the connection without an answer \(.*last will with QoS 1"):
            await link.connect(("fbp/connection/test", b"lost"))


async def test_a_broker_that_never_answers_does_not_block_the_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("msgflo.paho_transport._CONNECT_SECONDS", 0.3)
    happened: list[str] = []

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        happened.append("the loop went on")
        await reader.read()
        writer.close()

    async with fake_broker(silent) as port:
        for url in (f"mqtt://127.0.0.1:{port}", f"mqtts://127.0.0.1:{port}"):
            with pytest.raises(ConnectError, match="no answer"):
                await transport(url).connect()
            happened.append("given up")
        assert happened == ["the loop went on", "given up"] * 2


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (b"\x20\x02\x00\x00\x30\xff\xff\xff\xff\x01", "more than 4 bytes"),
        (b"\x20\x02\x00\x00\x30\x04\x00\x09ab", "longer than its packet"),
        (b"\x20\x02\x00\x00\x30\x00", "longer than its packet"),
        (b"\x20\x02\x00\x00\x30\x04\x00\x01\xff1", "not UTF-8"),
        (b"\x20\x02\x00\x00\x32\x06\x00\x01\xff\x00\x011", "not UTF-8"),
        (b"\x20\x02\x00\x00\xf0\x00", "malformed packet"),
        (b"\x20\x02\x00\x00\x90\x01\x00", "malformed packet"),
        (b"\x20\x02\x00\x00", "closed the connection"),
    ],
)
async def test_malformed_packets_end_the_connection_with_a_reason(answer: bytes, reason: str) -> None:
    async def hostile(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(answer)
        writer.close()

    async with fake_broker(hostile) as port:
        link = transport(f"mqtt://127.0.0.1:{port}")
        await link.connect()
        assert reason in await asyncio.wait_for(link.closed(), 20)
        with pytest.raises(ConnectError, match=reason):
            link.publish("a", b"")


async def test_a_slow_broker_is_waited_for() -> None:
    read = asyncio.Event()

    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"\x20\x02\x00\x00")
        await read.wait()
        while await reader.read(1 << 20):
            pass
        writer.close()

    async with fake_broker(slow) as port:
        link = await connected(f"mqtt://127.0.0.1:{port}")
        sent = 0
        for _ in range(10_000):
            if not link.ready:
                try:
                    await asyncio.wait_for(link.drain(), 0.2)
                except TimeoutError:
                    break
            link.publish("slow", b"x" * 10_000)
            sent += 1
        assert 0 < sent < 10_000
        read.set()
        await asyncio.wait_for(link.drain(), 20)
        await link.disconnect()


async def test_waiting_to_send_ends_with_the_connection() -> None:
    full = asyncio.Event()

    async def leaves(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"\x20\x02\x00\x00")
        await full.wait()
        writer.transport.abort()

    async with fake_broker(leaves) as port:
        link = await connected(f"mqtt://127.0.0.1:{port}")
        link.publish("big", bytes(50_000_000))
        assert not link.ready
        full.set()
        with pytest.raises(ConnectError):
            await asyncio.wait_for(link.drain(), 20)
        with pytest.raises(ConnectError):
            await link.subscribe([("a", 0)])
        await link.disconnect()


@pytest.mark.parametrize("loop", LOOPS)
def test_nothing_is_left_running_after_the_end(broker: Mosquitto, loop: str) -> None:
    async def main() -> None:
        threads = set(threading.enumerate())
        link = await connected(broker.url)
        link.publish("a", b"1", qos=1)
        await link.disconnect()
        await link.disconnect()
        assert await link.closed() == "disconnected"
        again = await connected(broker.url)
        broker.restart()
        assert "closed" in await asyncio.wait_for(again.closed(), 20)
        await again.connect()
        await again.disconnect()
        assert set(threading.enumerate()) <= threads
        assert len(asyncio.all_tasks()) <= 2
        gone = weakref.ref(link)
        del link
        gc.collect()
        assert gone() is None

    run(main, loop)


@pytest.mark.parametrize("loop", LOOPS)
def test_without_a_file_those_authorities_count_that_the_machine_knows(loop: str) -> None:
    with Mosquitto(tls=certificates.server()) as broker:

        async def main() -> None:
            inbox = Inbox()
            link = await connected(f"{broker.url}?cafile={certificates.authority()}", "tls", inbox)
            await link.subscribe([("t", 0)])
            payload = bytes(range(256)) * 2000
            link.publish("t", payload)
            assert await inbox.get() == ("t", payload, False)
            await link.disconnect()
            for url, reason in ((broker.url, "unknown CA"), (broker.url.replace("mqtts", "mqtt"), "closed")):
                with pytest.raises(ConnectError, match=reason):
                    await transport(url).connect()

        run(main, loop)
