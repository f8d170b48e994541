"""The coordinator's own connection: what it follows, also where the broker refuses, or answers no more."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import paho.mqtt.publish
import pytest

import msgflo
from brokers import Broker
from msgflo.errors import ConnectError, SubscribeError
from msgflo.paho_transport import Transport
from msgflo_host import connection as module
from msgflo_host.connection import Connection

Heard = list[tuple[str, bytes]]


@asynccontextmanager
async def connected(broker: Broker) -> AsyncIterator[tuple[Connection, Heard]]:
    """A connection that is there, and what it has heard."""
    heard: Heard = []
    connection = Connection(
        msgflo.Broker.parse(broker.url),
        "reader",
        subscriptions=[],
        on_message=lambda topic, payload, retained: heard.append((topic, payload)),
    )
    task = asyncio.create_task(connection.run())
    try:
        async with asyncio.timeout(20):
            await connection.come(20)
            yield connection, heard
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def publish(broker: Broker, topic: str, payload: str) -> None:
    await asyncio.to_thread(paho.mqtt.publish.single, topic, payload, 1, False, "127.0.0.1", broker.port)


async def soon(heard: Heard, wanted: tuple[str, bytes]) -> None:
    while wanted not in heard:
        await asyncio.sleep(0.01)


def test_where_a_subscription_is_not_answered_another_connection_is_made(
    broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    subscribe, unanswered = Transport.subscribe, ["t"]

    async def answered_later(transport: Transport, topics: list[tuple[str, int]]) -> None:
        if unanswered and ("t", 0) in topics:
            unanswered.clear()
            raise ConnectError("no answer within 10 s")
        await subscribe(transport, topics)

    monkeypatch.setattr(Transport, "subscribe", answered_later)

    async def main() -> None:
        async with connected(broker) as (connection, heard):
            connection.follow(["t"])
            await connection.settled()
            while not (connection.connected and connection.is_settled):
                await asyncio.sleep(0.01)
            await publish(broker, "t", "heard")
            await soon(heard, ("t", b"heard"))

    asyncio.run(main())


def test_a_refused_subscription_keeps_none_of_the_others_from_coming_and_going(
    broker: Broker, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(logging.getLogger("msgflo"), "propagate", True)
    subscribe = Transport.subscribe

    async def refusing(transport: Transport, topics: list[tuple[str, int]]) -> None:
        await subscribe(transport, [each for each in topics if each[0] != "secret"])
        if ("secret", 0) in topics:
            raise SubscribeError(["secret"], transport.broker)

    monkeypatch.setattr(Transport, "subscribe", refusing)

    async def main() -> None:
        async with connected(broker) as (connection, heard):
            connection.follow(["before"])
            await connection.settled()
            connection.follow(["secret", "open"])
            await connection.settled()
            await publish(broker, "before", "no longer followed")
            await publish(broker, "open", "heard")
            await soon(heard, ("open", b"heard"))
            assert heard == [("open", b"heard")]

    asyncio.run(main())
    assert "secret" in caplog.text


def test_access_rules_that_let_nothing_back_are_named_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(logging.getLogger("msgflo"), "propagate", True)
    monkeypatch.setattr(module, "SNAPSHOT_TIMEOUT_S", 0.2)

    async def main(broker: Broker) -> None:
        tried = 0

        def count() -> None:
            nonlocal tried
            tried += 1

        connection = Connection(
            msgflo.Broker.parse(broker.url),
            "reader",
            subscriptions=["fbp/#"],
            on_message=lambda *packet: None,
            on_disconnected=count,
        )
        task = asyncio.create_task(connection.run())
        async with asyncio.timeout(20):
            while tried < 3:
                await asyncio.sleep(0.01)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    with Broker(acl="topic write #\n") as broker:
        asyncio.run(main(broker))
        assert caplog.messages == [
            f"{broker.url}: nothing that is published below fbp/coordinator/ has come back within 0.2 s: its access rules "
            "may forbid it (docs/broker.md) (trying again until it works)"
        ]
