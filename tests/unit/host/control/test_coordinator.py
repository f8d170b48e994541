"""The coordinator: binding, rebinding, loss and return, as participants and other clients of a broker see it."""

from __future__ import annotations

import asyncio
import json
import time

import pytest

import msgflo
from memory_broker import MemoryBroker
from msgflo_host.control.coordinator import Coordinator
from msgflo_host.control.system_status import snapshot
from msgflo_host.graph import fbp_reader
from msgflo_host.graph.model import Graph
from msgflo_host.model.events import Notice
from msgflo_host.wire import lease
from msgflo_host.wire.lease import Taken
from simulation import beside, coordinating, edge_kind, pass_time, taking_part, until
from systems import Sink, Source, discovery_message, node

EDGE = "source(test/Source) OUT -> IN sink(test/Sink)\n"
BOUND = "fbp/bind/sink"


async def bound(coordinator: Coordinator, source: Source, sink: Sink) -> None:
    """Wait for a direct edge; it is active when the sink has subscribed: the first packet that arrives proves it."""
    await until(lambda: edge_kind(coordinator, "source.out", "sink.in") == "direct")
    await until(lambda: source.send("out", "ready") or "ready" in sink.received)
    await pass_time(1)
    sink.received.clear()


def state(coordinator: Coordinator, name: str) -> str:
    return str(node(snapshot(coordinator), name)["state"])


async def test_an_edge_waits_for_both_ends_and_then_carries_each_packet_once(broker: MemoryBroker) -> None:
    source, sink = Source("source"), Sink("sink")
    async with coordinating(broker, EDGE) as coordinator:
        await until(lambda: edge_kind(coordinator, "source.out", "sink.in") == "pending")
        async with taking_part(source, broker=broker):
            await until(lambda: state(coordinator, "source") == "alive")
            await pass_time(5)
            assert edge_kind(coordinator, "source.out", "sink.in") == "pending"
            async with taking_part(sink, broker=broker):
                await bound(coordinator, source, sink)
                for number in range(100):
                    source.send("out", number)
                await until(lambda: 99 in sink.received)
    assert sink.received == [*range(100)]


async def test_initial_packets_go_out_at_each_start_falsy_ones_too_and_at_once_when_added(broker: MemoryBroker) -> None:
    graph = "0 -> IN sink(test/Sink)\nfalse -> OTHER sink\n"
    async with coordinating(broker, graph) as coordinator:
        for _ in range(2):
            sink = Sink("sink")
            async with taking_part(sink, broker=broker):
                await until(lambda sink=sink: len(sink.received) == 2)
                assert sorted(map(str, sink.received)) == ["('other', False)", "0"]
            await until(lambda: state(coordinator, "sink") == "lost")
        sink = Sink("sink")
        async with taking_part(sink, broker=broker):
            await until(lambda: len(sink.received) == 2)
            coordinator.replace_graph(fbp_reader.parse(graph + "'late' -> IN sink\n"))
            await until(lambda: len(sink.received) == 3)
            assert sink.received[2] == "late"


async def test_a_participant_that_vanishes_is_lost_and_bound_again_when_it_is_back(broker: MemoryBroker) -> None:
    source = Source("source")

    async def come_and_vanish(coordinator: Coordinator, broker: MemoryBroker) -> None:
        sink = Sink("sink")
        async with taking_part(sink, broker=broker) as session:
            await until(lambda: ("other", "hello") in sink.received)
            await bound(coordinator, source, sink)
            session._link.closing = True  # it does not come back
            broker.end("sink")
            await until(lambda: state(coordinator, "sink") == "lost")

    graph = EDGE + "'hello' -> OTHER sink\n"
    async with coordinating(broker, graph) as coordinator, taking_part(source, broker=broker):
        for _ in range(2):
            await come_and_vanish(coordinator, broker)


async def test_all_flows_again_after_a_restart_of_the_broker(broker: MemoryBroker) -> None:
    source, sink = Source("source"), Sink("sink")
    async with coordinating(broker, EDGE) as coordinator, taking_part(source, sink, broker=broker):
        for _ in range(2):
            await bound(coordinator, source, sink)
            broker.stop()
            await until(lambda: not coordinator.connected)
            broker.start()
            await until(lambda: coordinator.connected)
        await bound(coordinator, source, sink)


