"""Topics and filters that several read on one connection."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from memory_broker import MemoryBroker
from msgflo_host.control.packet_subscriptions import Subscriptions
from simulation import beside, run_beside, until

Heard = list[tuple[list[str], str, bytes]]


def reading(test: Callable[[MemoryBroker, Subscriptions], Awaitable[None]]) -> None:
    """Run a test beside a broker and the connection."""
    broker = MemoryBroker()

    async def main() -> None:
        in_charge = asyncio.Event()
        subscriptions = Subscriptions(broker.address, "reader", in_charge)
        async with beside(subscriptions.run()):
            in_charge.set()
            await until(lambda: "reader" in broker.clients())
            await test(broker, subscriptions)

    run_beside(broker, main)


def filters(broker: MemoryBroker) -> set[str]:
    return {each for each in broker.sessions["reader"].filters if not each.startswith("fbp/")}


def test_each_reader_gets_a_packet_once_with_those_of_its_filters_that_match() -> None:
    async def main(broker: MemoryBroker, subscriptions: Subscriptions) -> None:
        one: Heard = []
        two: Heard = []
        first = subscriptions.reader(lambda *packet: one.append(packet))
        second = subscriptions.reader(lambda *packet: two.append(packet))
        first.subscribe(["a/+", "a/b", "c"])
        second.subscribe(["a/b", "d/#"])
        await until(lambda: filters(broker) == {"a/+", "a/b", "c", "d/#"})
        for topic in ("a/b", "a/x", "d", "e"):
            broker.publish(topic, "1")
        await until(lambda: len(one) + len(two) == 4)
        assert one == [(["a/+", "a/b"], "a/b", b"1"), (["a/+"], "a/x", b"1")]
        assert two == [(["a/b"], "a/b", b"1"), (["d/#"], "d", b"1")]

    reading(main)


def test_a_filter_is_subscribed_to_until_the_last_reader_wants_it_no_more() -> None:
    async def main(broker: MemoryBroker, subscriptions: Subscriptions) -> None:
        heard: Heard = []
        first, second = (subscriptions.reader(lambda *packet: heard.append(packet)) for _ in range(2))
        first.subscribe(["t"])
        second.subscribe(["t"])
        await until(lambda: filters(broker) == {"t"})
        first.subscribe([])
        await subscriptions.settled()
        assert filters(broker) == {"t"}
        broker.publish("t", "1")
        await until(lambda: len(heard) == 1)
        second.subscribe(["u"])
        await until(lambda: filters(broker) == {"u"})
        broker.publish("t", "2")
        broker.publish("u", "3")
        await until(lambda: len(heard) == 2)
        assert heard[1] == (["u"], "u", b"3")

    reading(main)


def test_what_was_retained_before_is_left_out_also_after_a_lost_connection() -> None:
    async def main(broker: MemoryBroker, subscriptions: Subscriptions) -> None:
        heard: Heard = []
        broker.publish("t", "old", retain=True)
        subscriptions.reader(lambda *packet: heard.append(packet)).subscribe(["t"])
        await until(lambda: "t" in filters(broker))
        broker.end("reader")
        await until(lambda: "reader" not in broker.clients())
        await until(lambda: "reader" in broker.clients() and "t" in filters(broker))
        broker.publish("t", "new", retain=True)
        await until(lambda: heard)
        assert heard == [(["t"], "t", b"new")]

    reading(main)
