"""Brokers that are not Mosquitto: what they forbid by ending the connection, and what they leave out."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest

from memory_broker import MemoryBroker, Write
from msgflo_host.wire import frames
from msgflo_host.wire.connection import Connection
from simulation import until


@pytest.mark.parametrize("other_stays", [True, False])
async def test_a_quiet_connection_says_what_is_wrong_with_it_alone(
    logged: pytest.LogCaptureFixture, other_stays: bool
) -> None:
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
    with MemoryBroker(answer=answer) as broker:
        connection = Connection(
            broker.address, "one-of-many", subscriptions=[], on_message=lambda *packet: None, when=when, quiet=True
        )
        task = asyncio.create_task(connection.run())
        await until(lambda: tried > 3)
        task.cancel()
    said = [message for message in logged.messages if "one-of-many" in message]
    assert len(said) == other_stays


@pytest.mark.parametrize("quiet", [True, False])
async def test_it_is_logged_once_that_the_broker_ends_a_connection_at_what_it_follows(
    logged: pytest.LogCaptureFixture, quiet: bool
) -> None:
    ends = 0

    def answer(first: int, body: bytes, write: Write) -> None:
        nonlocal ends
        if first == 0x82 and frames.text("forbidden") in body and ends < 8:
            ends += 1
            raise EOFError

    when = asyncio.Event()
    when.set()
    with MemoryBroker(answer=answer) as broker:
        connection = Connection(
            broker.address, "one-of-many", subscriptions=[], on_message=lambda *packet: None, when=when, quiet=quiet
        )
        connection.set_filters(["forbidden"])
        task = asyncio.create_task(connection.run())
        await until(lambda: ends == 8 and connection.connected and connection._settled.is_set())
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    assert [": connected" in message for message in logged.messages] == [False, True]
    assert all(("one-of-many" in message) is quiet for message in logged.messages)
