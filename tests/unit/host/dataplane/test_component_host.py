"""Built-in components in the data plane: what the lists say runs, goes on after any restart, and reports what is wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from memory_broker import MemoryBroker
from msgflo_host.components.foreign.foreign_file import load
from msgflo_host.components.library import Library
from msgflo_host.control.component_processes import Components as HostComponents
from msgflo_host.dataplane import component_host as module
from msgflo_host.dataplane.loop_limit import MOST_PER_SECOND, PACE_S
from msgflo_host.model.graphs import MAIN
from simulation import beside, coordinating, edge_kind, pass_time, running_components, taking_part, until
from systems import Sink, Source

THROUGH = "from(test/Source) OUT -> IN toggle(core/Toggle) OUT -> IN to(test/Sink)\n"


def have(broker: MemoryBroker, id: str, component: str, **more: Any) -> None:
    """Write, as a coordinator does, that a participant is to run."""
    broker.publish(f"fbp/component/{id}", {"component": component, **more}, retain=True)


def bind(broker: MemoryBroker, id: str, **sources: str) -> None:
    broker.publish(f"fbp/bind/{id}", {port: [source] for port, source in sources.items()}, retain=True)


async def has_come(broker: MemoryBroker, *ids: str) -> None:
    await until(lambda: all(f"fbp/participant/{id}" in broker.retained for id in ids))
    await pass_time(0.1)


async def tell(broker: MemoryBroker, topic: str, payload: object) -> None:
    broker.publish(topic, json.dumps(payload))
    await pass_time(0.1)


def errors(broker: MemoryBroker, id: str) -> list[str]:
    return [report["error"] for report in broker.values(f"fbp/log/{id}")]


async def test_they_run_and_are_bound_with_nothing_but_the_broker(broker: MemoryBroker) -> None:
    have(broker, "toggle", "core/Toggle")
    have(broker, "not", "core/Not")
    bind(broker, "not", **{"in": "toggle/out"})
    async with running_components(broker):
        await has_come(broker, "toggle", "not")
        for _ in range(2):
            await tell(broker, "toggle/in", True)
        assert (broker.values("toggle/out"), broker.values("not/out")) == ([True, False], [False, True])
    assert broker.retained["fbp/connection/msgflo-components"] == b"offline"


async def test_their_memory_goes_on_after_their_process_has_ended_without_a_coordinator(broker: MemoryBroker) -> None:
    for id, component in (("count", "core/Counter"), ("held", "core/SampleAndHold"), ("on", "core/Toggle")):
        have(broker, id, component)
    async with running_components(broker):
        await has_come(broker, "count", "held", "on")
        for topic, payload in (("count/step", 5), ("count/in", 1), ("held/in", "kept"), ("on/in", 1)):
            await tell(broker, topic, payload)
    broker.heard.clear()
    async with running_components(broker):
        await has_come(broker, "count", "held", "on")
        for topic in ("count/in", "held/sample", "on/in"):
            await tell(broker, topic, 1)
    assert broker.values("count/out") == [10]
    assert broker.values("held/out") == ["kept"]
    assert broker.values("on/out") == [False]


async def test_one_that_is_no_longer_listed_ends_and_leaves_nothing_behind(broker: MemoryBroker) -> None:
    async with running_components(broker):
        have(broker, "one", "core/Counter")
        have(broker, "two", "core/Counter")
        await has_come(broker, "one", "two")
        for id in ("one", "two"):
            await tell(broker, f"{id}/in", 1)
        broker.publish("fbp/component/one", "", retain=True)
        await until(lambda: "fbp/participant/one" not in broker.retained)
        assert not [topic for topic in broker.retained if topic.endswith("/one")]
        for id in ("one", "two"):
            await tell(broker, f"{id}/in", 1)
        assert (broker.values("one/out"), broker.values("two/out")) == ([1], [1, 2])
        have(broker, "one", "core/Counter")
        await has_come(broker, "one")
        await tell(broker, "one/in", 1)
        assert broker.values("one/out") == [1, 1], "it begins anew"


async def test_wrong_lists_are_logged_once_and_left_out(logged: pytest.LogCaptureFixture, broker: MemoryBroker) -> None:
    for id, payload in (
        ("a", "{"),
        ("b", '{"component": 5}'),
        ("c", '{"component": "core/Nothing"}'),
        ("%zz", '{"component": "core/Repeat"}'),
        ("d", "x" * 1_000_000),
    ):
        broker.publish(f"fbp/component/{id}", payload, retain=True)
    have(broker, "good", "core/Repeat")
    async with running_components(broker):
        await has_come(broker, "good")
        broker.publish("fbp/component/c", '{"component": "core/Nothing"}', retain=True)
        await tell(broker, "good/in", 1)
        assert broker.values("good/out") == [1]
    warnings = [record.getMessage() for record in logged.records if record.levelname == "WARNING"]
    assert len(warnings) == 5, warnings
    assert "left out: 'c': there is no component 'core/Nothing'" in warnings


@pytest.mark.parametrize(
    ("id", "topic"),
    [("a/b", "a%2Fb/in"), ("50%", "50%25/in"), ("fbp", "%66bp/in"), ("$SYS", "%24SYS/in"), ("küche", "küche/in")],
)
async def test_an_id_that_is_no_level_of_a_topic_is_encoded(id: str, topic: str, broker: MemoryBroker) -> None:
    async with coordinating(broker) as coordinator:
        coordinator.graphs.edit(MAIN, "addnode", {"id": id, "component": "core/Repeat"})
        await until(lambda: [entry for entry in coordinator.registry.all() if entry.state == "alive"])
        (entry,) = coordinator.registry.all()
        assert (entry.participant.id, entry.participant.inports[0].queue) == (id, topic)
        await tell(broker, topic, "passes")
        assert broker.values(topic.replace("/in", "/out")) == ["passes"]


async def test_errors_are_reported_a_few_a_second_and_a_count_of_the_others(broker: MemoryBroker) -> None:
    have(broker, "not", "core/Not")
    async with running_components(broker):
        await has_come(broker, "not")
        for _ in range(1000):
            broker.publish("not/in", '"maybe"')
        await pass_time(2)
        found = errors(broker, "not")
        assert found[0].startswith('inport "in": "maybe"; allowed: true, false')
        assert len(found) == 11
        assert found[-1] == "… and 990 more within a second"


async def test_a_mistake_of_a_component_is_its_own_error_and_no_other_s(
    monkeypatch: pytest.MonkeyPatch, broker: MemoryBroker
) -> None:
    from msgflo_host.builtin import collection

    def fails(self: Any, value: Any) -> None:
        raise KeyError("gone")

    monkeypatch.setattr(collection.components()["core/Gate"], "on_in", fails)
    have(broker, "gate", "core/Gate")
    have(broker, "pass", "core/Repeat")
    async with running_components(broker):
        await has_come(broker, "gate", "pass")
        for id in ("gate", "pass"):
            await tell(broker, f"{id}/in", 1)
        assert errors(broker, "gate") == ["KeyError: 'gone'"]
        assert broker.values("pass/out") == [1]


async def test_one_that_gets_something_secure_reports_nothing_of_it_also_when_it_is_no_longer_secure(
    broker: MemoryBroker,
) -> None:
    have(broker, "not", "core/Not", secure=True)
    have(broker, "log", "core/Log", secure=True)
    async with running_components(broker):
        await has_come(broker, "not", "log")
        have(broker, "not", "core/Not")
        for id in ("not", "log"):
            await tell(broker, f"{id}/in", "hunter2")
        assert errors(broker, "not") == [module.HIDDEN]
        assert broker.values("fbp/log/log") == [{"text": "DATA"}]


async def test_a_circle_is_reported_once_and_held_to_a_bounded_rate_and_nothing_waits_for_it(
    broker: MemoryBroker,
) -> None:
    for id, component in (("a", "core/Repeat"), ("b", "core/Not"), ("beside", "core/Repeat")):
        have(broker, id, component)
    bind(broker, "a", **{"in": "b/out"})
    bind(broker, "b", **{"in": "a/out"})
    async with running_components(broker):
        await has_come(broker, "a", "b", "beside")
        broker.publish("a/in", "true")
        await until(lambda: errors(broker, "a") + errors(broker, "b"))
        (error,) = errors(broker, "a") + errors(broker, "b")
        assert error.startswith("packets go round without a delay: ")
        before = len(broker.values("a/out"))
        for number in range(10):
            await tell(broker, "beside/in", number)
        assert broker.values("beside/out") == list(range(10))
        await pass_time(9)
        assert len(broker.values("a/out")) - before <= 10 / PACE_S
        assert len(errors(broker, "a") + errors(broker, "b")) == 1


async def test_a_burst_passes_where_what_follows_resets_what_counts(broker: MemoryBroker) -> None:
    have(broker, "count", "core/Counter")
    have(broker, "full", "core/Threshold")
    bind(broker, "full", **{"in": "count/out"})
    bind(broker, "count", reset="full/out", **{"in": "pulses/#"})
    many = 10 * MOST_PER_SECOND
    async with running_components(broker):
        await has_come(broker, "count", "full")
        broker.publish("full/threshold", 1e6)
        await pass_time(1.9)
        for number in range(many):  # and what they lead to comes in the next second, and later
            broker.publish(f"pulses/{number % 3}", True)
            if number % 100 == 0:
                await pass_time(0.05)
        await until(lambda: len(broker.values("full/out")) >= many)
        assert errors(broker, "count") + errors(broker, "full") == []


async def test_packets_pass_through_one_from_a_participant_to_another_and_go_on_without_the_coordinator(
    broker: MemoryBroker,
) -> None:
    source, sink = Source("from"), Sink("to")
    async with running_components(broker), taking_part(source, sink, broker=broker):
        async with coordinating(broker, THROUGH, alone=True) as coordinator:
            await until(lambda: edge_kind(coordinator, "toggle.out", "to.in") == "direct")
            await until(lambda: edge_kind(coordinator, "from.out", "toggle.in") == "direct")
            source.send("out", 1)
            await until(lambda: sink.received == [True])
        source.send("out", 1)
        await until(lambda: sink.received == [True, False])


async def test_initial_packets_reach_components_that_come_with_them_and_those_behind(broker: MemoryBroker) -> None:
    async with coordinating(broker, "first(core/Repeat)\n") as coordinator:
        await until(lambda: coordinator.registry.state("first") == "alive")
        graphs = coordinator.graphs
        for id in ("second", "third"):
            graphs.edit(MAIN, "addnode", {"id": id, "component": "core/Repeat"})
        for src, tgt in (("first", "second"), ("second", "third")):
            ends = {"src": {"node": src, "port": "out"}, "tgt": {"node": tgt, "port": "in"}}
            graphs.edit(MAIN, "addedge", ends)
        graphs.edit(MAIN, "addinitial", {"src": {"data": 7}, "tgt": {"node": "first", "port": "in"}})
        await until(lambda: broker.values("third/out") == [7])


async def test_nothing_is_left_of_those_that_no_graph_names_when_the_data_plane_comes(broker: MemoryBroker) -> None:
    async with coordinating(broker, "count(core/Counter)\n"):
        await until(lambda: "fbp/participant/count" in broker.retained)
        broker.publish("count/in", True)
        await until(lambda: "fbp/memory/count" in broker.retained)
    async with coordinating(broker, "other(core/Repeat)\n", alone=True):
        await until(lambda: "fbp/component/other" in broker.retained)
        async with running_components(broker):
            await until(lambda: "fbp/participant/other" in broker.retained)
            assert not [topic for topic in broker.retained if topic.endswith("/count")]


async def test_renamed_ones_go_on_where_they_were(broker: MemoryBroker) -> None:
    graph = "from(test/Source) OUT -> IN count(core/Counter) OUT -> IN behind(core/Repeat)\n"
    source = Source("from")
    async with taking_part(source, broker=broker), coordinating(broker, graph) as coordinator:
        await until(lambda: edge_kind(coordinator, "count.out", "behind.in") == "direct")
        for _ in range(3):
            source.send("out", 1)
        await until(lambda: broker.values("behind/out") == [1, 2, 3])
        for old, new in (("count", "sum"), ("behind", "count")):
            coordinator.graphs.edit(MAIN, "renamenode", {"from": old, "to": new})
        coordinator.graphs.edit(MAIN, "addnode", {"id": "behind", "component": "core/Not"})
        await until(lambda: coordinator.registry.state("sum") == "alive")
        await until(lambda: edge_kind(coordinator, "sum.out", "count.in") == "direct")
        await pass_time(1)
        source.send("out", 1)
        await until(lambda: broker.values("count/out")[-1:] == [4])
        found = {entry.participant.role: entry.participant.component for entry in coordinator.registry.all()}
        assert found == {
            "from": "test/Source", "sum": "core/Counter", "count": "core/Repeat", "behind": "core/Not",
        }  # fmt: skip


async def test_a_stopped_network_runs_none_and_a_started_one_begins_anew(broker: MemoryBroker) -> None:
    async with coordinating(broker, "count(core/Counter)\n") as coordinator:
        await until(lambda: coordinator.registry.state("count") == "alive")
        await tell(broker, "count/in", 1)
        coordinator.graphs.stop(MAIN)
        await until(lambda: coordinator.registry.state("count") is None)
        await tell(broker, "count/in", 1)
        coordinator.graphs.start(MAIN)
        await until(lambda: coordinator.registry.state("count") == "alive")
        await tell(broker, "count/in", 1)
        assert broker.values("count/out") == [1, 1]


async def test_a_broker_that_comes_back_empty_is_reported_all_again(broker: MemoryBroker) -> None:
    async with coordinating(broker, "count(core/Counter)\n") as coordinator:
        await until(lambda: coordinator.registry.state("count") == "alive")
        await tell(broker, "count/in", 1)
        broker.stop()
        broker.retained.clear()
        broker.sessions.clear()
        await pass_time(3)
        broker.start()
        await until(lambda: "fbp/component/count" in broker.retained)
        await has_come(broker, "count")
        await until(lambda: json.loads(broker.retained.get("fbp/memory/count", b"{}")) == {"count": 1})
        await tell(broker, "count/in", 1)
        assert broker.values("count/out") == [1, 2]


async def test_where_nothing_runs_them_it_is_logged_once_until_something_does(
    logged: pytest.LogCaptureFixture, broker: MemoryBroker
) -> None:
    async with coordinating(broker, "a(core/Repeat)\n", alone=True) as coordinator:
        await pass_time(20)
        coordinator.graphs.edit(MAIN, "addnode", {"id": "b", "component": "core/Repeat"})
        await pass_time(20)
        found = [record.getMessage() for record in logged.records if "built-in components" in record.getMessage()]
        assert found == [
            f"{broker.url}: nothing runs built-in components; 5 s were waited for it: start `msgflo forward`"
        ]
        components = HostComponents(Library(), coordinator)
        async with beside(components.run()):
            coordinator.graphs.touch()
            await until(lambda: coordinator.node_errors.get("a"))
            assert coordinator.node_errors.get("a") == (
                "is not run: nothing is there that runs built-in components (start `msgflo forward`)"
            )
            async with running_components(broker):
                await until(lambda: {coordinator.registry.state(id) for id in "ab"} == {"alive"})
                await until(lambda: coordinator.node_errors.get("a") is None)


async def test_a_broker_that_sends_no_retained_messages_to_wildcards_is_no_hindrance() -> None:
    with MemoryBroker(wildcards=False) as broker:
        async with coordinating(broker, "count(core/Counter)\n", alone=True) as coordinator:
            for number in (1, 2):
                async with running_components(broker):
                    await until(lambda: coordinator.registry.state("count") == "alive")
                    await tell(broker, "count/in", 1)
                    assert broker.values("count/out")[-1] == number


LAMP = """component: home/Lamp
inports:
  on: {queue: lamp/on}
