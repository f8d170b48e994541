"""The forwarder on a real Mosquitto; a socket of our own where a broker has to be slow or hostile."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import pytest

import certificates
from brokers import Broker as Mosquitto
from event_loop import until
from forwarding import LIST, client, forwarder
from msgflo.broker import Broker
from msgflo.errors import ConnectError
from msgflo.paho_transport import Transport
from msgflo_host.dataplane import forwarder as module
from msgflo_host.dataplane import mqtt_link
from msgflo_host.wire import frames
from msgflo_host.wire.forward_list import Forward, ForwardList, write_list


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


@pytest.mark.parametrize("qos", [0, 1])
async def test_payloads_arrive_byte_for_byte(broker: Mosquitto, qos: int) -> None:
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
    async with client(broker.url, "t/é 😀") as other, forwarder(broker.url, Forward("s", "t/é 😀", qos)):
        await other.send("s", *payloads, *reversed(payloads), qos=qos)
        await until(lambda: len(other.received) == 2 * len(payloads))
        assert [packet[1] for packet in other.received] == payloads + payloads[::-1]
        assert {(packet[0], packet[2]) for packet in other.received} == {("t/é 😀", False)}


@pytest.mark.parametrize("qos", [0, 1])
async def test_a_retained_packet_goes_to_new_forwards_and_only_to_them(broker: Mosquitto, qos: int) -> None:
    async with client(broker.url, "t", "u", "v") as other, forwarder(broker.url) as made:
        for topic in ("s/1", "s/2"):
            other.publish(topic, topic.encode(), qos=1, retain=True)
        await until(lambda: not other.transport.unacknowledged())
        await made.apply(Forward("s/1", "t", qos))
        await until(lambda: len(other.received) == 1)
        await made.apply(Forward("s/1", "t", qos), Forward("s/1", "u", qos))
        await until(lambda: len(other.received) == 2)
        await made.apply(Forward("s/1", "t", qos), Forward("s/1", "u", qos), Forward("s/+", "v", qos))
        await until(lambda: len(other.received) == 4)
        await other.settle()
        assert sorted(packet[:2] for packet in other.received) == [
            ("t", b"s/1"),
            ("u", b"s/1"),
            ("v", b"s/1"),
            ("v", b"s/2"),
        ]


async def test_with_qos_1_nothing_is_lost_when_connections_break(
    broker: Mosquitto, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_LONGEST_RETRY_S", 0.1)
    count = 1500
    async with client(broker.url, "t") as other, forwarder(broker.url, Forward("s", "t", 1)) as made:

        async def breaks() -> None:
            for i in range(6):
                await until(lambda i=i: len(other.received) > i * 200)
                links, before = made.made._links(), made.connections
                links[i % len(links)].abort("broken by the test")
                await until(lambda before=before: made.connections > before)

        breaking = asyncio.create_task(breaks())
        for i in range(count):
            await other.send("s", b"%d" % i, qos=1)
            if i % 10 == 0:
                await asyncio.sleep(0.001)
        await until(lambda: len({packet[1] for packet in other.received}) == count)
        await breaking
        assert made.connections > 3
        await until(lambda: not len(made.made.inflight))


async def test_with_qos_1_a_restart_of_the_broker_loses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_LONGEST_RETRY_S", 0.1)
    count = 150

    with Mosquitto(extra="autosave_on_changes true\nautosave_interval 1") as broker:
        # The sender repeats what the broker has not confirmed, as the participant library does.
        received: set[bytes] = set()
        receiver = Transport(
            Broker.parse(broker.url), "receiver", on_message=lambda topic, payload, retained: received.add(payload)
        )
        receiver.clean = False
        async with forwarder(broker.url, Forward("s", "t", 1)) as made:
            await receiver.connect()
            await receiver.subscribe([("t", 1)])
            sent = 0
            restarts = 0
            while sent < count:
                async with client(broker.url) as source:
                    try:
                        for i in range(sent, count):
                            source.publish("s", b"%d" % i, qos=1)
                            await until(lambda: not source.transport.unacknowledged())
                            sent = i + 1
                            if sent % 50 == 25:
                                restarts += 1
                                await asyncio.to_thread(broker.restart)
                                await receiver.connect()
                    except (ConnectError, TimeoutError):
                        pass
                    await asyncio.sleep(0.1)
            await until(lambda: len(received) == count)
            assert restarts == 3
            assert made.connections == 4
            await until(lambda: not len(made.made.inflight))
            await receiver.disconnect()


async def test_a_slow_broker_is_not_flooded_and_nothing_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mqtt_link, "_WRITE_HIGH", 20_000)
    monkeypatch.setattr(mqtt_link, "_WRITE_LOW", 5000)
    count = 40_000
    head, sent_head = b"\x30\x80\x08\0\x01s", b"\x30\x80\x08\0\x01t"
    read = asyncio.Event()
    pushed = 0
    copies = bytearray()
    inlets: list[asyncio.StreamWriter] = []
    pushing: list[asyncio.Task[None]] = []

    async def push(writer: asyncio.StreamWriter) -> None:
        nonlocal pushed
        for i in range(count):
            writer.write(head + b"%01021d" % i)
            await writer.drain()
            pushed = i + 1

    async def handle(first: int, body: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if first == 0x82 and b"fbp/forward/+" in body:
            found = write_list(ForwardList(1, frozenset({Forward("s", "t")})))
            writer.write(frames.publish(frames.text(LIST), found, qos=0, retain=True))
        elif first == 0x82 and b"\0\x01s" in body:
            inlets.append(writer)
        elif first == 0x31 and body.endswith(b"online"):
            pushing.append(asyncio.create_task(push(inlets[0])))
        elif first == 0x30:  # the first copy: from here on, all is copies
            copies.extend(sent_head + body[3:])
            await read.wait()
            while data := await reader.read(1 << 16):
                copies.extend(data)

    async with fake_broker(handle) as url, forwarder(url) as made:
        await until(lambda: copies)
        before = -1
        while before != pushed:  # until it takes no more
            before = pushed
            await asyncio.sleep(0.3)
        outlet = made.made._outlet.link
        assert outlet is not None
        assert outlet._transport is not None
        assert 0 < pushed < count
        assert outlet._transport.get_write_buffer_size() < 2_000_000
        read.set()
        await until(lambda: len(copies) >= count * 1027)
        numbers = [int(part) for part in re.findall(re.escape(sent_head) + rb"(\d{1021})", copies)]
        assert numbers == list(range(count))


async def test_it_forwards_over_tls_with_an_account() -> None:
    with Mosquitto(tls=certificates.server(), users={"ada": "p@ss"}) as broker:
        url = f"{broker.url.replace('mqtts://', 'mqtts://ada:p%40ss@')}?cafile={certificates.authority()}"
        async with client(url, "t") as other, forwarder(url, Forward("s", "t")):
            payloads = [b"%d" % i for i in range(5_000)] + [bytes(3_000_000)]
            await other.send("s", *payloads)
            await until(lambda: len(other.received) == len(payloads))
            assert [packet[1] for packet in other.received] == payloads


async def test_what_the_broker_drops_is_counted_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING), Mosquitto(extra="max_queued_messages 10\nsys_interval 1") as broker:
        broker.stop()
        configuration = broker.folder / "mosquitto.conf"
        configuration.write_text(configuration.read_text().replace("max_queued_messages 100000\n", ""))
        broker.start()
        async with forwarder(broker.url) as made:
            await until(lambda: made.made._outlet._dropped is not None)
            # A session of somebody who is away, with room for ten packets.
            reader, writer = await asyncio.open_connection("127.0.0.1", broker.port)
            writer.write(b"\x10\x10\0\x04MQTT\x04\0\0\x3c\0\x04away\x82\x06\0\x01\0\x01q\x01")
            await reader.readexactly(4 + 5)
            writer.close()
            async with client(broker.url) as other:
                await other.send("q", *(b"%d" % i for i in range(100)), qos=1)
            await until(lambda: (made.made._outlet._dropped or 0) >= 50)
    assert "the broker has dropped" in caplog.text
