"""Built-in components of a running coordinator: among themselves in memory, and towards everybody else on MQTT."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from event_loop import run_simulated
from fbp_service import joined, read, service_of
from memory_broker import MemoryBroker
from msgflo_host.builtin.host import CLIENT_ID
from msgflo_host.components import Components
from msgflo_host.coordinator import Coordinator
from msgflo_host.fbp.envelope import parse
from msgflo_host.graph.elements import PortRef
from msgflo_host.graphs import MAIN
from msgflo_host.library import Library
from simulation import beside, coordinating, pass_time, taking_part, until
from systems import Sink, Source, discovery_message


def simulated(test: Callable[[MemoryBroker], Awaitable[None]], broker: MemoryBroker | None = None) -> None:
    """Run a test beside a broker in memory."""

    async def main() -> None:
        with broker or MemoryBroker() as running:
            await test(running)

    run_simulated(main)


@asynccontextmanager
async def running(broker: MemoryBroker, graph: str) -> AsyncIterator[Coordinator]:
    """A coordinator whose built-in components have come, and have subscribed."""
    async with coordinating(broker, graph) as coordinator:
        names = [word.split("(")[0] for word in graph.split() if "core/" in word]
        await until(lambda: {*map(coordinator.registry.state, names)} == {"alive"})
        await in_force(coordinator)
        yield coordinator


async def in_force(coordinator: Coordinator) -> None:
    """Wait until all edges are in force."""
    await until(lambda: all(state.kind != "pending" for _, state in coordinator.plan.edges))
    await pass_time(1)


def test_packets_of_a_board_pass_through_built_in_components_to_another_board() -> None:
    graph = """
    from(test/Source) OUT -> IN double(core/Expression)
    'in * 2' -> EXPRESSION double
    double() OUT -> IN again(core/Expression)
    'in * 10' -> EXPRESSION again
    again() OUT -> IN to(test/Sink)
    """
    source, sink = Source("from"), Sink("to")

    async def main(broker: MemoryBroker) -> None:
        async with taking_part(source, sink, broker=broker), running(broker, graph):
            for number in (1, 2, 3):
                source.send("out", number)
            await until(lambda: sink.received == [20, 40, 60])
            assert broker.values("double/out") == [], "what stays inside is not sent to the broker"

    simulated(main)


def test_a_built_in_component_takes_what_is_published_on_its_inports_topic_and_publishes_what_no_edge_takes() -> None:
    async def main(broker: MemoryBroker) -> None:
        async with running(broker, "alarm(core/Threshold)\n'30' -> LEVEL alarm\n"):
            found = json.loads(broker.retained["fbp/participant/alarm"])["payload"]
            assert (found["component"], found["connection"]) == ("core/Threshold", CLIENT_ID)
            assert broker.retained[f"fbp/connection/{CLIENT_ID}"] == b"online"
            topics = {port["id"]: port["queue"] for port in found["inports"] + found["outports"]}
            broker.publish(topics["in"], 31)
            await until(lambda: broker.values(topics["out"]) == [True])

    simulated(main)


def test_built_in_components_take_back_what_they_have_announced() -> None:
    async def main(broker: MemoryBroker) -> None:
        async with running(broker, "count(core/Counter)\nother(core/Counter)\n") as coordinator:
            assert announced(broker) == {"count", "other"}
            coordinator.graphs.edit(MAIN, "removenode", {"id": "count"})
            await until(lambda: announced(broker) == {"other"})
        await until(lambda: announced(broker) == set() and f"fbp/connection/{CLIENT_ID}" not in broker.retained)

    simulated(main)


def announced(broker: MemoryBroker) -> set[str]:
    return {topic.rpartition("/")[2] for topic in broker.retained if topic.startswith("fbp/participant/")}


def test_built_in_components_come_back_with_the_broker() -> None:
    async def main(broker: MemoryBroker) -> None:
        async with running(broker, "double(core/Expression)\n'in * 2' -> EXPRESSION double\n") as coordinator:
            broker.stop()
            await until(lambda: not coordinator.connected)
            broker.retained.clear()
            broker.start()
            await until(lambda: announced(broker) == {"double"})
            await until(lambda: broker.publish("double/in", 4) or broker.values("double/out"))
            assert broker.values("double/out")[0] == 8

    simulated(main)


def test_a_stopped_network_runs_no_built_in_component_and_a_started_one_begins_anew() -> None:
    graph = "clock(core/Timer)\n'0.5' -> INTERVAL clock\nclock() OUT -> IN count(core/Counter)\n"

    async def main(broker: MemoryBroker) -> None:
        sent: list[Any] = []
        async with running(broker, graph) as coordinator:
            coordinator.builtin.engine.on_packet.append(lambda role, port, data: sent.append((role, data)))
            await until(lambda: len(sent) > 5)
            coordinator.graphs.stop(MAIN)
            await until(lambda: announced(broker) == set())
            sent.clear()
            await pass_time(5)
            assert sent == []
            coordinator.graphs.start(MAIN)
            await until(lambda: len(sent) > 1)
            assert sent[:2] == [("clock", 1), ("count", 1)], "both count from the beginning"

    simulated(main)


def test_an_outport_that_leads_inside_and_outside_is_heard_on_both_sides_once() -> None:
    graph = """
    in(core/Repeat) OUT -> IN count(core/Counter)
    in() OUT -> IN to(test/Sink)
    count() OUT -> OTHER to
    """
    sink = Sink("to")

    async def main(broker: MemoryBroker) -> None:
        async with taking_part(sink, broker=broker), running(broker, graph):
            for value in ("a", "b"):
                broker.publish("in/in", json.dumps(value))
            await until(lambda: len(sink.received) >= 4)
            await pass_time(1)
            assert [value for value in sink.received if isinstance(value, str)] == ["a", "b"]
            assert [value for value in sink.received if isinstance(value, tuple)] == [("other", 1), ("other", 2)]
            assert broker.values("in/out") == ["a", "b"]

    simulated(main)


def test_a_renamed_component_goes_on_where_it_was() -> None:
    graph = """
    from(test/Source) OUT -> IN count(core/Counter)
    5 -> IN count
    count() OUT -> IN behind(core/Repeat)
    """
    source = Source("from")

    async def main(broker: MemoryBroker) -> None:
        def rename(old: str, new: str) -> None:
            coordinator.graphs.edit(MAIN, "renamenode", {"from": old, "to": new})

        async with taking_part(source, broker=broker), running(broker, graph) as coordinator:
            for _ in range(3):
                source.send("out", 1)
            await until(lambda: broker.values("behind/out")[-1:] == [4])
            rename("count", "sum")
            rename("behind", "count")
            coordinator.graphs.edit(MAIN, "addnode", {"id": "behind", "component": "core/Not"})
            await in_force(coordinator)
            source.send("out", 1)
            await until(lambda: broker.values("count/out"))
            assert broker.values("count/out") == [5], "it has not begun anew"
            components = {entry.participant.role: entry.participant.component for entry in coordinator.registry.all()}
            assert components == {
                "from": "test/Source",
                "sum": "core/Counter",
                "count": "core/Repeat",
                "behind": "core/Not",
            }

    simulated(main)


TWO_SOURCES = """
lit(x/Lit) OUT -> IN count(core/Counter)
wild(x/Wild) OUT -> IN other(core/Repeat)
more(core/Repeat)
"""


@pytest.fixture
def sources() -> MemoryBroker:
    """A broker with two who are not ours: one topic of the one is among those of the other."""
    broker = MemoryBroker()
    for role, component, topic in (("lit", "x/Lit", "yy/a"), ("wild", "x/Wild", "yy/#")):
        outports = [{"id": "out", "queue": topic, "type": "any"}]
        message = discovery_message(role, id=role, component=component, outports=outports)
        broker.publish(f"fbp/participant/{role}", message, retain=True)
    broker.publish("yy/a", '"kept"', retain=True)
    return broker


async def rewire(coordinator: Coordinator, *, times: int) -> None:
    """Have another edge with wildcards come and go, each brought in force by itself."""
    edge = {"src": {"node": "wild", "port": "out"}, "tgt": {"node": "more", "port": "in"}}
    kept = {"src": {"node": "wild", "port": "out"}, "tgt": {"node": "other", "port": "in"}}
    for _ in range(times):
        for command, each in (("removeedge", kept), ("addedge", edge), ("removeedge", edge), ("addedge", kept)):
            coordinator.graphs.edit(MAIN, command, each)
            await pass_time(0.1)


def test_a_retained_packet_counts_once_whatever_becomes_of_other_edges(sources: MemoryBroker) -> None:
    async def main(broker: MemoryBroker) -> None:
        async with running(broker, TWO_SOURCES) as coordinator:
            await until(lambda: broker.values("count/out") == [1])
            await rewire(coordinator, times=4)
            broker.publish("yy/a", '"new"')
            await pass_time(1)
            assert broker.values("count/out") == [1, 2]

    simulated(main, sources)


def test_no_packet_is_lost_or_doubled_while_other_edges_come_and_go(sources: MemoryBroker) -> None:
    packets = 300

    async def main(broker: MemoryBroker) -> None:
        async def flood() -> None:
            for number in range(1, packets + 1):
                broker.publish("yy/a", number)
                await asyncio.sleep(0.004)

        async with running(broker, TWO_SOURCES) as coordinator:
            await until(lambda: broker.values("count/out") == [1])
            async with beside(flood()) as flooding:
                await rewire(coordinator, times=3)
                await flooding
            await until(lambda: len(broker.values("count/out")) > packets)
            assert broker.values("count/out") == list(range(1, packets + 2))

    simulated(main, sources)


def test_a_new_edge_gets_the_retained_packet_also_where_its_topic_is_read_already(sources: MemoryBroker) -> None:
    async def main(broker: MemoryBroker) -> None:
        async with running(broker, TWO_SOURCES) as coordinator:
            await until(lambda: broker.values("count/out") == [1])
            edge = {"src": {"node": "lit", "port": "out"}, "tgt": {"node": "more", "port": "in"}}
            coordinator.graphs.edit(MAIN, "addedge", edge)
            await until(lambda: broker.values("more/out") == ["kept"])
            assert broker.values("count/out") == [1]

    simulated(main, sources)


def test_what_core_log_shows_and_what_goes_wrong_in_a_component_is_in_the_coordinators_log(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging.getLogger("msgflo"), "propagate", True)
    caplog.set_level(logging.INFO)
    graph = "seen(core/Log)\n'kitchen' -> LABEL seen\nsum(core/Expression)\n'in +' -> EXPRESSION sum\n"

    async def main(broker: MemoryBroker) -> None:
        async with running(broker, graph):
            broker.publish("seen/in", 21.5)
            await until(lambda: "seen: kitchen: 21.5" in caplog.messages)
            assert any(message.startswith("sum: ") for message in caplog.messages)

    simulated(main)


def test_nothing_is_shown_on_an_edge_that_is_refused() -> None:
    async def main(broker: MemoryBroker) -> None:
        async with running(broker, "clock(core/Timer)\n'0.1' -> INTERVAL clock\nnext(core/Counter)\n") as coordinator:
            service = service_of(coordinator, Components(Library(), coordinator))
            client = joined(service)
            async with beside(service.run()):
                request = {"protocol": "runtime", "command": "getruntime", "payload": {}, "requestId": "1"}
                service.dispatcher.handle(client, parse(json.dumps(request)))
                for port in ("absent", "in"):
                    src, tgt = PortRef("clock", "out"), PortRef("next", port)
                    coordinator.graphs.edit(MAIN, "addedge", {"src": src.as_end(), "tgt": tgt.as_end()})
                await in_force(coordinator)
                read(client)
                shown: list[str] = []

                def look() -> bool:
                    for frame in read(client):
                        if (frame["protocol"], frame["command"]) == ("network", "data"):
                            shown.append(frame["payload"]["tgt"]["port"])
                    return len(shown) > 3

                await until(look)
                assert set(shown) == {"in"}

    simulated(main)
