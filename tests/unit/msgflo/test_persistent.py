"""Sessions that the broker keeps: what waits there, what does not, and when a packet is acknowledged."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from memory_broker import MemoryBroker
from msgflo import Participant, Port, Session
from simulation import pass_time, taking_part, until


class Sink(Participant):
    """Takes what comes."""

    inports = (Port("in"), Port("slow"))
    outports = (Port("out", qos=1),)

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.received: list[Any] = []
        self.may_go_on = asyncio.Event()

    def on_in(self, value: Any) -> None:
        self.received.append(value)
        self.send("out", value)

    async def on_slow(self, value: Any) -> None:
        await self.may_go_on.wait()
        self.received.append(value)


def bind(broker: MemoryBroker, sources: list[str], **about: Any) -> None:
    broker.publish("fbp/bind/sink", {"in": sources, "": {"version": 1, **about}}, retain=True)


def filters(broker: MemoryBroker) -> dict[str, int]:
    return dict(broker.sessions["sink"].filters)


async def lived(broker: MemoryBroker) -> None:
    """Have it take its bindings, and end."""
    async with taking_part(Sink("sink"), broker=broker):
        await until(lambda: "fbp/bound/sink" in broker.retained)


async def test_a_state_that_a_filter_matches_too_and_one_that_becomes_an_event_are_subscribed_to_with_qos_1(
    broker: MemoryBroker,
) -> None:
    bind(broker, ["room/heat", "attic/heat"], states=["room/heat", "attic/heat"])
    async with taking_part(Sink("sink"), broker=broker):
        await until(lambda: filters(broker).get("room/heat") == 0)
        bind(broker, ["room/#", "room/heat", "attic/heat"], states=["room/heat"])
        await until(lambda: filters(broker).get("room/#") == 1)
        await pass_time(0.1)
        assert (filters(broker)["room/heat"], filters(broker)["attic/heat"]) == (1, 1)


async def test_what_an_earlier_life_was_bound_to_is_dropped_when_the_list_reports_it(broker: MemoryBroker) -> None:
    bind(broker, ["button/pressed", "bell/rung"])
    await lived(broker)
    bind(broker, ["bell/rung"], drop=["button/pressed", "bell/rung"])
    broker.publish("button/pressed", "old")
    sink = Sink("sink")
    async with taking_part(sink, broker=broker):
        await until(lambda: "button/pressed" not in filters(broker))
        assert "bell/rung" in filters(broker)
        await pass_time(0.1)
        assert sink.received == []
        assert not broker.sessions["sink"].unconfirmed, "what is for nobody is not sent for ever"


async def test_nothing_is_acknowledged_before_its_async_handler_is_done(broker: MemoryBroker) -> None:
    sink = Sink("sink")
    async with taking_part(sink, broker=broker) as session:
        broker.publish("sink/slow", 1)
        broker.publish("sink/in", 2)
        await until(lambda: sink._runner._worker is not None)
        await pass_time(1)
        assert len(broker.sessions["sink"].unconfirmed) == 2
        session._transport._pipe.abort()  # as if it were killed
    again = Sink("sink")
    again.may_go_on.set()
    async with taking_part(again, broker=broker):
        await until(lambda: again.received == [1, 2])
        await until(lambda: not broker.sessions["sink"].unconfirmed)


async def test_acknowledgements_leave_in_the_order_of_their_packets_unless_a_handler_takes_long() -> None:
    acknowledged: list[int] = []

    def answer(first: int, content: bytes, write: Any) -> None:
        if first >> 4 == 4:
            acknowledged.append(int.from_bytes(content, "big"))

    broker = MemoryBroker(answer=answer)
    with broker:
        sink, other = Sink("sink"), Sink("other")
        async with taking_part(sink, other, broker=broker):
            for topic in ("other/in", "sink/slow", "other/in", "sink/in", "other/in"):
                broker.publish(topic, topic)
            await until(lambda: len(other.received) == 3)
            await pass_time(1)
            assert acknowledged == [1]
            sink.may_go_on.set()
            await until(lambda: acknowledged == [1, 2, 3, 4, 5])
            sink.may_go_on.clear()
            for topic in ("sink/slow", "other/in"):  # one that never ends does not hold back others for long
                broker.publish(topic, topic)
            await pass_time(4.1)
            assert acknowledged[5:] == [7]


async def test_what_follows_from_a_packet_is_sent_before_that_is_acknowledged(broker: MemoryBroker) -> None:
    seen: list[str] = []

    def answer(first: int, content: bytes, write: Any) -> None:
        if first >> 4 == 3 and b"sink/out" in content:
            seen.append("sent")
        elif first >> 4 == 4:
            seen.append("acknowledged")

    sink = Sink("sink")
    async with taking_part(sink, broker=broker) as session:
        await pass_time(1)
        broker.answer = answer  # type: ignore[assignment]
        broker.publish("sink/in", 1)
        await until(lambda: seen == ["sent", "acknowledged"])
        session._outbox.event(("sink/out", 1, False, False, False), json.dumps("before").encode())
        broker.publish("sink/in", 2)
        await until(lambda: seen == ["sent", "acknowledged", "sent", "sent", "acknowledged"])


@pytest.mark.parametrize("legacy", [False, True])
async def test_one_that_has_another_id_each_time_leaves_no_session(legacy: bool, broker: MemoryBroker) -> None:
    from msgflo.legacy import _Session

    definition = {"component": "x/Old", "label": "", "inports": [{"id": "in"}], "outports": []}
    one = Participant(definition, "old") if legacy else Sink("sink")
    session: Session = _Session([one], broker.url, {})
    running = asyncio.create_task(session.run())
    await until(lambda: session.connected)
    await session.stop()
    await running
    await pass_time(1)
    assert (session.client_id in broker.sessions) is not legacy


async def test_of_one_that_has_left_no_topic_stays_a_state(broker: MemoryBroker) -> None:
    bind(broker, ["room/heat"], states=["room/heat"])
    sink, other = Sink("sink"), Sink("other")
    async with taking_part(sink, other, broker=broker) as session:
        await until(lambda: filters(broker).get("room/heat") == 0)
        await session.remove(sink)
        broker.publish("fbp/bind/other", {"in": ["room/heat"], "": {"version": 1}}, retain=True)
        await until(lambda: filters(broker).get("room/heat") == 1)
