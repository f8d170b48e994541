"""Packets that are sent into an inport by hand: at once, held for who is starting, or refused with the reason."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest

import msgflo
from brokers import Broker
from listening import Ear
from msgflo_host import injection as module
from msgflo_host.coordinator import Coordinator
from msgflo_host.errors import RequestError
from msgflo_host.graph import fbp_format
from msgflo_host.graph.elements import PortRef
from msgflo_host.graphs import MAIN
from msgflo_host.injection import Injection
from systems import Participants, Sink

GRAPH = "sink(test/Sink)\nhere(core/Counter)\nabsent(x/Absent)\n"
IN = PortRef("sink", "in")


class Texts(msgflo.Participant):
    """Takes texts as they are."""

    component = "test/Texts"
    inports = (msgflo.Port("in", "buffer"),)

    def on_in(self, value: object) -> None:
        pass


async def soon(condition: Callable[[], Any]) -> None:
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0.01)


@asynccontextmanager
async def running(broker: Broker) -> AsyncIterator[tuple[Coordinator, Injection]]:
    """A coordinator in this process, for which every node `sink` is starting."""
    coordinator = Coordinator(msgflo.Broker.parse(broker.url), fbp_format.parse(GRAPH))
    injection = Injection(coordinator, lambda role: role == "sink" and role in coordinator.graph.nodes)
    task = asyncio.create_task(coordinator.run())
    try:
        await soon(lambda: coordinator.connected)
        yield coordinator, injection
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def there(coordinator: Coordinator, role: str = "sink") -> bool:
    return any(entry.state == "alive" for entry in coordinator.registry.by_role(role))


def run(scenario: Coroutine[Any, Any, None]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(45):
            await scenario

    asyncio.run(bounded())


def test_who_is_there_gets_a_packet_at_once(broker: Broker) -> None:
    async def scenario() -> None:
        sink, counted = Sink("sink"), []
        async with running(broker) as (coordinator, injection):
            with Participants(sink, broker=broker.url):
                await soon(lambda: there(coordinator))
                for data in ("text", {"a": [1, None, "ü"]}, False, 10**29):
                    injection.send(MAIN, IN, data)
                injection.send(MAIN, PortRef("sink", "OTHER"), 1)
                await soon(lambda: len(sink.received) == 5)
            coordinator.builtin.engine.on_packet.append(lambda *packet: counted.append(packet))
            injection.send(MAIN, PortRef("here", "in"), "x")
            await soon(lambda: counted == [("here", "out", 1)])
        assert sink.received == ["text", {"a": [1, None, "ü"]}, False, 10**29, ("other", 1)]

    run(scenario())


def test_a_packet_is_told_when_it_is_sent_and_not_while_it_waits_or_when_it_is_refused(broker: Broker) -> None:
    async def scenario() -> None:
        sink, told = Sink("sink"), []
        async with running(broker) as (coordinator, injection):
            injection.on_sent.append(lambda *sent: told.append((*sent, there(coordinator))))
            injection.send(MAIN, IN, 1)
            injection.send(MAIN, PortRef("sink", "wrong"), 2)
            with pytest.raises(RequestError):
                injection.send(MAIN, PortRef("absent", "in"), 3)
            assert told == []
            with Participants(sink, broker=broker.url):
                await soon(lambda: sink.received)
                injection.send(MAIN, IN, 4)
        assert told == [(MAIN, IN, 1, True), (MAIN, IN, 4, True)]

    run(scenario())


def test_instances_with_a_topic_in_common_get_a_packet_once_and_others_each_for_itself(broker: Broker) -> None:
    async def scenario() -> None:
        sinks = [Sink("sink", id="one"), Sink("sink", id="two")]
        async with running(broker) as (coordinator, injection):
            with Participants(*sinks, broker=broker.url):
                await soon(lambda: len(coordinator.registry.by_role("sink")) == 2)
                for number in (1, 2):
                    injection.send(MAIN, IN, number)
                await soon(lambda: all(2 in sink.received for sink in sinks))
        assert [sink.received for sink in sinks] == [[1, 2], [1, 2]]

    run(scenario())


def test_packets_for_who_is_starting_wait_and_are_not_overtaken(broker: Broker) -> None:
    async def scenario() -> None:
        sink = Sink("sink")
        async with running(broker) as (coordinator, injection):
            for number in range(5):
                injection.send(MAIN, IN, number)

            async def as_soon_as_it_is_known() -> None:  # and what has waited was not sent yet
                if there(coordinator) and "late" not in sent:
                    sent.append("late")
                    injection.send(MAIN, IN, "late")

            sent: list[str] = []
            coordinator.on_plan.append(as_soon_as_it_is_known)
            with Participants(sink, broker=broker.url):
                await soon(lambda: "late" in sink.received)
        assert sink.received == [0, 1, 2, 3, 4, "late"]

    run(scenario())


def test_a_process_that_has_come_gets_packets_once_all_that_concerns_it_is_in_force(broker: Broker) -> None:
    async def scenario() -> None:
        sink, ready = Sink("sink"), asyncio.Event()

        async def prepared() -> None:
            if there(coordinator):
                await ready.wait()

        async with running(broker) as (coordinator, injection):
            coordinator.on_plan.append(prepared)
            with Participants(sink, broker=broker.url):
                await soon(lambda: there(coordinator))
                injection.send(MAIN, IN, "early")
                await asyncio.sleep(0.3)
                assert sink.received == []
                ready.set()
                await soon(lambda: sink.received == ["early"])

    run(scenario())


def test_a_packet_that_has_waited_for_an_inport_that_is_not_there_is_dropped_alone(
    broker: Broker, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario() -> None:
        sink = Sink("sink")
        async with running(broker) as (_, injection):
            injection.send(MAIN, IN, 1)
            injection.send(MAIN, PortRef("sink", "wrong"), 2)
            injection.send(MAIN, IN, 3)
            with Participants(sink, broker=broker.url):
                await soon(lambda: 3 in sink.received)
        assert sink.received == [1, 3]

    run(scenario())
    assert (
        'a packet that waited for node \'sink\' is dropped: "sink" has no inport "wrong"; it has "in", "other"'
    ) in caplog.messages


def test_packets_are_forgotten_with_their_node(broker: Broker) -> None:
    async def scenario() -> None:
        sink = Sink("sink")
        async with running(broker) as (coordinator, injection):
            changes: list[None] = []
            coordinator.on_change.append(lambda: changes.append(None))
            injection.send(MAIN, IN, "old")
            coordinator.graphs.edit(MAIN, "removenode", {"id": "sink"})
            await soon(lambda: changes)
            coordinator.graphs.edit(MAIN, "addnode", {"id": "sink", "component": "test/Sink"})
            injection.send(MAIN, IN, "new")
            with Participants(sink, broker=broker.url):
                await soon(lambda: "new" in sink.received)
        assert sink.received == ["new"]

    run(scenario())


def test_packets_are_forgotten_with_their_graph(broker: Broker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_HELD", 1)

    async def scenario() -> None:
        async with running(broker) as (coordinator, injection):
            coordinator.graphs.edit("other", "clear", {})
            coordinator.graphs.edit("other", "addnode", {"id": "sink", "component": "test/Sink"})
            injection.send("other", IN, "old")
            with pytest.raises(RequestError, match="1 packets are waiting"):
                injection.send(MAIN, IN, "new")
            changes: list[None] = []
            coordinator.on_change.append(lambda: changes.append(None))
            coordinator.graphs.remove("other")
            await soon(lambda: changes)
            injection.send(MAIN, IN, "new")

    run(scenario())


def test_what_is_sent_into_a_graph_made_for_a_test_waits_until_its_processes_are_joined(broker: Broker) -> None:
    async def scenario() -> None:
        sink, graph = Sink("sink"), "fixture.x"

        async def joined() -> None:
            """Who is bound says to nobody when it has subscribed; the coordinator gives it a moment, which may be short."""
            topic = coordinator.builtin.outports.get((coordinator.graphs.role(graph, "first"), "out"))
            if topic is not None and there(coordinator):
                await soon(lambda: re.search(rf" \d {re.escape(topic)}$", broker.log, re.MULTILINE))

        async with running(broker) as (coordinator, injection):
            coordinator.on_plan.append(joined)
            changes: list[None] = []
            coordinator.on_change.append(lambda: changes.append(None))
            coordinator.graphs.edit(graph, "clear", {})
            await soon(lambda: changes)
            for id, component in (("first", "core/Repeat"), ("sink", "test/Sink")):
                coordinator.graphs.edit(graph, "addnode", {"id": id, "component": component})
            edge = {"src": {"node": "first", "port": "out"}, "tgt": {"node": "sink", "port": "in"}}
            coordinator.graphs.edit(graph, "addedge", edge)
            coordinator.graphs.start(graph)
            for number in range(3):
                injection.send(graph, PortRef("first", "in"), number)
            with Participants(sink, broker=broker.url):
                await soon(lambda: sink.received == [0, 1, 2])
                injection.send(graph, PortRef("first", "in"), 3)
                await soon(lambda: sink.received == [0, 1, 2, 3])

    run(scenario())


def test_what_is_sent_into_a_graph_that_has_just_been_started_waits_until_it_is_in_force(broker: Broker) -> None:
    async def scenario() -> None:
        sink, graph, ready = Sink("sink"), "fixture.x", asyncio.Event()

        async def prepared() -> None:
            if coordinator.graphs.network(graph).started:
                await ready.wait()

        async with running(broker) as (coordinator, injection):
            coordinator.graphs.edit(graph, "clear", {})
            coordinator.graphs.edit(graph, "addnode", {"id": "sink", "component": "test/Sink"})
            with Participants(sink, broker=broker.url):
                await soon(lambda: "sink" in coordinator.served)  # its process has come before the graph is started
                coordinator.on_plan.append(prepared)
                coordinator.graphs.start(graph)
                injection.send(graph, IN, "early")
                await asyncio.sleep(0.3)
                assert sink.received == []
                ready.set()
                await soon(lambda: sink.received == ["early"])

    run(scenario())


@pytest.mark.parametrize(
    ("ref", "text"),
    [
        (PortRef("absent", "in"), 'node "absent" is absent, so its inport "in" takes no packets'),
        (PortRef("none", "in"), 'node "none" is absent, so its inport "in" takes no packets'),
        (PortRef("here", "on"), '"here" has no inport "on"; it has "in", "reset", "step"'),
        (PortRef("here", "in", 3), 'inport "in" of "here" has no index [3]; no port has one'),
    ],
)
def test_what_nobody_takes_is_refused(broker: Broker, ref: PortRef, text: str) -> None:
    async def scenario() -> None:
        async with running(broker) as (_, injection):
            with pytest.raises(RequestError) as caught:
                injection.send(MAIN, ref, 1)
            assert str(caught.value) == text

    run(scenario())


def test_without_a_broker_packets_to_others_are_refused(broker: Broker) -> None:
    async def scenario() -> None:
        async with running(broker) as (coordinator, injection):
            with Participants(Sink("sink"), broker=broker.url):
                await soon(lambda: "sink" in coordinator.served)
                await asyncio.to_thread(broker.kill)
                await soon(lambda: not coordinator.connected)
                with pytest.raises(RequestError, match="the broker is out of reach"):
                    injection.send(MAIN, IN, 1)

    run(scenario())


def test_few_packets_wait(broker: Broker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_HELD", 3)

    async def scenario() -> None:
        async with running(broker) as (_, injection):
            for number in range(3):
                injection.send(MAIN, IN, number)
            with pytest.raises(RequestError) as caught:
                injection.send(MAIN, IN, 3)
            assert str(caught.value) == (
                "3 packets are waiting for components that are starting; no more are kept than 3 and 4 MiB"
            )

    run(scenario())


def test_large_packets_that_wait_are_bounded_in_bytes(broker: Broker) -> None:
    async def scenario() -> None:
        async with running(broker) as (_, injection):
            for _ in range(3):
                injection.send(MAIN, IN, "x" * 1024 * 1024)
            with pytest.raises(RequestError, match="3 packets are waiting"):
                injection.send(MAIN, IN, "x" * 1024 * 1024)
            injection.send(MAIN, IN, "small")

    run(scenario())


def test_a_text_for_an_inport_of_texts_is_sent_as_it_is(broker: Broker) -> None:
    async def scenario() -> None:
        ear = Ear(broker)
        try:
            async with running(broker) as (coordinator, injection):
                with Participants(Texts("texts"), broker=broker.url):
                    await soon(lambda: there(coordinator, "texts"))
                    for data in ('{"a": "hé"}', 7):
                        injection.send(MAIN, PortRef("texts", "in"), data)
                    await soon(lambda: len([1 for topic, _ in ear.heard if topic == "texts/in"]) == 2)
            assert [payload for topic, payload in ear.heard if topic == "texts/in"] == [{"a": "hé"}, 7]
        finally:
            ear.stop()

    run(scenario())