async def test_an_edge_to_a_port_that_is_not_there_is_refused_by_name(
    logged: pytest.LogCaptureFixture, broker: MemoryBroker
) -> None:
    async with (
        coordinating(broker, EDGE + "source NONE -> IN sink\n") as coordinator,
        taking_part(Source("source"), Sink("sink"), broker=broker),
    ):
        await until(lambda: edge_kind(coordinator, "source.none", "sink.in") == "refused")
        assert edge_kind(coordinator, "source.out", "sink.in") == "direct"
    assert 'no outport "none"' in logged.text
    assert '"out"' in logged.text


async def test_without_the_broker_it_says_so_once_and_goes_on_when_it_is_there(
    logged: pytest.LogCaptureFixture,
) -> None:
    broker = MemoryBroker()
    coordinator = Coordinator(broker.address, fbp_reader.parse(EDGE))
    async with beside(coordinator.run()):
        await pass_time(60)
        assert not coordinator.connected
        with broker:
            await until(lambda: coordinator.connected)
    assert logged.text.lower().count("refused") == 1


async def test_a_wrong_password_is_named_without_saying_it(logged: pytest.LogCaptureFixture) -> None:
    with MemoryBroker(connack=5) as broker:
        address = msgflo.Broker.parse(broker.url.replace("://", "://anna:wr0ng@"))
        coordinator = Coordinator(address, Graph("main"))
        told: list[str] = []
        coordinator.events.listen(Notice, lambda event: told.append(event.text))
        async with beside(coordinator.run()):
            await pass_time(60)
            status = snapshot(coordinator)
            assert "wr0ng" not in str(status)
            assert status["broker_trouble"].endswith(" refused the connection: not authorised (code 5)")
            assert [text.partition(": ")[2] for text in told] == [status["broker_trouble"]]
            broker.connack = 0
            await until(lambda: coordinator.connected)
            assert snapshot(coordinator)["broker_trouble"] is None
    assert logged.text.count("check user name and password") == 1
    assert "wr0ng" not in logged.text


async def test_broken_discovery_is_named_once_and_harms_nobody(
    logged: pytest.LogCaptureFixture, broker: MemoryBroker
) -> None:
    source, sink = Source("source"), Sink("sink")
    async with coordinating(broker, EDGE) as coordinator, taking_part(source, sink, broker=broker):
        for payload in ("{", "[]", '{"protocol": "discovery", "command": "participant", "payload": {}}'):
            for _ in range(3):
                broker.publish("fbp", payload)
        await bound(coordinator, source, sink)
    assert logged.text.count('discovery on "fbp"') == 3


async def test_what_another_client_writes_on_a_binding_topic_is_put_right(broker: MemoryBroker) -> None:
    source, sink = Source("source"), Sink("sink")
    async with coordinating(broker, EDGE) as coordinator, taking_part(source, sink, broker=broker):
        await bound(coordinator, source, sink)
        broker.publish(BOUND, "", retain=True)
        broker.publish("fbp/bind/gone", '{"in": ["a"]}', retain=True)
        await until(lambda: [*bindings(broker)] == [BOUND] and b"source/out" in broker.retained[BOUND])
        await bound(coordinator, source, sink)


async def test_a_packet_that_is_sent_as_soon_as_the_edge_is_shown_arrives(broker: MemoryBroker) -> None:
    source, sink = Source("source"), Sink("sink")
    async with coordinating(broker) as coordinator, taking_part(source, sink, broker=broker):
        await until(lambda: state(coordinator, "sink") == state(coordinator, "source") == "alive")
        for number in range(20):
            coordinator.replace_graph(fbp_reader.parse(EDGE))
            while edge_kind(coordinator, "source.out", "sink.in") != "direct":
                await asyncio.sleep(0.0001)
            source.send("out", number)
            await until(lambda number=number: number in sink.received)
            coordinator.replace_graph(fbp_reader.parse(""))
            while coordinator.plan.edges:
                await asyncio.sleep(0.0001)
            source.send("out", "late")
        await pass_time(5)
    assert sink.received == [*range(20)]


