"""Graphs that anybody edits in any order, and what runs here for them: always what they name, and never shown as foreign."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from fuzz import fuzzed
from msgflo import Broker
from msgflo_host.control.coordinator import Coordinator
from msgflo_host.errors import GraphError
from msgflo_host.graph.model import Graph
from msgflo_host.model.graphs import MAIN
from msgflo_host.wire.discovery import Participant

graph_ids = st.sampled_from([MAIN, "g"])
node_ids = st.sampled_from(["a", "b", "g/a"])
components = st.sampled_from(["core/Repeat", "core/Not", "x/Lamp"])
fields = st.fixed_dictionaries({"id": node_ids, "component": components, "from": node_ids, "to": node_ids})
commands = st.sampled_from(["addnode", "addnode", "addnode", "renamenode", "renamenode", "removenode"])
edits = st.tuples(st.just("edit"), graph_ids, commands, fields)
steps = st.one_of(
    edits,
    edits,
    edits,
    st.tuples(st.just("clear"), graph_ids),
    st.tuples(st.just("start"), graph_ids),
    st.tuples(st.just("stop"), graph_ids),
    st.tuples(st.just("settle")),
    st.tuples(st.just("look")),
)


def run_components(coordinator: Coordinator) -> None:
    """Have the registry know what the data plane would run now."""
    desired = coordinator.desired_components()
    for entry in coordinator.registry.all():
        if desired.get(entry.participant.role, ("",))[0] != entry.participant.component:
            coordinator.registry.remove(entry.participant.id, 0)
    for role, (component, _) in desired.items():
        coordinator.registry.discovered(Participant(role, role, component), 0)


def carry_out(coordinator: Coordinator, step: tuple[Any, ...]) -> None:
    graphs = coordinator.graphs
    match step:
        case "edit", graph, command, payload:
            graphs.edit(graph, command, payload)
        case "clear", graph:
            graphs.edit(graph, "clear", {"id": graph})
        case "start", graph:
            graphs.start(graph)
        case "stop", graph:
            graphs.stop(graph)
        case ("settle",):
            run_components(coordinator)
        case ("look",):
            there = [entry.participant for entry in coordinator.registry.all()]
            graphs.discovered({participant.role: participant.component for participant in there})


@fuzzed
@given(st.lists(steps, min_size=10, max_size=30))
def test_fuzz_what_runs_here_is_what_started_graphs_name_and_is_shown_as_nobody_elses(steps: list[Any]) -> None:
    coordinator = Coordinator(Broker.parse("mqtt://127.0.0.1:1"), Graph("main"))
    graphs = coordinator.graphs
    graphs.edit("g", "clear", {"id": "g"})
    for graph in (MAIN, "g"):
        graphs.edit(graph, "addnode", {"id": "a", "component": "core/Repeat"})
        graphs.start(graph)
    for step in [("settle",), *steps, ("settle",)]:
        with suppress(GraphError):
            carry_out(coordinator, step)
        assert graphs.found == {}
    wanted = graphs.desired
    nodes = {node.id: node.component for node in wanted.graph.nodes.values() if node.id not in wanted.resting}
    here = {role: component for role, component in nodes.items() if component.startswith("core/")}
    assert {role: component for role, (component, _) in coordinator.desired_components().items()} == here
    assert {entry.participant.role: entry.participant.component for entry in coordinator.registry.all()} == here