availability: {topic: lamp/status}
"""


async def test_foreign_devices_are_announced_without_the_coordinator_and_taken_back_at_a_clean_end(
    tmp_path: Path, broker: MemoryBroker
) -> None:
    (tmp_path / "lamp.yml").write_text(LAMP)
    async with running_components(broker):
        async with coordinating(broker, alone=True) as coordinator:
            coordinator.announce([load(tmp_path / "lamp.yml")])
            await until(lambda: coordinator.registry.get("lamp"))
        broker.publish("lamp/status", "offline")
        await until(lambda: broker.retained.get("fbp/connection/foreign-lamp") == b"lost")
        broker.publish("lamp/status", "online", retain=True)
        await until(lambda: broker.retained.get("fbp/connection/foreign-lamp") == b"online")
        count = len([topic for topic, _ in broker.heard if topic == "fbp"])
        await pass_time(120)
        assert len([topic for topic, _ in broker.heard if topic == "fbp"]) > count + 3
    assert not broker.retained.keys() & {"fbp/participant/lamp", "fbp/connection/foreign-lamp"}
    async with running_components(broker):
        await until(lambda: broker.retained.get("fbp/connection/foreign-lamp") == b"online")
        broker.publish("fbp/foreign/lamp", "", retain=True)
        await until(lambda: "fbp/participant/lamp" not in broker.retained)


@pytest.mark.parametrize(
    "payload", ["{", '{"payload": {"id": "lamp"}}', '{"payload": {"id": "other", "role": "o", "component": "x/Y"}}']
)
async def test_a_wrong_foreign_device_is_logged_and_left_out(
    payload: str, logged: pytest.LogCaptureFixture, broker: MemoryBroker
) -> None:
    broker.publish("fbp/foreign/lamp", payload, retain=True)
    async with running_components(broker):
        await pass_time(1)
        assert "fbp/participant/lamp" not in broker.retained
    (warning,) = (record.getMessage() for record in logged.records if record.levelname == "WARNING")
    assert warning.startswith("left out: 'fbp/foreign/lamp'")