async def test_who_should_confirm_and_does_not_is_named_once_and_keeps_nobody_waiting(
    logged: pytest.LogCaptureFixture, broker: MemoryBroker
) -> None:
    def late() -> int:
        return logged.messages.count("mute does not confirm its bindings within 2 s")

    about = {"inports": [{"id": "in", "queue": "mute/in"}], "bind": "fbp/bind/mute", "confirms": True, "id": "mute"}
    broker.publish("fbp/participant/mute", discovery_message("mute", **about), retain=True)
    async with coordinating(broker) as coordinator, taking_part(Source("source"), broker=broker):
        await until(lambda: state(coordinator, "source") == "alive")
        for port in ("out", "value", "out"):
            coordinator.replace_graph(fbp_reader.parse(f"source(test/Source) {port} -> IN mute(x/Y)\n"))
            await until(lambda port=port: edge_kind(coordinator, f"source.{port}", "mute.in") == "direct")
        assert late() == 1
        last = max(each[""]["version"] for each in broker.values("fbp/bind/mute") if each)
        broker.publish("fbp/bound/mute", last, retain=True)
        await pass_time(1)
        coordinator.replace_graph(fbp_reader.parse("1 -> IN mute(x/Y)\n"))
        await until(lambda: broker.values("mute/in") == [1])
        assert late() == 2, "it was waited for again"


async def test_those_of_an_earlier_version_keep_nobody_waiting(broker: MemoryBroker) -> None:
    names = [f"old{i}" for i in range(5)]
    for name in names:
        about = {"inports": [{"id": "in", "queue": f"{name}/in"}], "bind": f"fbp/bind/{name}", "id": name}
        broker.publish(f"fbp/participant/{name}", discovery_message(name, **about), retain=True)
    async with coordinating(broker) as coordinator, taking_part(Source("source"), broker=broker):
        await until(lambda: state(coordinator, "source") == "alive")
        began = time.monotonic()
        for name in names:
            coordinator.replace_graph(fbp_reader.parse(f"source(test/Source) OUT -> IN {name}(x/Y)\n"))
            await until(lambda name=name: edge_kind(coordinator, "source.out", f"{name}.in") == "direct")
        assert time.monotonic() - began < 0.5
        assert broker.values("fbp/bind/old0") == [{"in": ["source/out"]}, ""]


def bindings(broker: MemoryBroker) -> dict[str, bytes]:
    return {topic: payload for topic, payload in broker.retained.items() if topic.startswith("fbp/bind/")}


async def test_a_second_coordinator_is_refused_and_takes_no_connection_from_the_first(broker: MemoryBroker) -> None:
    source, sink = Source("source"), Sink("sink")
    async with coordinating(broker, EDGE) as first, taking_part(source, sink, broker=broker):
        await bound(first, source, sink)
        with pytest.raises(ExceptionGroup) as refused:
            await Coordinator(broker.address, Graph("main")).run()
        assert refused.group_contains(Taken, match=r"another coordinator is in charge of this broker \(process")
        source.send("out", 1)
        await until(lambda: sink.received == [1])
        assert broker.connects.count("msgflo-coordinator-view") == 1
    async with coordinating(broker):
        pass


async def test_a_coordinator_takes_over_from_one_that_was_killed_together_with_the_broker(broker: MemoryBroker) -> None:
    claim = {"id": "gone", "host": "pi", "process": 1, "seconds": 10}
    broker.publish(lease.COORDINATOR, json.dumps(claim), retain=True)
    async with coordinating(broker):
        assert json.loads(broker.retained[lease.COORDINATOR])["id"] != "gone"


async def test_no_packet_of_a_direct_edge_is_read_while_nobody_looks(broker: MemoryBroker) -> None:
    reads = ("msgflo-coordinator-view", "source/out")
    source, sink = Source("source"), Sink("sink")
    async with coordinating(broker, EDGE) as coordinator, taking_part(source, sink, broker=broker):
        await bound(coordinator, source, sink)
        assert reads not in broker.subscribed
        coordinator.meter.watch()
        await until(lambda: reads in broker.subscribed)
