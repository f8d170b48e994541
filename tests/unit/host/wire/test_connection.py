"""The coordinator's own connection: what it follows, also where the broker refuses, or answers no more."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest

from memory_broker import MemoryBroker
from msgflo.errors import ConnectError, SubscribeError
from msgflo.paho_transport import Transport
from msgflo_host.wire.connection import Connection

Heard = list[tuple[str, bytes]]


@asynccontextmanager
async def connected(broker: MemoryBroker) -> AsyncIterator[tuple[Connection, Heard]]:
    """A connection that is there, and what it has heard."""
    heard: Heard = []
    connection = Connection(
        broker.address,
        "reader",
        subscriptions=[],
        on_message=lambda topic, payload, retained: heard.append((topic, payload)),
    )
    task = asyncio.create_task(connection.run())
    try:
        async with asyncio.timeout(60):
            while not connection.connected:
                await asyncio.sleep(0.01)
            yield connection, heard
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def soon(heard: Heard, wanted: tuple[str, bytes]) -> None:
    while wanted not in heard:
        await asyncio.sleep(0.01)


async def test_where_a_subscription_is_not_answered_another_connection_is_made(
    monkeypatch: pytest.MonkeyPatch, broker: MemoryBroker
) -> None:
    subscribe, unanswered = Transport.subscribe, ["t"]

    async def answered_later(transport: Transport, topics: list[tuple[str, int]]) -> None:
        if unanswered and ("t", 0) in topics:
            unanswered.clear()
            raise ConnectError("no answer within 10 s")
        await subscribe(transport, topics)

    monkeypatch.setattr(Transport, "subscribe", answered_later)
    async with connected(broker) as (connection, heard):
        connection.set_filters(["t"])
        await connection.settled()
        while not (connection.connected and connection._settled.is_set()):
            await asyncio.sleep(0.01)
        broker.publish("t", "heard")
        await soon(heard, ("t", b"heard"))


async def test_a_refused_subscription_keeps_none_of_the_others_from_coming_and_going(
    monkeypatch: pytest.MonkeyPatch, logged: pytest.LogCaptureFixture, broker: MemoryBroker
) -> None:
    subscribe = Transport.subscribe

    async def refusing(transport: Transport, topics: list[tuple[str, int]]) -> None:
        await subscribe(transport, [each for each in topics if each[0] != "secret"])
        if ("secret", 0) in topics:
            raise SubscribeError(["secret"], transport.broker)

    monkeypatch.setattr(Transport, "subscribe", refusing)
    async with connected(broker) as (connection, heard):
        connection.set_filters(["before"])
        await connection.settled()
        connection.set_filters(["secret", "open"])
        await connection.settled()
        broker.publish("before", "no longer followed")
        broker.publish("open", "heard")
        await soon(heard, ("open", b"heard"))
        assert heard == [("open", b"heard")]
    assert "secret" in logged.text


async def test_access_rules_that_let_nothing_back_are_named_once(
    monkeypatch: pytest.MonkeyPatch, logged: pytest.LogCaptureFixture
) -> None:
    broker = MemoryBroker()
    monkeypatch.setattr(broker, "publish", lambda *packet, **how: None)
    with broker:
        tried = 0

        def count() -> None:
            nonlocal tried
            tried += 1

        connection = Connection(
            broker.address, "reader", subscriptions=["fbp/#"], on_message=lambda *packet: None, on_disconnected=count
        )
        task = asyncio.create_task(connection.run())
        async with asyncio.timeout(60):
            while tried < 3:
                await asyncio.sleep(0.01)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    assert logged.messages == [
        f"{broker.url}: nothing that is published below fbp/coordinator/ has come back within 10 s: its access rules "
        "may forbid it (docs/broker.md) (trying again until it works)"
    ]
