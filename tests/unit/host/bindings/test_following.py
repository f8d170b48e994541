"""Topics and filters that are read for several takers, on a broker."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

from event_loop import run_simulated
from memory_broker import MemoryBroker
from msgflo_host.bindings.following import Following

Heard = list[tuple[tuple[str, ...], str, bytes]]


@asynccontextmanager
async def following(broker: MemoryBroker) -> AsyncIterator[tuple[Following, Heard, asyncio.Event]]:
    """What is followed, what was heard, and whether this program is in charge."""
    heard: Heard = []
    when = asyncio.Event()
    found = Following(
        broker.address,
        "reader",
        on_packet=lambda takers, topic, payload, retained: heard.append((tuple(sorted(takers)), topic, payload)),
        when=when,
    )
    broker.start()
    task = asyncio.create_task(found.run())
    try:
        async with asyncio.timeout(60):
            yield found, heard, when
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def soon(condition: Callable[[], object]) -> None:
    while not condition():
        await asyncio.sleep(0.01)


def subscribed(broker: MemoryBroker, topic: str) -> list[str]:
    """The connections that have subscribed to a topic, once for each time."""
    return [client for client, each in broker.subscribed if each == topic and client.startswith("reader")]


def test_filters_that_overlap_are_read_on_connections_of_their_own() -> None:
    async def main() -> None:
        broker = MemoryBroker()
        async with following(broker) as (found, heard, when):
            when.set()
            found.want([("a/+/c", "one"), ("a/b/+", "two"), ("a/b/c", "three"), ("x", "one"), ("x", "two")])
            await soon(lambda: len(found._connections) == 3 and all(each.connected for each in found._connections))
            await found.settled()
            names = [subscribed(broker, topic) for topic in ("a/+/c", "a/b/+", "a/b/c")]
            assert sorted(names) == [["reader"], ["reader-2"], ["reader-3"]]
            broker.publish("a/b/c", "1")
            broker.publish("x", "2")
            await soon(lambda: len(heard) == 4)
            assert sorted(heard) == [
                (("one",), "a/b/c", b"1"), (("one", "two"), "x", b"2"),
                (("three",), "a/b/c", b"1"), (("two",), "a/b/c", b"1"),
            ]  # fmt: skip

    run_simulated(main)


def test_only_who_has_come_gets_the_retained_packet_and_what_others_read_stays_as_it_is() -> None:
    async def main() -> None:
        broker = MemoryBroker()
        async with following(broker) as (found, heard, when):
            when.set()
            broker.publish("t/a", "kept", retain=True)
            pairs = [("t/a", "one")]
            for more in (("t/a", "two"), ("t/#", "all"), ("u", "one")):
                found.want(pairs)
                await soon(lambda: all(each.connected for each in found._connections))
                await found.settled()
                pairs.append(more)
            found.want([("t/a", "two")])
            await found.settled()
            broker.publish("t/a", "new")
            await soon(lambda: heard[-1][2] == b"new")
            assert heard == [((name,), "t/a", b"kept") for name in ("one", "two", "all")] + [(("two",), "t/a", b"new")]
            assert subscribed(broker, "t/a") == ["reader"] * 2, "once for each who came"

    run_simulated(main)


def test_a_retained_packet_that_was_heard_by_another_filter_does_not_come_again() -> None:
    async def main() -> None:
        broker = MemoryBroker()
        async with following(broker) as (found, heard, when):
            when.set()
            for topic in ("t/a", "t/b"):
                broker.publish(topic, "kept", retain=True)
            for source in ("t/a", "t/#", "t/b", "t/a"):
                found.want([(source, "one")])
                await soon(lambda: all(each.connected for each in found._connections))
                await found.settled()
            broker.publish("t/a", "new")
            await soon(lambda: heard[-1][2] == b"new")
            assert heard == [
                (("one",), "t/a", b"kept"), (("one",), "t/b", b"kept"),
                (("one",), "t/a", b"kept"),  # it did not hear of that one for a while
                (("one",), "t/a", b"new"),
            ]  # fmt: skip

    run_simulated(main)


def test_it_connects_only_while_it_may() -> None:
    async def main() -> None:
        broker = MemoryBroker()
        async with following(broker) as (found, _, when):
            found.want([("t", "one")])
            broker.publish("t", "now")
            assert broker.connects == []
            when.set()
            await found.first.come(20)
            await found.settled()
            assert found.first.connected
            when.clear()
            broker.stop()
            broker.start()
            await soon(lambda: not found.first.connected)
            broker.publish("t", "now")
            assert broker.connects == ["reader"]
            when.set()
            await soon(lambda: found.first.connected)

    run_simulated(main)
