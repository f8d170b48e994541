"""The forwarder on a real Mosquitto; a socket of our own where a broker has to be slow or hostile."""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import pytest
import uvloop

import certificates
from brokers import Broker as Mosquitto
from brokers import free_port
from msgflo.broker import Broker
from msgflo.errors import ConnectError
from msgflo.paho_transport import Transport
from msgflo_host.bindings import frames, link
from msgflo_host.bindings.forwarder import Forward, Forwarder
from msgflo_host.bindings.link import Link
from msgflo_host.bindings.routing import Lane
from msgflo_host.bindings.subscriber import Subscriber


def run(main: Callable[[], Awaitable[None]], loop: str = "uvloop") -> None:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop if loop == "uvloop" else None) as runner:
        runner.run(asyncio.wait_for(main(), 50))


async def until(condition: Callable[[], object], seconds: float = 30) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.005)


class Client:
    """Somebody else on the broker: publishes, and keeps what arrives."""

    def __init__(self, transport: Transport, received: list[tuple[str, bytes, bool]]) -> None:
        self.received = received
        self.publish = transport.publish
        self.subscribe = transport.subscribe
        self.transport = transport

    async def send(self, topic: str, *payloads: bytes, qos: int = 0) -> None:
        for payload in payloads:
            if not self.transport.ready:
                await self.transport.drain()
            self.publish(topic, payload, qos=qos)

    async def settle(self) -> None:
        """Wait until nothing is under way: what is published to the forwarder now comes last."""
        before = -1
        while before != len(self.received):
            before = len(self.received)
            await asyncio.sleep(0.2)


@asynccontextmanager
async def client(url: str, *topics: str, qos: int = 1) -> AsyncIterator[Client]:
    received: list[tuple[str, bytes, bool]] = []
    client.number += 1  # type: ignore[attr-defined]
    transport = Transport(
        Broker.parse(url),
        f"client-{client.number}",
        on_message=lambda *packet: received.append(packet),  # type: ignore[attr-defined]
    )
    await transport.connect()
    if topics:
        await transport.subscribe([(topic, qos) for topic in topics])
    try:
        yield Client(transport, received)
    finally:
        await transport.disconnect()


client.number = 0  # type: ignore[attr-defined]


@asynccontextmanager
async def forwarder(url: str, *forwards: Forward, name: str = "forwarder") -> AsyncIterator[Forwarder]:
    made = Forwarder(Broker.parse(url), client_id=name)
    await made.start()
    await until(lambda: made.stats().connected)
    await made.apply(forwards)
    try:
        yield made
    finally:
        await made.stop()


