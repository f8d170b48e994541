"""The forwarder, on a broker in memory.

What it does on a real Mosquitto, over real sockets, is tested in integration/host/test_forwarder.py.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable

import pytest

from forwarding import LIST, client, forwarder
from memory_broker import MemoryBroker, Write
from msgflo_host.dataplane import mqtt_link
from msgflo_host.dataplane.forwarder import Forwarder
from msgflo_host.dataplane.mqtt_link import Link
from msgflo_host.dataplane.routing import Lane
from msgflo_host.wire import frames
from msgflo_host.wire.forward_list import Forward, ForwardList, write_list
from simulation import until


async def test_wildcards_and_overlapping_filters_bring_each_packet_once_to_each_target(broker: MemoryBroker) -> None:
    forwards = [
        Forward("in/+", "x"),
        Forward("in/a", "x"),
        Forward("in/a", "y", 1, False),
        Forward("+/a", "y"),
        Forward("#", "z"),
        Forward("in/+/c", "w"),
    ]
    # `#` also matches what is forwarded: to its own target that would be a loop, which the plan refuses.
    safe = [forward for forward in forwards if forward.source != "#"]
    async with client(broker.url, "x", "y", "w") as other, forwarder(broker.url, *safe):
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


async def test_the_retain_flag_is_that_of_the_forward(broker: MemoryBroker) -> None:
    forwards = [Forward("s", f"t/{qos}/{retain}", qos, retain) for qos in (0, 1) for retain in (False, True)]
    async with client(broker.url, "t/#") as other, forwarder(broker.url, *forwards):
        other.publish("s", b"latest", qos=1, retain=True)
        await until(lambda: len(other.received) == 4)
        async with client(broker.url, "t/#") as late:
            await until(lambda: len(late.received) == 2)
            await late.settle()
            assert sorted(late.received) == [("t/0/True", b"latest", True), ("t/1/True", b"latest", True)]


@pytest.mark.parametrize("qos", [0, 1])
async def test_a_forward_of_text_takes_the_quotes_from_texts_and_leaves_all_else_as_it_is(
    broker: MemoryBroker, qos: int
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
    forwards = Forward("s", "t", qos, text=True), Forward("s", "u", qos)
    async with client(broker.url, "t", "u") as other, forwarder(broker.url, *forwards):
        for sent in (0, 1):  # with another quality it takes another way
            for payload in payloads:
                await other.send("s", payload, qos=sent)
        await until(lambda: len(other.received) == 4 * len(payloads))
        for topic, expected in (("t", payloads.values()), ("u", payloads)):
            assert [packet[1] for packet in other.received if packet[0] == topic] == [*expected, *expected]


async def test_a_source_is_confirmed_only_after_its_copies_and_what_comes_later_after_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(mqtt_link, "LARGEST_PACKET", 200_000)
    log: list[str] = []

    def answer(first: int, content: bytes, write: Write) -> bool:
        if first == 0x82 and frames.text("s") in content:
            write(b"\x32\x07\0\x01s\0\x05hi")
            too_large = bytes(300_000)
            write(frames.publish(frames.text("s"), too_large, qos=1, retain=False, packet_id=6))
        elif first == 0x32 and content.startswith(frames.text("t")):
            log.append("copy")
            confirm.append(lambda: write(b"\x40\x02" + content[3:5]))
            return True
        elif first == 0x40:
            log.append(f"confirmed {int.from_bytes(content, 'big')}")
        return False

    confirm: list[Callable[[], None]] = []
    broker = MemoryBroker(answer=answer)
    with broker:
        async with forwarder(broker.url, Forward("s", "t", 1)):
            await until(lambda: log == ["copy"])
            await asyncio.sleep(10)
            assert log == ["copy"]
            confirm[0]()
            await until(lambda: log == ["copy", "confirmed 5", "confirmed 6"])


async def test_a_packet_that_is_too_large_is_passed_over_and_logged(
    broker: MemoryBroker, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(mqtt_link, "LARGEST_PACKET", 200_000)
    monkeypatch.setattr("msgflo_host.dataplane.forwarder.LARGEST_PACKET", 200_000)

    caplog.set_level(logging.WARNING)
    async with client(broker.url, "t") as other, forwarder(broker.url, Forward("s", "t", 1)) as made:
        for qos in (0, 1):
            await other.send("s", b"before", bytes(1_000_000), b"after", qos=qos)
        await until(lambda: len(other.received) == 4)
        assert [packet[1] for packet in other.received] == [b"before", b"after"] * 2
        assert made.connections == 1
    assert caplog.text.count("'s' was not forwarded: more than 200000 bytes") == 2


async def test_malformed_packets_end_the_connection_with_a_reason_and_it_is_tried_again() -> None:
    answers = [
        b"\x20\x02\0\0\x30\xff\xff\xff\xff\x01",
        b"\x20\x02\0\0\x30\x03\0\x09a",
        b"\x20\x02\0\0\x00\x00",
        b"\x20\x02\0\0\x20\x02\0\0",
        b"\x20\x02\0\x05",
        b"",
    ]
    expected = ["four bytes", "longer than", "first byte is 0x00", "second CONNACK", "not authorised", "closed"]

    def hostile(first: int, content: bytes, write: Write) -> None:
        write(answers.pop(0) if answers else b"")
        raise EOFError

    broker = MemoryBroker(answer=hostile)
    with broker:
        reasons: list[str] = []
        made = Forwarder(broker.address, on_state=lambda _, reason: reasons.append(reason))
        await made.start()
        await until(lambda: len(reasons) >= len(expected))
        assert [part in reason for part, reason in zip(expected, reasons, strict=False)] == [True] * len(expected), (
            reasons
        )
        await made.stop()


async def test_an_absent_broker_is_reported_once_and_found_when_it_comes(broker: MemoryBroker) -> None:
    states: list[tuple[bool, str]] = []
    broker.stop()
    made = Forwarder(broker.address, on_state=lambda *state: states.append(state))
    await made.start()
    broker.retained[LIST] = write_list(ForwardList(1, frozenset({Forward("s", "t")})))
    await asyncio.sleep(60)
    assert len(states) == 1
    assert "refused" in states[0][1]
    broker.start()
    await until(lambda: states[-1][0])
    async with client(broker.url, "t") as other:
        await other.send("s", b"1")
        await until(lambda: other.received)
    await made.stop()


async def test_a_refused_subscription_is_named(caplog: pytest.LogCaptureFixture) -> None:
    broker = MemoryBroker(refuse=lambda topic_filter: topic_filter == "secret")

    caplog.set_level(logging.WARNING)
    with broker:
        async with forwarder(broker.url) as made:
            assert (await made.apply(Forward("secret", "t"))).refused == ("secret",)
            assert (await made.apply(Forward("open", "t"), Forward("secret", "t"))).refused == ("secret",)
            assert (await made.apply(Forward("open", "t"))).refused == ()
    assert caplog.text.count("'secret'") == 1


async def test_a_fault_of_the_program_ends_a_connection_and_not_all_forwarding(
    broker: MemoryBroker, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    subscribe, faults = Forwarder._subscribe, [KeyError("of the test")] * 2

    async def failing(forwarder: Forwarder, lane: Lane, link: Link) -> None:
        if faults:
            raise faults.pop()
        await subscribe(forwarder, lane, link)

    caplog.set_level(logging.ERROR)
    monkeypatch.setattr(Forwarder, "_subscribe", failing)
    broker.retained[LIST] = write_list(ForwardList(1, frozenset({Forward("s", "t")})))
    async with forwarder(broker.url), client(broker.url, "t") as other:
        await other.send("s", b"1")
        await until(lambda: [payload for _, payload, _ in other.received] == [b"1"])
    assert caplog.text.count("the forwarder has failed") == 1
    assert "in failing" in caplog.text
