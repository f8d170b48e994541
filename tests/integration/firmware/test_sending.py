"""Bursts, and threads that send: CPython only."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from brokers import Broker
from event_loop import until
from msgflo import Participant, Port, Session

pytestmark = pytest.mark.asyncio_loop

BURST = 20_000


class Source(Participant):
    outports = (Port("out"), Port("level", state=True))


class Sink(Participant):
    inports = (Port("in"),)

    def __init__(self, role: str, topic: str) -> None:
        super().__init__(role, topics={"in": topic})
        self.got: list[Any] = []

    def on_in(self, value: object) -> None:
        self.got.append(value)


class SlowSink(Sink):
    async def on_in(self, value: object) -> None:
        await asyncio.sleep(0)
        self.got.append(value)


@asynccontextmanager
async def connected(broker: Broker, *participants: Participant) -> AsyncIterator[None]:
    """Run each participant in a session of its own."""
    sessions = [Session([participant], broker.url) for participant in participants]
    tasks = [asyncio.create_task(session.run()) for session in sessions]
    await until(lambda: all(session.connected for session in sessions))
    yield
    for session in sessions:
        await session.stop()
        assert session.dropped == 0
    await asyncio.gather(*tasks)


async def test_a_burst_arrives_whole_and_in_order(broker: Broker) -> None:
    source, sink, slow = Source("source"), Sink("sink", "source/out"), SlowSink("slow", "source/out")
    async with connected(broker, source, sink, slow):
        for i in range(BURST):
            source.send("out", {"number": i})
        await until(lambda: len(sink.got) == len(slow.got) == BURST)
        assert sink.got == slow.got == [{"number": i} for i in range(BURST)]


async def test_threads_may_send_and_each_ones_packets_keep_their_order(broker: Broker) -> None:
    source, sink = Source("source"), Sink("sink", "source/out")
    count = 3000

    def send(name: str) -> None:
        for i in range(count):
            source.send("out", [name, i])

    async with connected(broker, source, sink):
        threads = [threading.Thread(target=send, args=(name,)) for name in "ab"]
        for thread in threads:
            thread.start()
        send("c")
        await until(lambda: len(sink.got) == 3 * count)
        for name in "abc":
            assert [packet for packet in sink.got if packet[0] == name] == [[name, i] for i in range(count)]
        for thread in threads:
            thread.join()


async def test_who_sends_much_can_wait_until_it_is_on_its_way(broker: Broker) -> None:
    source, sink = Source("source"), Sink("sink", "source/out")
    async with connected(broker, source, sink):
        for i in range(50):
            for _ in range(100):
                source.send("out", i)
            await source.drain()
            assert not source._engine._outbox.items
        await until(lambda: len(sink.got) == 5000)
