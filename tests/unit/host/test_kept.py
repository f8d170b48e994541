"""Brokers that do not send what they keep to subscriptions with wildcards, or keep nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from event_loop import run_simulated
from memory_broker import MemoryBroker
from msgflo_host.kept import Kept
from simulation import coordinating, edge_kind, pass_time, taking_part, until
from systems import Sink, Source


class RareSource(Source):
    """Announces itself again after half an hour."""

    period = 3600


class RareSink(Sink):
    """Announces itself again after half an hour."""

    period = 3600


def simulated(test: Callable[[], Awaitable[None]], broker: MemoryBroker) -> None:
    """Run a test beside a broker in memory."""

    async def main() -> None:
        with broker:
            await test()

    run_simulated(main)


def test_those_that_are_called_as_in_the_graph_are_found_without_wildcards(logged: pytest.LogCaptureFixture) -> None:
    broker = MemoryBroker(wildcards=False)
    graph = "source(test/Source) OUT -> IN sink(test/Sink)\n"

    async def main() -> None:
        async with taking_part(RareSource("source"), broker=broker), taking_part(RareSink("sink"), broker=broker):
            await pass_time(60)
            async with coordinating(broker, graph) as coordinator:
                await until(lambda: edge_kind(coordinator, "source.out", "sink.in") == "direct")

    simulated(main, broker)
    assert logged.text.count("does not send retained messages to subscriptions with wildcards") == 1


def test_what_an_earlier_coordinator_has_bound_is_withdrawn_without_wildcards() -> None:
    broker = MemoryBroker(wildcards=False)
    broker.retained["fbp/bind/sink"] = b'{"other":["source/out"]}'

    async def main() -> None:
        async with coordinating(broker), taking_part(RareSink("sink"), broker=broker):
            await until(lambda: "fbp/bind/sink" not in broker.retained)

    simulated(main, broker)


def test_a_broker_that_keeps_nothing_is_named(logged: pytest.LogCaptureFixture) -> None:
    broker = MemoryBroker(wildcards=False, exact=False)

    async def main() -> None:
        async with coordinating(broker):
            await until(lambda: "keeps no retained messages" in logged.text)

    simulated(main, broker)


def test_a_broker_that_sends_what_it_keeps_is_asked_for_nothing_more() -> None:
    broker = MemoryBroker()
    broker.retained["fbp/x"] = b"kept"

    async def main() -> None:
        kept = Kept(broker.address, "kept")
        assert await kept.look("fbp/x")
        assert kept.topics(["source"], []) == set()

    simulated(main, broker)


def test_nothing_is_concluded_from_a_connection_that_was_lost(logged: pytest.LogCaptureFixture) -> None:
    broker = MemoryBroker()

    async def main() -> None:
        looking = asyncio.create_task(Kept(broker.address, "kept").look("fbp/x"))  # where nothing is kept
        await until(lambda: broker.subscribed)
        broker.stop()
        assert not await looking

    simulated(main, broker)
    assert not logged.messages


def test_nothing_is_concluded_where_what_is_kept_is_no_longer_ours(logged: pytest.LogCaptureFixture) -> None:
    broker = MemoryBroker()

    async def main() -> None:
        kept = Kept(broker.address, "kept")
        assert not await kept.look("fbp/x", is_ours=lambda: False)
        assert not logged.messages
        assert await kept.look("fbp/x")

    simulated(main, broker)
    assert "keeps no retained messages" in logged.text


def test_it_is_said_once_that_this_connection_is_refused(logged: pytest.LogCaptureFixture) -> None:
    broker = MemoryBroker(connack=2)

    async def main() -> None:
        kept = Kept(broker.address, "kept")
        for _ in range(3):
            assert not await kept.look("fbp/x")

    simulated(main, broker)
    (said,) = logged.messages
    assert said.startswith(f"kept: {broker.url}")
