"""Edges to others than participants of ours: what the coordinator asks the forwarder for, and what it shows."""

from __future__ import annotations

from typing import Any

import pytest

from memory_broker import MemoryBroker
from msgflo_host.control.coordinator import Coordinator
from msgflo_host.control.system_status import snapshot
from msgflo_host.graph import fbp_reader
from simulation import coordinating, edge_kind, forwarding, pass_time, until
from systems import discovery_message, edge

GRAPH = "button(x/Button) PRESSED -> ON lamp(x/Lamp)\n"
LIST = "fbp/forward/lamp"


@pytest.fixture
def broker() -> MemoryBroker:
    """A broker that keeps what a button and a lamp have announced."""
    broker = MemoryBroker()
    come(broker)
    return broker


def come(broker: MemoryBroker) -> None:
    """Have a button and a lamp that know nothing of bindings announce themselves."""
    button = discovery_message("button", id="button", outports=[{"id": "pressed", "queue": "button/pressed"}])
    lamp = discovery_message("lamp", id="lamp", inports=[{"id": "on", "queue": "lamp/on"}])
    for name, message in (("button", button), ("lamp", lamp)):
        broker.publish(f"fbp/participant/{name}", message, retain=True)
        broker.publish("fbp", message)


def shown(coordinator: Coordinator) -> dict[str, Any]:
    return edge(snapshot(coordinator), "button.pressed", "lamp.on")


async def is_forwarded(broker: MemoryBroker) -> None:
    """Wait until a press arrives at the lamp."""
    count = len(broker.values("lamp/on"))

    def arrives() -> bool:
        broker.publish("button/pressed", "1")
        return len(broker.values("lamp/on")) > count

    await until(arrives)


async def test_without_a_forwarder_it_is_logged_once_and_shown_until_there_is_one(
    logged: pytest.LogCaptureFixture, broker: MemoryBroker
) -> None:
    async with coordinating(broker, GRAPH, alone=True) as coordinator:
        without = ("forwarded", "no forwarder is there (`msgflo forward`)")
        await until(lambda: (shown(coordinator)["kind"], shown(coordinator)["reason"]) == without)
        for graph in ("", GRAPH):  # an edit waits no more
            coordinator.replace_graph(fbp_reader.parse(graph))
            await pass_time(1)
            assert (LIST in broker.retained) == bool(graph)
        async with forwarding(broker):
            await until(lambda: not shown(coordinator)["reason"])
            await is_forwarded(broker)
    assert logged.text.count("no forwarder has answered within 5 s") == 1


async def test_the_next_coordinator_takes_the_lists_over_and_packets_flow_all_the_time(broker: MemoryBroker) -> None:
    async with forwarding(broker):
        for start in range(3):
            async with coordinating(broker, GRAPH, alone=True) as coordinator:
                await until(lambda: edge_kind(coordinator, "button.pressed", "lamp.on") == "forwarded")
                broker.publish("button/pressed", f"{start} with")
                await pass_time(1)
            broker.publish("button/pressed", f"{start} without")
            await pass_time(1)
    assert broker.values("lamp/on") == ["0 with", "0 without", "1 with", "1 without", "2 with", "2 without"]
    assert len(broker.values(LIST)) == 1


async def test_initial_packets_and_edits_wait_for_what_is_forwarded(broker: MemoryBroker) -> None:
    """A packet that is sent as soon as the edge is shown arrives."""
    async with coordinating(broker) as coordinator:
        for number in range(10):
            coordinator.replace_graph(fbp_reader.parse(GRAPH))
            await until(lambda: edge_kind(coordinator, "button.pressed", "lamp.on") == "forwarded")
            broker.publish("button/pressed", number)
            await pass_time(1)
            coordinator.replace_graph(fbp_reader.parse(""))
            await until(lambda: not coordinator.plan.edges)
            broker.publish("button/pressed", "late")
    assert broker.values("lamp/on") == [*range(10)]


async def test_on_a_broker_that_sends_nothing_of_what_it_keeps_to_wildcards_both_sides_ask() -> None:
    broker = MemoryBroker(wildcards=False)
    with broker:
        async with forwarding(broker):
            async with coordinating(broker, GRAPH, alone=True) as coordinator:
                await until(lambda: come(broker) or edge_kind(coordinator, "button.pressed", "lamp.on") == "forwarded")
                await is_forwarded(broker)
            async with coordinating(broker, alone=True):  # whose graph has no edge
                await until(lambda: LIST not in broker.retained)
        async with coordinating(broker, GRAPH, alone=True) as coordinator:
            await until(lambda: come(broker) or edge_kind(coordinator, "button.pressed", "lamp.on") == "forwarded")
            for _ in range(2):
                async with forwarding(broker):
                    await is_forwarded(broker)


async def test_what_others_write_on_the_topic_of_a_list_is_put_right(broker: MemoryBroker) -> None:
    async with coordinating(broker, GRAPH) as coordinator:
        await until(lambda: edge_kind(coordinator, "button.pressed", "lamp.on") == "forwarded")
        for forged in ("", "{", "[]", '{"version": 1000, "forwards": []}', '{"version": 9, "forwards": [{}]}'):
            broker.publish(LIST, forged, retain=True)
            broker.publish("fbp/forward/stranger", forged, retain=True)
            await pass_time(1)
            assert "fbp/forward/stranger" not in broker.retained
            await is_forwarded(broker)
