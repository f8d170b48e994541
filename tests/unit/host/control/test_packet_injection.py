"""Packets that are sent into an inport by hand: at once, held for who is starting, or refused with the reason."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

import msgflo
from memory_broker import MemoryBroker
from msgflo_host.control import packet_injection as module
from msgflo_host.control.coordinator import Coordinator
from msgflo_host.control.packet_injection import Injection
from msgflo_host.errors import RequestError
from msgflo_host.graph.elements import PortRef
from msgflo_host.model.events import PacketSent, Reconciled
from msgflo_host.model.graphs import MAIN
from simulation import coordinating, taking_part, until
from systems import Sink

GRAPH = "sink(test/Sink)\nhere(core/Counter)\nabsent(x/Absent)\n"
IN = PortRef("sink", "in")


class Texts(msgflo.Participant):
    """Takes texts as they are."""

    component = "test/Texts"
    inports = (msgflo.Port("in", "buffer"),)

    def on_in(self, value: object) -> None:
        pass


@asynccontextmanager
async def running(broker: MemoryBroker) -> AsyncIterator[tuple[Coordinator, Injection]]:
    """A coordinator for which every node `sink`, and what is built in, is starting."""
    async with coordinating(broker, GRAPH) as coordinator:

        def is_run_here(role: str) -> bool:
            node = coordinator.graph.nodes.get(role)
            return node is not None and (role == "sink" or node.component.startswith("core/"))

        yield coordinator, Injection(coordinator, is_run_here)


def there(coordinator: Coordinator, role: str = "sink") -> bool:
    return any(entry.state == "alive" for entry in coordinator.registry.by_role(role))


async def test_who_is_there_gets_a_packet_at_once(broker: MemoryBroker) -> None:
    sink, counted = Sink("sink"), []
    async with running(broker) as (coordinator, injection):
        async with taking_part(sink, broker=broker):
            await until(lambda: there(coordinator))
            for data in ("text", {"a": [1, None, "ü"]}, False, 10**29):
                injection.send(MAIN, IN, data)
            injection.send(MAIN, PortRef("sink", "OTHER"), 1)
            await until(lambda: len(sink.received) == 5)
        broker.on_publish.append(lambda topic, payload: counted.append((topic, payload)))
        injection.send(MAIN, PortRef("here", "in"), "x")
        await until(lambda: ("here/out", b"1") in counted)
    assert sink.received == ["text", {"a": [1, None, "ü"]}, False, 10**29, ("other", 1)]


async def test_a_packet_is_reported_when_it_is_sent_and_not_while_it_waits_or_when_it_is_refused(
    broker: MemoryBroker,
) -> None:
    sink, told = Sink("sink"), []
    async with running(broker) as (coordinator, injection):
        coordinator.events.listen(
            PacketSent, lambda event: told.append((event.graph, event.tgt, event.data, there(coordinator)))
        )
        injection.send(MAIN, IN, 1)
        injection.send(MAIN, PortRef("sink", "wrong"), 2)
        with pytest.raises(RequestError):
            injection.send(MAIN, PortRef("absent", "in"), 3)
        assert told == []
        async with taking_part(sink, broker=broker):
            await until(lambda: sink.received)
            injection.send(MAIN, IN, 4)
    assert told == [(MAIN, IN, 1, True), (MAIN, IN, 4, True)]


async def test_instances_with_a_topic_in_common_get_a_packet_once_and_others_each_for_itself(
    broker: MemoryBroker,
) -> None:
    sinks = [Sink("sink", id="one"), Sink("sink", id="two")]
    async with running(broker) as (coordinator, injection), taking_part(*sinks, broker=broker):
        await until(lambda: len(coordinator.registry.by_role("sink")) == 2)
        for number in (1, 2):
            injection.send(MAIN, IN, number)
        await until(lambda: all(2 in sink.received for sink in sinks))
    assert [sink.received for sink in sinks] == [[1, 2], [1, 2]]


async def test_packets_for_who_is_starting_wait_and_are_not_overtaken(broker: MemoryBroker) -> None:
    sink = Sink("sink")
    async with running(broker) as (coordinator, injection):
        for number in range(5):
            injection.send(MAIN, IN, number)

        async def as_soon_as_it_is_known() -> None:  # and what has waited was not sent yet
            if there(coordinator) and "late" not in sent:
                sent.append("late")
                injection.send(MAIN, IN, "late")

        sent: list[str] = []
        coordinator.after_binding.append(as_soon_as_it_is_known)
        async with taking_part(sink, broker=broker):
            await until(lambda: "late" in sink.received)
    assert sink.received == [0, 1, 2, 3, 4, "late"]


async def test_a_process_that_has_come_gets_packets_once_all_that_concerns_it_is_active(broker: MemoryBroker) -> None:
    sink, ready = Sink("sink"), asyncio.Event()

    async def prepared() -> None:
        if there(coordinator):
            await ready.wait()

    async with running(broker) as (coordinator, injection):
        coordinator.after_binding.append(prepared)
        async with taking_part(sink, broker=broker):
            await until(lambda: there(coordinator))
            injection.send(MAIN, IN, "early")
            await asyncio.sleep(0.3)
            assert sink.received == []
            ready.set()
            await until(lambda: sink.received == ["early"])


async def test_a_packet_that_has_waited_for_an_inport_that_is_not_there_is_dropped_alone(
    caplog: pytest.LogCaptureFixture, broker: MemoryBroker
) -> None:
    sink = Sink("sink")
    async with running(broker) as (_, injection):
        injection.send(MAIN, IN, 1)
        injection.send(MAIN, PortRef("sink", "wrong"), 2)
        injection.send(MAIN, IN, 3)
        async with taking_part(sink, broker=broker):
            await until(lambda: 3 in sink.received)
    assert sink.received == [1, 3]
    assert (
        'a packet that waited for node \'sink\' is dropped: "sink" has no inport "wrong"; it has "in", "other"'
    ) in caplog.messages


async def test_packets_are_forgotten_with_their_node(broker: MemoryBroker) -> None:
    sink = Sink("sink")
    async with running(broker) as (coordinator, injection):
        changes: list[None] = []
        coordinator.events.listen(Reconciled, lambda event: changes.append(None))
        injection.send(MAIN, IN, "old")
        coordinator.graphs.edit(MAIN, "removenode", {"id": "sink"})
        await until(lambda: changes)
        coordinator.graphs.edit(MAIN, "addnode", {"id": "sink", "component": "test/Sink"})
        injection.send(MAIN, IN, "new")
        async with taking_part(sink, broker=broker):
            await until(lambda: "new" in sink.received)
    assert sink.received == ["new"]


async def test_what_is_sent_into_a_graph_made_for_a_test_waits_until_its_processes_are_joined(
    broker: MemoryBroker,
) -> None:
    sink, graph = Sink("sink"), "fixture.x"

    async with running(broker) as (coordinator, injection):
        changes: list[None] = []
        coordinator.events.listen(Reconciled, lambda event: changes.append(None))
        coordinator.graphs.edit(graph, "clear", {})
        await until(lambda: changes)
        for id, component in (("first", "core/Repeat"), ("sink", "test/Sink")):
            coordinator.graphs.edit(graph, "addnode", {"id": id, "component": component})
        edge = {"src": {"node": "first", "port": "out"}, "tgt": {"node": "sink", "port": "in"}}
        coordinator.graphs.edit(graph, "addedge", edge)
        coordinator.graphs.start(graph)
        for number in range(3):
            injection.send(graph, PortRef("first", "in"), number)
        async with taking_part(sink, broker=broker):
            await until(lambda: sink.received == [0, 1, 2])
            injection.send(graph, PortRef("first", "in"), 3)
            await until(lambda: sink.received == [0, 1, 2, 3])


async def test_what_is_sent_into_a_graph_that_has_just_been_started_waits_until_it_is_active(
    broker: MemoryBroker,
) -> None:
    sink, graph, ready = Sink("sink"), "fixture.x", asyncio.Event()

    async def prepared() -> None:
        if coordinator.graphs.network(graph).started:
            await ready.wait()

    async with running(broker) as (coordinator, injection):
        coordinator.graphs.edit(graph, "clear", {})
        coordinator.graphs.edit(graph, "addnode", {"id": "sink", "component": "test/Sink"})
        async with taking_part(sink, broker=broker):
            await until(lambda: "sink" in coordinator.applied_roles)  # its process has come before the graph is started
            coordinator.after_binding.append(prepared)
            coordinator.graphs.start(graph)
            injection.send(graph, IN, "early")
            await asyncio.sleep(0.3)
            assert sink.received == []
            ready.set()
            await until(lambda: sink.received == ["early"])


@pytest.mark.parametrize(
    ("ref", "text"),
    [
        (PortRef("absent", "in"), 'node "absent" is absent, so its inport "in" takes no packets'),
        (PortRef("none", "in"), 'node "none" is absent, so its inport "in" takes no packets'),
        (PortRef("here", "on"), '"here" has no inport "on"; it has "in", "reset", "step"'),
        (PortRef("here", "in", 3), 'inport "in" of "here" has no index [3]; no port has one'),
    ],
)
async def test_what_nobody_takes_is_refused(ref: PortRef, text: str, broker: MemoryBroker) -> None:
    async with running(broker) as (_, injection):
        with pytest.raises(RequestError) as caught:
            injection.send(MAIN, ref, 1)
        assert str(caught.value) == text


async def test_without_a_broker_packets_to_others_are_refused(broker: MemoryBroker) -> None:
    async with running(broker) as (coordinator, injection), taking_part(Sink("sink"), broker=broker):
        await until(lambda: "sink" in coordinator.applied_roles)
        broker.stop()
        await until(lambda: not coordinator.connected)
        with pytest.raises(RequestError, match="the broker is out of reach"):
            injection.send(MAIN, IN, 1)


async def test_few_packets_wait(monkeypatch: pytest.MonkeyPatch, broker: MemoryBroker) -> None:
    monkeypatch.setattr(module, "MOST_HELD", 3)
    async with running(broker) as (_, injection):
        for number in range(3):
            injection.send(MAIN, IN, number)
        with pytest.raises(RequestError) as caught:
            injection.send(MAIN, IN, 3)
        assert str(caught.value) == (
            "3 packets are waiting for components that are starting; at most 3 and 4 MiB may wait"
        )


async def test_a_text_for_an_inport_of_texts_is_sent_as_it_is(broker: MemoryBroker) -> None:
    sent = ['{"a": "hé"}'.encode(), b"7"]
    async with running(broker) as (coordinator, injection), taking_part(Texts("texts"), broker=broker):
        await until(lambda: there(coordinator, "texts"))
        for data in ('{"a": "hé"}', 7):
            injection.send(MAIN, PortRef("texts", "in"), data)
        await until(lambda: [payload for topic, payload in broker.heard if topic == "texts/in"] == sent)
