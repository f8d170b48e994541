"""What is remembered is there before anything else, comes through outages, and ends with who leaves for good."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from memory_broker import MemoryBroker, Write
from msgflo import Participant, Port, Session
from msgflo.remembering import Remembering
from simulation import pass_time, until

PUBLISH, SUBSCRIBE = 3, 8
MEMORY = "fbp/memory/count"


class Count(Remembering):
    component = "test/Count"
    inports = (Port("in"), Port("slow"))
    outports = (Port("out", state=True),)
    remembers: tuple[str, ...] = ("count",)
    count = 0

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.did: list[Any] = []

    def start(self) -> None:
        self.did.append(("start", self.count))

    def stop(self) -> None:
        self.did.append("stop")

    def on_in(self, value: int) -> None:
        self.count += value
        self.did.append(value)
        self.send("out", self.count)

    async def on_slow(self, value: int) -> None:
        await asyncio.sleep(10)
        self.on_in(value)


class Plain(Participant):
    component = "test/Plain"
    inports = (Port("in"),)
    outports = (Port("out", state=True),)

    def on_in(self, value: Any) -> None:
        self.send("out", value)


@asynccontextmanager
async def served(broker: MemoryBroker, *participants: Participant, **options: Any) -> AsyncIterator[Session]:
    session = Session(participants, broker.url, client_id="test", **options)
    running = asyncio.create_task(session.run())
    try:
        yield session
    finally:
        await session.stop()
        await running


async def started(count: Count) -> None:
    await until(lambda: any(type(each) is tuple for each in count.did))


def saved(broker: MemoryBroker, id: str = "count") -> Any:
    found = broker.retained.get(f"fbp/memory/{id}")
    return None if found is None else json.loads(found)


async def break_down(broker: MemoryBroker, session: Session, *, empty: bool = False) -> None:
    """Restart the broker; an `empty` one has forgotten what it retained."""
    broker.stop()
    await until(lambda: not session.connected)
    if empty:
        broker.retained.clear()
    broker.heard.clear()
    broker.start()
    await until(lambda: session.connected)
    await pass_time(0.1)


# --- At the start ---


async def test_packets_wait_until_the_broker_has_sent_what_was_saved() -> None:
    broker = MemoryBroker(late=1)
    publishing = [(MEMORY, b"null")]

    def answer(first: int, content: bytes, write: Write) -> bool:
        # What the broker retains comes late, and still before what is published after the subscription.
        if first >> 4 == PUBLISH and content[2:].startswith(MEMORY.encode()):
            asyncio.get_running_loop().call_later(2, broker.publish, *publishing.pop())
            write(b"\x40\x02" + content[2 + len(MEMORY) :][:2])
            return True
        return False

    broker.answer = answer
    with broker:
        broker.publish(MEMORY, {"count": 5}, retain=True)
        count = Count("count")
        async with served(broker, count) as session:
            await until(lambda: session.connected)
            for value in (1, 2):
                broker.publish("count/in", value)
            await pass_time(0.5)
            assert count.did == []
            await started(count)
            broker.publish("count/in", 3)
            await until(lambda: len(count.did) == 4)
        assert count.did[:4] == [("start", 5), 1, 2, 3]


@pytest.mark.parametrize("losses", [1, 3])
async def test_it_begins_even_where_the_connection_ends_before_the_broker_has_answered(
    losses: int, broker: MemoryBroker
) -> None:
    lost = 0

    def answer(first: int, content: bytes, write: Write) -> None:
        nonlocal lost
        if first >> 4 == PUBLISH and content[2:].startswith(MEMORY.encode()) and lost < losses:
            lost += 1
            raise EOFError

    broker.answer = answer
    count = Count("count")
    async with served(broker, count):
        await started(count)
        broker.publish("count/in", 1)
        await until(lambda: saved(broker) == {"count": 1})
    assert count.did == [("start", 0), 1, "stop"]
    assert lost == losses


async def test_what_cannot_be_saved_is_reported_and_stops_nothing(broker: MemoryBroker) -> None:
    logged: list[str] = []

    class Odd(Count):
        remembers = ("count", "gone")

    odd, other = Odd("odd"), Count("count")
    async with served(broker, odd, other, log=logged.append):
        for count in (odd, other):
            await started(count)
        for id in ("odd", "count"):
            for port in ("slow", "in"):
                broker.publish(f"{id}/{port}", 1)
        await until(lambda: odd.count == other.count == 2)
        odd.gone = "here"
        broker.publish("odd/in", 1)
        await until(lambda: saved(broker, "odd") == {"count": 3, "gone": "here"})
    assert saved(broker) == {"count": 2}
    assert all("what it remembers is not saved: 'Odd' object has no attribute 'gone'" in text for text in logged)


# --- Outages ---


@pytest.mark.parametrize("changed", [True, False])
async def test_a_broker_that_comes_back_empty_is_reported_the_memory_again(changed: bool, broker: MemoryBroker) -> None:
    broker.publish(MEMORY, {"count": 5}, retain=True)
    count = Count("count")
    async with served(broker, count) as session:
        await started(count)
        if changed:
            broker.publish("count/in", 1)
            await until(lambda: saved(broker) == {"count": 6})
        await break_down(broker, session, empty=True)
        assert saved(broker) == {"count": 5 + changed}
        assert count.did == [("start", 5), *[1] * changed]
        await break_down(broker, session)
        broker.publish("count/in", 1)
        await until(lambda: saved(broker) == {"count": 6 + changed})


async def test_what_changes_without_a_connection_is_saved_with_the_next_one(broker: MemoryBroker) -> None:
    count = Count("count")
    async with served(broker, count) as session:
        await started(count)
        broker.publish("count/slow", 1)
        await pass_time(1)
        broker.stop()
        await pass_time(60)
        assert count.count == 1
        broker.start()
        await until(lambda: session.connected)
        await pass_time(0.1)
    assert saved(broker) == {"count": 1}


# --- Leaving ---


def left(broker: MemoryBroker) -> list[str]:
    return sorted(topic for topic in broker.retained if topic.startswith("fbp/") and "connection" not in topic)


async def test_of_one_that_is_removed_nothing_is_retained_and_the_others_go_on(broker: MemoryBroker) -> None:
    count, other, plain = Count("count"), Count("other"), Plain("plain")
    async with served(broker, count, other, plain) as session:
        for each in (count, other):
            await started(each)
        for id in ("count", "other"):
            broker.publish(f"fbp/bind/{id}", {"in": [f"{id}/more"], "": {"version": 7}}, retain=True)
            await until(lambda id=id: broker.retained.get(f"fbp/bound/{id}") == b"7")
            broker.publish(f"{id}/more", 1)
            await until(lambda id=id: saved(broker, id) == {"count": 1})
        await session.remove(count)
        await pass_time(0.1)
        expected = ["fbp/bind/count", "fbp/bind/other", "fbp/bound/other", "fbp/memory/other"]
        assert left(broker) == [*expected, "fbp/participant/other", "fbp/participant/plain"]
        filters = broker.sessions["test"].filters
        assert not [topic for topic in filters if "count" in topic]
        assert {"other/in", "other/more", "fbp/bind/other", "fbp/memory/other", "plain/in"} <= filters.keys()
        for id in ("count", "other"):
            for port in ("in", "more"):
                broker.publish(f"{id}/{port}", 1)
        broker.publish("plain/in", 1)
        await until(lambda: other.count == 3 and broker.values("plain/out") == [1])
        assert count.did == [("start", 0), 1, "stop"]
        # Nor is anything told of it later: neither now, nor on the next connection, nor when all is repeated.
        broker.retained.pop("count/out")
        await break_down(broker, session, empty=True)
        await pass_time(100)
        assert not [topic for topic, payload in broker.heard if "count" in topic or b'"id":"count"' in payload]
        assert broker.retained["other/out"] == b"3"
        assert saved(broker, "other") == {"count": 3}
        assert not [topic for topic in broker.sessions["test"].filters if "count" in topic]


async def test_one_may_leave_without_a_connection_or_before_there_was_one(broker: MemoryBroker) -> None:
    early, late, other = Count("early"), Count("count"), Count("other")
    session = Session([early, late, other], broker.url, client_id="test")
    await session.remove(early)
    running = asyncio.create_task(session.run())
    await started(late)
    broker.stop()
    await until(lambda: not session.connected)
    await session.remove(late)
    broker.retained.clear()
    broker.start()
    await until(lambda: session.connected)
    await pass_time(100)
    assert (early.did, late.did) == ([], [("start", 0), "stop"])
    assert left(broker) == ["fbp/participant/other"]
    await session.stop()
    await running


# --- Receiving besides ---


async def test_a_session_may_receive_what_no_participant_asks_for() -> None:
    broker = MemoryBroker(refuse=lambda topic_filter: topic_filter == "secret")
    got: list[tuple[str, bytes, bool]] = []
    logged: list[str] = []

    class Wide(Session):
        subscriptions = ("news/+", "secret")

        def receive(self, topic: str, payload: bytes, retained: bool) -> None:
            got.append((topic, bytes(payload), retained))
            super().receive(topic, payload, retained)

    with broker:
        broker.publish("news/a", 1, retain=True)
        plain = Plain("plain")
        session = Wide([plain], broker.url, log=logged.append)
        running = asyncio.create_task(session.run())
        await until(lambda: session.connected)
        broker.publish("plain/in", 2)
        broker.publish("fbp/bind/plain", {"in": ["news/a"]})
        await until(lambda: broker.values("plain/out") == [2, 1])
        assert session.bound(plain) == {"in": ["news/a"]}
        assert session.bound(Plain("other")) == {}
        await session.clear("old")
        await pass_time(0.1)
        assert [topic for topic, payload in broker.heard if topic.endswith("/old") and not payload] == [
            "fbp/bound/old", "fbp/memory/old", "fbp/participant/old",
        ]  # fmt: skip
        await session.stop()
        await running
        assert got[0] == ("news/a", b"1", True)
        assert ("plain/in", b"2", False) in got
        assert len(logged) == 1
        assert "'secret'" in logged[0]
