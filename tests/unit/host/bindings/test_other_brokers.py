"""Brokers that are not Mosquitto: what they forbid by ending the connection, and what they leave out."""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest

from event_loop import run_simulated
from memory_broker import MemoryBroker, Write
from msgflo.broker import Broker
from msgflo_host.bindings import frames
from msgflo_host.bindings.forwarder import Forward, Forwarder
from msgflo_host.connection import Connection


@contextmanager
def fake_broker(answer: Callable[[int, bytes, Write], bool | None]) -> Iterator[Broker]:
    """A broker that hands each packet (first byte and content) to `answer`, which may raise EOFError to end the connection."""
    with MemoryBroker(answer=answer) as broker:
        yield broker.address


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(600):
        while not condition():
            await asyncio.sleep(0.01)


def run(main: Callable[[], Coroutine[Any, Any, None]]) -> None:
    run_simulated(main)


def test_a_target_that_the_broker_forbids_by_ending_the_connection_keeps_no_other_back(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(logging.getLogger("msgflo"), "propagate", True)
    arrived: list[bytes] = []
    sent = False

    def answer(first: int, body: bytes, write: Write) -> None:
        nonlocal sent
        if first == 0x82 and not sent:
            sent = True
            write(b"\x30\x09\0\x04fromhi!")
        elif first == 0x32:
            if frames.text("forbidden") in body:
                raise EOFError
            arrived.append(body)
            write(b"\x40\x02" + body[2 + body[1] : 4 + body[1]])

    async def main() -> None:
        with fake_broker(answer) as broker:
            forwarder = Forwarder(broker, client_id="forwarder", other=lambda: 1)
            await forwarder.apply({Forward("from", "forbidden", 1), Forward("from", "open", 1)})
            await forwarder.start()
            await until(lambda: arrived)
            await until(lambda: forwarder.stats().connected)
            await forwarder.stop()

    run(main)
    assert "on 'forbidden': they are left out" in caplog.text
    assert "3 bytes" in caplog.text


def test_how_many_packets_to_a_target_were_left_out_is_said(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(logging.getLogger("msgflo"), "propagate", True)
    sent = False

    def answer(first: int, body: bytes, write: Write) -> None:
        nonlocal sent
        if first == 0x82 and frames.text("from") in body and not sent:
            sent = True
            write(3 * b"\x30\x09\0\x04fromhi!")
        elif first == 0x32:
            raise EOFError

    async def main() -> None:
        with fake_broker(answer) as broker:
            forwarder = Forwarder(broker, client_id="forwarder", other=lambda: 1)
            await forwarder.apply({Forward("from", "forbidden", 1)})
            await forwarder.start()
            await until(lambda: "more times" in caplog.text)
            await forwarder.stop()

    run(main)
    said = [message for message in caplog.messages if "'forbidden'" in message]
    assert len(said) == 2
    assert said[1].endswith("more times)")


def test_a_packet_is_not_left_out_for_what_ends_the_connection_that_subscribes(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(logging.getLogger("msgflo"), "propagate", True)
    arrived: list[bytes] = []
    sent, refused = False, 0

    def answer(first: int, body: bytes, write: Write) -> bool:
        nonlocal sent, refused
        if first == 0x82 and frames.text("from") in body and not sent:
            sent = True
            write(b"\x90\x03" + body[:2] + b"\x01" + b"\x30\x09\0\x04fromhi!")
            raise EOFError
        if first == 0x10 and frames.text("forwarder-1") in body and sent and refused < 10:
            refused += 1
            write(b"\x20\x02\0\x03")  # server unavailable, as where there are too many connections
            raise EOFError
        if first == 0x32 and refused == 10:
            arrived.append(body)
        return first == 0x32 and refused < 10  # which it does not confirm

    async def main() -> None:
        with fake_broker(answer) as broker:
            forwarder = Forwarder(broker, client_id="forwarder", other=lambda: 1)
            await forwarder.apply({Forward("from", "allowed", 1)})
            await forwarder.start()
            await until(lambda: refused == 10 and not len(forwarder.ledger))
            await forwarder.stop()

    run(main)
    assert arrived
    assert "left out" not in caplog.text


@pytest.mark.parametrize("other_stays", [True, False])
def test_it_is_said_when_the_broker_ends_the_connection_that_forwards_alone(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, other_stays: bool
) -> None:
    monkeypatch.setattr(logging.getLogger("msgflo"), "propagate", True)
    connections = itertools.count(1)

    def answer(first: int, body: bytes, write: Write) -> None:
        if first == 0x82 and frames.text("from") in body:
            write(b"\x30\x09\0\x04fromhi!")
        elif first == 0x30:
            raise EOFError

    async def main() -> None:
        with fake_broker(answer) as broker:
            forwarder = Forwarder(broker, client_id="forwarder", other=lambda: 1 if other_stays else next(connections))
            await forwarder.apply({Forward("from", "forbidden")})
            await forwarder.start()
            await until(lambda: forwarder.stats().connections > 3)
            await asyncio.sleep(5)  # the notice takes a second
            await forwarder.stop()

    run(main)
    assert ("only the connection that forwards" in caplog.text) is other_stays


def test_each_reason_why_the_connection_that_forwards_ends_alone_is_said_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(logging.getLogger("msgflo"), "propagate", True)
    ends = 0

    def answer(first: int, body: bytes, write: Write) -> None:
        nonlocal ends
        if first == 0x82 and frames.text("from") in body:
            write(b"\x30\x09\0\x04fromhi!")
        elif first == 0x30:
            ends += 1
            if ends % 2:
                raise EOFError
            write(b"\xf0\0")

    async def main() -> None:
        with fake_broker(answer) as broker:
            forwarder = Forwarder(broker, client_id="forwarder", other=lambda: 1)
            await forwarder.apply({Forward("from", "forbidden")})
            await forwarder.start()
            await until(lambda: ends > 6)
            await forwarder.stop()

    run(main)
    said = [message for message in caplog.messages if "only the connection that forwards" in message]
    assert ["malformed" in message for message in said] == [False, True]


@pytest.mark.parametrize("other_stays", [True, False])
def test_a_quiet_connection_says_what_is_wrong_with_it_alone(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, other_stays: bool
) -> None:
    monkeypatch.setattr(logging.getLogger("msgflo"), "propagate", True)
    tried = 0

    def answer(first: int, body: bytes, write: Write) -> None:
        nonlocal tried
        tried += 1
        if not other_stays:
            when.clear()
            asyncio.get_running_loop().call_later(0.5, when.set)
        write(b"\x20\x02\0\x03")  # server unavailable
        raise EOFError

    when = asyncio.Event()
    when.set()

    async def main() -> None:
        with fake_broker(answer) as broker:
            connection = Connection(
                broker, "one-of-many", subscriptions=[], on_message=lambda *packet: None, when=when, quiet=True
            )
            task = asyncio.create_task(connection.run())
            await until(lambda: tried > 3)
            task.cancel()

    with caplog.at_level(logging.INFO):
        run(main)
    said = [message for message in caplog.messages if "one-of-many" in message]
    assert len(said) == other_stays


@pytest.mark.parametrize("quiet", [True, False])
def test_it_is_said_once_that_the_broker_ends_a_connection_at_what_it_follows(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, quiet: bool
) -> None:
    monkeypatch.setattr(logging.getLogger("msgflo"), "propagate", True)
    ends = 0

    def answer(first: int, body: bytes, write: Write) -> None:
        nonlocal ends
        if first == 0x82 and frames.text("forbidden") in body and ends < 8:
            ends += 1
            raise EOFError

    async def main() -> None:
        when = asyncio.Event()
        when.set()
        with fake_broker(answer) as broker:
            connection = Connection(
                broker, "one-of-many", subscriptions=[], on_message=lambda *packet: None, when=when, quiet=quiet
            )
            connection.follow(["forbidden"])
            task = asyncio.create_task(connection.run())
            await until(lambda: ends == 8 and connection.connected and connection.is_settled)
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    with caplog.at_level(logging.INFO):
        run(main)
    assert [": connected" in message for message in caplog.messages] == [False, True]
    assert all(("one-of-many" in message) is quiet for message in caplog.messages)