@asynccontextmanager
async def fake_broker(
    handle: Callable[[int, bytes, asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
) -> AsyncIterator[str]:
    """A broker that accepts everything, and hands each packet (first byte and content) to `handle` as well; its URL."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            first = 0
            while first != 0xE0:
                first, length = await reader.readexactly(2)
                if length > 127:
                    length = length - 128 + 128 * (await reader.readexactly(1))[0]
                body = await reader.readexactly(length)
                await handle(first, body, reader, writer)
                writer.write(
                    {
                        0x10: b"\x20\x02\0\0",
                        0x82: b"\x90\x03" + body[:2] + (b"\x80" if b"secret" in body else b"\x01"),
                        0xA2: b"\xb0\x02" + body[:2],
                        0xC0: b"\xd0\0",
                    }.get(first, b"")
                )
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"mqtt://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
@pytest.mark.parametrize("qos", [0, 1])
def test_payloads_arrive_byte_for_byte(broker: Mosquitto, loop: str, qos: int) -> None:
    payloads = [
        b"1.0",
        b'"\\u00e9"',
        b"\xff\xfe\x00 no UTF-8 \xc3",
        bytes(range(256)),
        b"",
        *(
            bytes(i % 251 for i in range(size))
            for size in (1, 100, 116, 117, 127, 128, 16_383, 16_384, 70_000, 2_100_000)
        ),
    ]

    async def main() -> None:
        async with client(broker.url, "t/é 😀") as other, forwarder(broker.url, Forward("s", "t/é 😀", qos)) as made:
            await other.send("s", *payloads, *reversed(payloads), qos=qos)
            await until(lambda: len(other.received) == 2 * len(payloads))
            assert [packet[1] for packet in other.received] == payloads + payloads[::-1]
            assert {(packet[0], packet[2]) for packet in other.received} == {("t/é 😀", False)}
            assert made.counts() == {Forward("s", "t/é 😀", qos): 2 * len(payloads)}

    run(main, loop)


def test_wildcards_and_overlapping_filters_bring_each_packet_once_to_each_target(broker: Mosquitto) -> None:
    forwards = [
        Forward("in/+", "x"),
        Forward("in/a", "x"),
        Forward("in/a", "y", 1, False),
        Forward("+/a", "y"),
        Forward("#", "z"),
        Forward("in/+/c", "w"),
    ]

    async def main() -> None:
        # `#` also matches what is forwarded: to its own target that would be a loop, which the plan refuses.
        safe = [forward for forward in forwards if forward.source != "#"]
        async with client(broker.url, "x", "y", "w") as other, forwarder(broker.url, *safe) as made:
            for qos in (0, 1):
                await other.send("in/a", b"1", qos=qos)
                await other.send("in/b", b"2", qos=qos)
                await other.send("in/b/c", b"3", qos=qos)
                await other.send("other/a", b"4", qos=qos)
            await until(lambda: len(other.received) >= 10)
            await other.settle()
            assert Counter(packet[:2] for packet in other.received) == {
                ("x", b"1"): 2,
                ("x", b"2"): 2,
                ("y", b"1"): 2,
                ("y", b"4"): 2,
                ("w", b"3"): 2,
            }
            assert made.counts()[Forward("in/a", "x")] == 2
            assert made.counts()[Forward("in/+", "x")] == 4

    run(main)


def test_removing_and_adding_a_forward_ten_times_brings_each_packet_once(broker: Mosquitto) -> None:
    async def main() -> None:
        async with client(broker.url, "t", "u") as other, forwarder(broker.url) as made:
            for _ in range(10):
                await made.apply({Forward("s", "t"), Forward("s", "u")})
                await made.apply({Forward("s", "u")})
            await made.apply({Forward("s", "t"), Forward("s", "u")})
            await other.send("s", b"1", b"2")
            await until(lambda: len(other.received) >= 4)
            await other.settle()
            assert sorted(packet[:2] for packet in other.received) == [(t, p) for t in "tu" for p in (b"1", b"2")]
            await made.apply(set())
            other.received.clear()
            await other.send("s", b"3", qos=1)
            await other.settle()
            assert other.received == []
            assert made.counts() == {}

    run(main)


def test_the_retain_flag_is_that_of_the_forward(broker: Mosquitto) -> None:
    async def main() -> None:
        async with client(broker.url) as other, forwarder(broker.url) as made:
            await made.apply(
                {Forward("s", f"t/{qos}/{retain}", qos, retain) for qos in (0, 1) for retain in (False, True)}
            )
            other.publish("s", b"latest", qos=1, retain=True)
            await until(lambda: sum(made.counts().values()) == 4)
            async with client(broker.url, "t/#") as late:
                await until(lambda: len(late.received) == 2)
                await late.settle()
                assert sorted(late.received) == [("t/0/True", b"latest", True), ("t/1/True", b"latest", True)]

    run(main)


@pytest.mark.parametrize("qos", [0, 1])
def test_a_forward_of_text_takes_the_quotes_from_texts_and_leaves_all_else_as_it_is(
    broker: Mosquitto, qos: int
) -> None:
    payloads = {
        b'"on"': b"on",
        b' "\\u00e9\\n\\"" ': 'é\n"'.encode(),
        b'""': b"",
        b"21.50": b"21.50",
        b"true": b"true",
        b'{"a": "b"}': b'{"a": "b"}',
        b"ON": b"ON",
        b'"half': b'"half',
        b'"\\ud800"': b'"\\ud800"',
        b'"\xff"': b'"\xff"',
    }

    async def main() -> None:
        async with client(broker.url, "t", "u") as other, forwarder(broker.url) as made:
            await made.apply({Forward("s", "t", qos, text=True), Forward("s", "u", qos)})
            for sent in (0, 1):  # with another quality it takes another way
                for payload in payloads:
                    await other.send("s", payload, qos=sent)
            await until(lambda: len(other.received) == 4 * len(payloads))
            for topic, expected in (("t", payloads.values()), ("u", payloads)):
                assert [packet[1] for packet in other.received if packet[0] == topic] == [*expected, *expected]

    run(main)


@pytest.mark.parametrize("qos", [0, 1])
def test_a_retained_packet_goes_to_new_forwards_and_only_to_them(broker: Mosquitto, qos: int) -> None:
    async def main() -> None:
        async with client(broker.url, "t", "u", "v") as other, forwarder(broker.url) as made:
            for topic in ("s/1", "s/2"):
                other.publish(topic, topic.encode(), qos=1, retain=True)
            await until(lambda: not other.transport.unacknowledged())
            await made.apply({Forward("s/1", "t", qos)})
            await until(lambda: len(other.received) == 1)
            await made.apply({Forward("s/1", "t", qos), Forward("s/1", "u", qos)})
            await until(lambda: len(other.received) == 2)
            await made.apply({Forward("s/1", "t", qos), Forward("s/1", "u", qos), Forward("s/+", "v", qos)})
            await until(lambda: len(other.received) == 4)
            await other.settle()
            assert sorted(packet[:2] for packet in other.received) == [
                ("t", b"s/1"),
                ("u", b"s/1"),
                ("v", b"s/1"),
                ("v", b"s/2"),
            ]

    run(main)


def test_watched_topics_are_counted_and_not_forwarded(broker: Mosquitto) -> None:
    async def main() -> None:
        async with client(broker.url, "#") as other, forwarder(broker.url, Forward("s", "t")) as made:
            await made.watch({"s", "w/+", "w/1"})
            await other.send("s", b"1")
            await other.send("w/1", b"1", b"2", qos=1)
            await until(lambda: made.watched() == {"s": 1, "w/+": 2, "w/1": 2})
            assert made.counts() == {Forward("s", "t"): 1}
            await made.watch({"w/1"})
            assert made.watched() == {"w/1": 2}
            await made.watch(set())
            await other.send("w/1", b"3")
            await until(lambda: len(other.received) >= 5)
            await other.settle()
            assert len(other.received) == 5
            assert made.watched() == {}

    run(main)


def test_a_burst_arrives_without_loss_and_in_order(broker: Mosquitto) -> None:
    async def main() -> None:
        count = 50_000
        async with client(broker.url, "t", qos=0) as other, forwarder(broker.url, Forward("s", "t")) as made:
            await other.send("s", *(b"%064d" % i for i in range(count)))
            await until(lambda: len(other.received) == count, 30)
            assert [packet[1] for packet in other.received] == [b"%064d" % i for i in range(count)]
            assert made.counts() == {Forward("s", "t"): count}

    run(main)


def test_after_a_restart_of_the_broker_everything_is_in_force_again(broker: Mosquitto) -> None:
    async def main() -> None:
        states: list[bool] = []
        made = Forwarder(
            Broker.parse(broker.url), client_id="f", on_state=lambda connected, reason: states.append(connected)
        )
        await made.start()
        await made.apply({Forward("s", "t"), Forward("gone", "t")})
        await until(lambda: made.stats().connected)
        for _ in range(2):
            await asyncio.to_thread(broker.kill)
            await until(lambda: not made.stats().connected)
            await made.apply({Forward("s", "t"), Forward("new/+", "t")})
            await asyncio.to_thread(broker.start)
            await until(lambda: made.stats().connected)
            async with client(broker.url, "t") as other:
                await other.send("gone", b"0")
                await other.send("s", b"1")
                await other.send("new/a", b"2")
                await until(lambda: len(other.received) == 2)
                assert sorted(packet[1] for packet in other.received) == [b"1", b"2"]
        await made.stop()
        # It may have tried again, and said why not, while there was no broker.
        assert [state for state, _ in itertools.groupby(states)] == [True, False, True, False, True, False]

    run(main)


def test_with_qos_1_nothing_is_lost_when_connections_break(broker: Mosquitto) -> None:
    count = 3000

    async def main() -> None:
        async with client(broker.url, "t") as other, forwarder(broker.url, Forward("s", "t", 1)) as made:

            async def breaks() -> None:
                for i in range(6):
                    await until(lambda i=i: len(other.received) > i * 400)
                    links, before = made._links(), made.stats().connections
                    links[i % len(links)].abort("broken by the test")
                    await until(lambda before=before: made.stats().connections > before)

            breaking = asyncio.create_task(breaks())
            for i in range(count):
                await other.send("s", b"%d" % i, qos=1)
                if i % 10 == 0:
                    await asyncio.sleep(0.001)
            await until(lambda: len({packet[1] for packet in other.received}) == count, 30)
            await breaking
            assert made.stats().connections > 3
            await until(lambda: not made.stats().unconfirmed)

    run(main)


def test_with_qos_1_a_restart_of_the_broker_loses_nothing() -> None:
    count = 300

    async def main() -> None:
        # The sender repeats what the broker has not confirmed, as the participant library does.
        async with forwarder(broker.url, Forward("s", "t", 1)) as made:
            receiver = Forwarder(Broker.parse(broker.url), client_id="receiver")
            await receiver.start()
            await until(lambda: receiver.stats().connected)
            await receiver.apply({Forward("t", "end", 1)})
            sent = 0
            restarts = 0
            while sent < count:
                async with client(broker.url) as source:
                    try:
                        for i in range(sent, count):
                            source.publish("s", b"%d" % i, qos=1)
                            await until(lambda: not source.transport.unacknowledged())
                            sent = i + 1
                            if sent % 100 == 50:
                                restarts += 1
                                await asyncio.to_thread(broker.restart)
                    except (ConnectError, TimeoutError):
                        pass
                    await asyncio.sleep(0.1)
            await until(lambda: receiver.counts()[Forward("t", "end", 1)] >= count, 20)
            assert restarts == 3
            assert made.stats().connections == 4
            await until(lambda: not made.stats().unconfirmed)
            await receiver.stop()

    with Mosquitto(extra="autosave_on_changes true\nautosave_interval 1") as broker:
        run(main)


def test_a_source_is_confirmed_only_after_its_copies() -> None:
    async def main() -> None:
        release = asyncio.Event()
        log: list[str] = []

        async def handle(first: int, body: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            if first == 0x82 and b"\0\x01s" in body:
                writer.write(b"\x32\x07\0\x01s\0\x05hi")
            elif first == 0x32:
                log.append("copy")
                await release.wait()
                writer.write(b"\x40\x02" + body[3:5])
            elif first == 0x40:
                log.append(f"confirmed {int.from_bytes(body, 'big')}")

        async with fake_broker(handle) as url, forwarder(url, Forward("s", "t", 1)) as made:
            await until(lambda: log == ["copy"])
            await asyncio.sleep(0.1)
            assert log == ["copy"]
            assert made.stats().unconfirmed == 1
            release.set()
            await until(lambda: log == ["copy", "confirmed 5"])

    run(main)


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_a_slow_broker_is_not_flooded_and_nothing_is_lost(monkeypatch: pytest.MonkeyPatch, loop: str) -> None:
    monkeypatch.setattr(link, "_WRITE_HIGH", 20_000)
    monkeypatch.setattr(link, "_WRITE_LOW", 5000)
    count = 40_000
    head, sent_head = b"\x30\x80\x08\0\x01s", b"\x30\x80\x08\0\x01t"

    async def main() -> None:
        read = asyncio.Event()
        pushed = 0
        copies = bytearray()
        pushing: list[asyncio.Task[None]] = []

        async def push(writer: asyncio.StreamWriter) -> None:
            nonlocal pushed
            for i in range(count):
                writer.write(head + b"%01021d" % i)
                await writer.drain()
                pushed = i + 1

        async def handle(first: int, body: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            if first == 0x82 and b"\0\x01s" in body:
                pushing.append(asyncio.create_task(push(writer)))
            elif first == 0x30:  # the first copy: from here on, all is copies
                copies.extend(sent_head + body[3:])
                await read.wait()
                while data := await reader.read(1 << 16):
                    copies.extend(data)

        async with fake_broker(handle) as url, forwarder(url, Forward("s", "t")) as made:
            before = -1
            while before != pushed:  # until it takes no more
                before = pushed
                await asyncio.sleep(0.3)
            outlet = made._outlet.link
            assert outlet is not None
            assert outlet._transport is not None
            assert 0 < pushed < count
            assert outlet._transport.get_write_buffer_size() < 2_000_000
            read.set()
            await until(lambda: len(copies) >= count * 1027, 30)
            numbers = [int(part) for part in bytes(copies).replace(b"\xc0\0", b"").split(sent_head)[1:]]
            assert numbers == list(range(count))

    run(main, loop)


def test_a_packet_that_is_too_large_is_passed_over_and_said(
    broker: Mosquitto, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(link, "LARGEST_PACKET", 200_000)
    monkeypatch.setattr("msgflo_host.bindings.forwarder.LARGEST_PACKET", 200_000)

    async def main() -> None:
        async with client(broker.url, "t") as other, forwarder(broker.url, Forward("s", "t", 1)) as made:
            for qos in (0, 1):
                await other.send("s", b"before", bytes(1_000_000), b"after", qos=qos)
            await until(lambda: len(other.received) == 4)
            assert [packet[1] for packet in other.received] == [b"before", b"after"] * 2
            assert made.stats().passed_over == 2
            assert made.stats().connections == 1
        assert "'s' was not forwarded: more than 200000 bytes" in caplog.text

    with caplog.at_level(logging.WARNING):
        run(main)


def test_malformed_packets_end_the_connection_with_a_reason_and_it_is_tried_again() -> None:
    async def main() -> None:
        answers = [
            b"\x20\x02\0\0\x30\xff\xff\xff\xff\x01",
            b"\x20\x02\0\0\x30\x03\0\x09a",
            b"\x20\x02\0\0\x00\x00",
            b"\x20\x02\0\0\x20\x02\0\0",
            b"\x20\x02\0\x05",
            b"",
        ]
        expected = ["four bytes", "longer than", "first byte is 0x00", "second CONNACK", "not authorised", "closed"]

        async def hostile(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read(100)
            writer.write(answers.pop(0) if answers else b"")
            await writer.drain()
            writer.close()

        server = await asyncio.start_server(hostile, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        reasons: list[str] = []
        made = Forwarder(
            Broker.parse(f"mqtt://127.0.0.1:{port}"), client_id="f", on_state=lambda _, reason: reasons.append(reason)
        )
        await made.start()
        await until(lambda: len(reasons) >= len(expected))
        assert [part in reason for part, reason in zip(expected, reasons, strict=False)] == [True] * len(expected), (
            reasons
        )
        await made.stop()
        server.close()

    run(main)


def test_an_absent_broker_is_reported_once_and_found_when_it_comes() -> None:
    async def main() -> None:
        port = free_port()
        states: list[tuple[bool, str]] = []
        made = Forwarder(
            Broker.parse(f"mqtt://127.0.0.1:{port}"), client_id="f", on_state=lambda *state: states.append(state)
        )
        await made.start()
        await made.apply({Forward("s", "t")})
        await until(lambda: states)
        await asyncio.sleep(0.5)
        assert len(states) == 1
        assert "refused" in states[0][1]
        broker = Mosquitto(port=port)
        await asyncio.to_thread(broker.start)
        await until(lambda: made.stats().connected)
        async with client(broker.url, "t") as other:
            await other.send("s", b"1")
            await until(lambda: other.received)
        await made.stop()
        await asyncio.to_thread(broker.__exit__)

    run(main)


def test_a_refused_subscription_is_named(caplog: pytest.LogCaptureFixture) -> None:
    async def ignore(first: int, body: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        pass

    async def main() -> None:
        async with fake_broker(ignore) as url, forwarder(url, Forward("secret", "t")) as made:
            assert made.refused == {"secret"}
            await made.apply({Forward("open", "t"), Forward("secret", "t")})
            assert made.refused == {"secret"}
            await made.apply({Forward("open", "t")})
            assert made.refused == frozenset()

    with caplog.at_level(logging.WARNING):
        run(main)
    assert caplog.text.count("'secret'") == 1


def test_a_broker_that_refuses_by_ending_the_connection_stops_only_what_it_refuses() -> None:
    bad = {"s/17", "s/1000", "s/+/x"}
    forwards = {Forward(f"s/{i}", "t") for i in range(1500)} | {Forward("s/+/x", "t")}

    async def main() -> None:
        async def handle(first: int, body: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            if first == 0x82 and any(frames.text(topic) in body for topic in bad):
                raise ConnectionError

        async with fake_broker(handle) as url, forwarder(url) as made:
            await made.apply(forwards)
            await until(lambda: made.refused == bad and made.stats().connected, 40)
            (lane,) = made._router.lanes
            assert set(lane.in_broker) == {forward.source for forward in forwards} - bad
            await made.apply({Forward("s/1", "t")})
            assert made.refused == frozenset()

    run(main)


def test_it_forwards_over_tls_with_an_account() -> None:
    with Mosquitto(tls=certificates.server(), users={"ada": "p@ss"}) as broker:

        async def main() -> None:
            url = f"{broker.url.replace('mqtts://', 'mqtts://ada:p%40ss@')}?cafile={certificates.authority()}"
            async with client(url, "t") as other, forwarder(url, Forward("s", "t")):
                payloads = [b"%d" % i for i in range(20_000)] + [bytes(3_000_000)]
                await other.send("s", *payloads)
                await until(lambda: len(other.received) == len(payloads), 30)
                assert [packet[1] for packet in other.received] == payloads

        run(main)


def test_what_the_broker_drops_is_counted_and_said(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        async with forwarder(broker.url) as made:
            await until(lambda: made.stats().dropped_by_broker == 0)
            # A session of somebody who is away, with room for ten packets.
            reader, writer = await asyncio.open_connection("127.0.0.1", broker.port)
            writer.write(b"\x10\x10\0\x04MQTT\x04\0\0\x3c\0\x04away\x82\x06\0\x01\0\x01q\x01")
            await reader.readexactly(4 + 5)
            writer.close()
            async with client(broker.url) as other:
                await other.send("q", *(b"%d" % i for i in range(100)), qos=1)
            await until(lambda: (made.stats().dropped_by_broker or 0) >= 50)
            assert (made.stats().dropped_by_broker or 0) <= 100

    with caplog.at_level(logging.WARNING), Mosquitto(extra="max_queued_messages 10\nsys_interval 1") as broker:
        broker.stop()
        configuration = broker.folder / "mosquitto.conf"
        configuration.write_text(configuration.read_text().replace("max_queued_messages 100000\n", ""))
        broker.start()
        run(main)
    assert "the broker has dropped" in caplog.text


def test_stopping_leaves_nothing_in_the_broker_nor_in_the_loop(broker: Mosquitto) -> None:
    async def main() -> None:
        async with forwarder(broker.url, Forward("a/+", "t", 1), Forward("+/b", "t", 1)) as made:
            assert len(made._links()) == 3
        assert len(asyncio.all_tasks()) <= 2
        async with client(broker.url, "$SYS/broker/clients/total", "$SYS/broker/subscriptions/count") as other:
            await until(lambda: len(other.received) >= 2)

    run(main)
    # Sessions are listed when the broker saves them.
    broker.stop()
    assert b"forwarder" not in (broker.folder / "mosquitto.db").read_bytes()


def test_what_a_killed_forwarder_left_in_the_broker_is_cleared_by_the_next(broker: Mosquitto) -> None:
    async def main() -> None:
        killed = Forwarder(Broker.parse(broker.url), client_id="forwarder")
        await killed.start()
        await until(lambda: killed.stats().connected)
        await killed.apply({Forward("old", "t", 1)})
        assert killed._task is not None
        killed._task.cancel()
        killed._disconnect("killed")
        async with client(broker.url, "t") as other:
            await other.send("old", b"while nobody is there", qos=1)
            async with forwarder(broker.url, Forward("new", "t", 1)):
                await other.send("old", b"1", qos=1)
                await other.send("new", b"2", qos=1)
                await until(lambda: other.received)
                await other.settle()
                assert [packet[1] for packet in other.received] == [b"2"]

    run(main)


def test_many_forwards_are_brought_in_force_at_once(broker: Mosquitto) -> None:
    async def main() -> None:
        forwards = {Forward(f"s/{i}", f"t/{i % 10}") for i in range(5000)}
        async with client(broker.url, "t/#") as other, forwarder(broker.url, *forwards):
            for i in range(0, 5000, 100):
                await other.send(f"s/{i}", b"%d" % i)
            await until(lambda: len(other.received) == 50)

    run(main)


def test_a_fault_of_the_program_ends_a_connection_and_not_all_forwarding(
    broker: Mosquitto, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    bring_in_force, faults = Subscriber.bring_in_force, [KeyError("of the test")] * 2

    async def failing(subscriber: Subscriber, lane: Lane, link: Link) -> None:
        if faults:
            raise faults.pop()
        await bring_in_force(subscriber, lane, link)

    async def main() -> None:
        monkeypatch.setattr(Subscriber, "bring_in_force", failing)
        made = Forwarder(Broker.parse(broker.url), client_id="forwarder")
        await made.apply([Forward("s", "t")])
        await made.start()
        await until(lambda: made.stats().connected)
        async with client(broker.url, "t") as other:
            await other.send("s", b"1")
            await until(lambda: [payload for _, payload, _ in other.received] == [b"1"])
        await made.stop()

    with caplog.at_level(logging.ERROR):
        run(main)
    assert caplog.text.count("the forwarder has failed") == 1
    assert "in failing" in caplog.text
