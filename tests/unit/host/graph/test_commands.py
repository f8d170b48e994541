"""The graph commands of the FBP protocol: what they do, what is answered, what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from fbp_schemas import check_output, commands
from msgflo_host.errors import GraphError
from msgflo_host.graph import json_format
from msgflo_host.graph.commands import COMMANDS, AlreadyDoneError, Change, apply
from msgflo_host.graph.model import Graph, Group, Initial, PortRef

OUT, IN = {"node": "button", "port": "pressed"}, {"node": "lamp", "port": "on"}


@pytest.fixture
def graph() -> Graph:
    """A button that switches a lamp."""
    graph = Graph("demo")
    graph.add_node("button", "demo/Button")
    graph.add_node("lamp", "demo/Lamp", {"x": 1.5})
    graph.add_edge(PortRef("button", "pressed"), PortRef("lamp", "on"), {"route": 5})
    return graph


def done(graph: Graph, command: str, **payload: Any) -> list[tuple[str, dict[str, Any]]]:
    """Carry a command out; return what is answered, which has to keep to the schemas."""
    changes = apply(graph, command, payload)
    for change in changes:
        named = {"id": "main"} if change.command == "clear" else {"graph": "main"}
        check_output("graph", change.command, {**change.payload, **named})
    return [(change.command, change.payload) for change in changes]


def test_every_graph_command_of_the_protocol_is_there() -> None:
    assert commands("input", "graph") == COMMANDS


def test_a_node_is_answered_with_its_metadata_even_if_there_is_none(graph: Graph) -> None:
    answer = {"id": "fan", "component": "demo/Fan", "metadata": {}}
    assert done(graph, "addnode", id="fan", component="demo/Fan", metadata={}) == [("addnode", answer)]
    assert done(graph, "addnode", id="fan", component="demo/Fan") == [("addnode", answer)]
    assert done(graph, "addnode", id="fan", component="demo/Fan", metadata=None) == [("addnode", answer)]
    assert list(graph.nodes) == ["button", "lamp", "fan"]


def test_positions_are_answered_whole_and_stored_as_they_are_answered(graph: Graph) -> None:
    (_, answer), *_ = done(graph, "changenode", id="lamp", metadata={"y": -0.6})
    assert answer == {"id": "lamp", "metadata": {"x": 2, "y": -1}}
    assert graph.nodes["lamp"].metadata == {"x": 1.5, "y": -1}


def test_what_hangs_on_a_removed_node_is_logged_to_be_gone_before_it(graph: Graph) -> None:
    graph.add_initial(False, PortRef("lamp", "on"))
    graph.add_edge(PortRef("lamp", "state"), PortRef("lamp", "list", 1))
    graph.exports("inport").add("light", "lamp", "on")
    graph.exports("outport").add("state", "lamp", "state")
    graph.add_group("all", ["lamp", "button"], {"description": "both"})
    graph.add_group("other", ["button"])
    state, listed = {"node": "lamp", "port": "state"}, {"node": "lamp", "port": "list", "index": 1}
    assert done(graph, "removenode", id="lamp") == [
        ("removeedge", {"src": OUT, "tgt": IN}),
        ("removeedge", {"src": state, "tgt": listed}),
        ("removeinitial", {"src": {"data": False}, "tgt": IN}),
        ("removeinport", {"public": "light"}),
        ("removeoutport", {"public": "state"}),
        ("addgroup", {"name": "all", "nodes": ["button"], "metadata": {"description": "both"}}),
        ("removenode", {"id": "lamp"}),
    ]
    assert list(graph.nodes) == ["button"]


@pytest.mark.parametrize("metadata", [True, False])
def test_an_old_fbp_spec_says_only_whether_an_edge_has_metadata(graph: Graph, metadata: bool) -> None:
    target = {"node": "lamp", "port": "old_fbp_spec"}
    answer = {"src": OUT, "tgt": target, "metadata": {}}
    assert done(graph, "addedge", src=OUT, tgt=target, metadata=metadata) == [("addedge", answer)]


def test_edges_are_answered_with_their_metadata_and_the_known_spelling_of_ports(graph: Graph) -> None:
    loud = {"node": "lamp", "port": "ON"}
    edge = {"src": OUT, "tgt": IN}
    assert done(graph, "addedge", src=OUT, tgt=loud) == [("addedge", {**edge, "metadata": {"route": 5}})]
    assert done(graph, "changeedge", src=OUT, tgt=loud, metadata={"secure": True, "route": None}) == [
        ("changeedge", {**edge, "metadata": {"secure": True}})
    ]
    assert done(graph, "changeedge", src=OUT, tgt=loud) == [("changeedge", {**edge, "metadata": {"secure": True}})]
    assert done(graph, "removeedge", src=OUT, tgt=loud) == [("removeedge", edge)]
    assert graph.edges == []


def test_removing_initial_packets_answers_the_data_of_each(graph: Graph) -> None:
    for data in (1, None, "x"):
        graph.add_initial(data, PortRef("lamp", "on"))
    assert done(graph, "removeinitial", src={"data": None}, tgt=IN) == [
        ("removeinitial", {"src": {"data": None}, "tgt": IN})
    ]
    assert done(graph, "removeinitial", src={}, tgt={"node": "lamp", "port": "ON"}) == [
        ("removeinitial", {"src": {"data": 1}, "tgt": IN}),
        ("removeinitial", {"src": {"data": "x"}, "tgt": IN}),
    ]
    with pytest.raises(GraphError, match=r"no such initial packet at lamp\.on"):
        apply(graph, "removeinitial", {"tgt": IN})


def test_a_packet_is_found_by_the_number_that_javascript_makes_of_its_data(graph: Graph) -> None:
    graph.add_initial({"level": [20.0, 1]}, PortRef("lamp", "on"))
    with pytest.raises(GraphError):
        apply(graph, "removeinitial", {"src": {"data": {"level": [20, True]}}, "tgt": IN})
    (_, answer), *_ = done(graph, "removeinitial", src={"data": {"level": [20, 1]}}, tgt=IN)
    assert answer["src"] == {"data": {"level": [20.0, 1]}}
    graph.add_initial(1.0, PortRef("lamp", "on"))
    graph.add_initial(1, PortRef("lamp", "on"))
    done(graph, "removeinitial", src={"data": 1}, tgt=IN)
    assert graph.initials == [Initial(1.0, PortRef("lamp", "on"))]
    assert isinstance(graph.initials[0].data, float)


@pytest.mark.parametrize("side", ["inport", "outport"])
def test_exported_ports_are_added_renamed_and_removed(graph: Graph, side: str) -> None:
    port = {"public": "Light", "node": "lamp", "port": "on"}
    assert done(graph, f"add{side}", **port) == [(f"add{side}", port)]
    again = {**port, "public": "light", "port": "ON", "metadata": {"x": 2}}
    assert done(graph, f"add{side}", **again) == [(f"add{side}", {**port, "metadata": {"x": 2}})]
    assert done(graph, f"rename{side}", **{"from": "LIGHT", "to": "Shine"}) == [
        (f"rename{side}", {"from": "Light", "to": "Shine"})
    ]
    assert done(graph, f"remove{side}", public="shine") == [(f"remove{side}", {"public": "Shine"})]
    assert graph.inports == graph.outports == {}


def test_groups_are_added_changed_renamed_and_removed(graph: Graph) -> None:
    group = {"name": "all", "nodes": ["lamp"]}
    assert done(graph, "addgroup", **group) == [("addgroup", group)]
    assert done(graph, "changegroup", name="all", metadata={"description": "d"}) == [
        ("changegroup", {"name": "all", "metadata": {"description": "d"}})
    ]
    done(graph, "addgroup", name="all", nodes=["lamp", "button"])
    assert done(graph, "renamegroup", **{"from": "all", "to": "both"}) == [
        ("renamegroup", {"from": "all", "to": "both"})
    ]
    assert graph.groups == {"both": Group("both", ("lamp", "button"), {"description": "d"})}
    assert done(graph, "removegroup", name="both") == [("removegroup", {"name": "both"})]
    assert graph.groups == {}


def test_clear_empties_the_graph_and_sets_the_properties_that_are_given(graph: Graph) -> None:
    graph.properties |= {"icon": "bulb", "environment": {"type": "msgflo"}}
    given = {"name": "New", "library": "home", "icon": "", "description": "d", "main": True}
    assert done(graph, "clear", id="x", baseDir="/", **given) == [("clear", given)]
    kept = {"name": "New", "library": "home", "icon": "bulb", "description": "d", "environment": {"type": "msgflo"}}
    assert (graph.nodes, graph.edges, graph.properties) == ({}, [], kept)
    assert done(graph, "clear", id="x", name=None) == [("clear", {})]


def test_metadata_from_files_that_does_not_fit_the_protocol_is_left_out_of_answers() -> None:
    graph = json_format.load('{"processes": {"a": {"component": "x/A", "metadata": {"x": "1", "y": null, "z": 2.5}}}}')
    assert done(graph, "changenode", id="a", metadata={}) == [("changenode", {"id": "a", "metadata": {"z": 2.5}})]


DEEP: Any = []
for _ in range(5000):
    DEEP = [DEEP]

REFUSED: list[tuple[str, Any, str]] = [
    ("get", {}, "no graph command 'get'; allowed are clear, addnode, "),
    ("addnode", [], "the payload of addnode must be an object, not a list"),
    ("addnode", {"component": "x/A"}, '"id" of addnode is missing'),
    ("addnode", {"id": 5, "component": "x/A"}, '"id" of addnode must be a text, not a number'),
    ("addnode", {"id": "a", "component": "x", "metadata": {"x": "1"}},
     "\"x\" in the metadata of addnode must be a number, not '1'"),
    ("addnode", {"id": "a", "component": "x", "metadata": {"x": float("inf")}},
     '"metadata" of addnode holds inf, which JSON cannot express'),
    ("addnode", {"id": "lamp", "component": "x/A"}, "node 'lamp' exists with the component 'demo/Lamp', so"),
    ("changenode", {"id": "lamp"}, '"metadata" of changenode is missing'),
    ("changenode", {"id": "lamb", "metadata": {}}, "no node 'lamb' in the graph; nodes: button, lamp"),
    ("renamenode", {"from": "lamp", "to": "button"}, "cannot rename node 'lamp': a node 'button' exists already"),
    ("addedge", {"src": "button", "tgt": IN}, '"src" of addedge must be an object, not a text'),
    ("addedge", {"src": OUT, "tgt": {**IN, "index": 1.5}},
     "\"index\" of addedge's tgt must be a whole number or a text, not 1.5"),
    ("addedge", {"src": OUT, "tgt": IN, "metadata": {"schema": "person"}},
     "\"schema\" in the metadata of addedge must be a URI, not 'person'"),
    ("removeedge", {"src": IN, "tgt": OUT}, "no edge lamp.on -> button.pressed in the graph; edges of these nodes: "),
    ("addinitial", {"src": {}, "tgt": IN}, "\"data\" of addinitial's src is missing"),
    ("addinitial", {"src": {"data": DEEP}, "tgt": IN}, "the data of addinitial is nested deeper than 100 levels"),
    ("addgroup", {"name": "g", "nodes": ["lamp", 1]}, 'each of "nodes" of addgroup must be a text, not a number'),
    ("addgroup", {"name": "g", "nodes": [], "metadata": {"description": 1}},
     '"description" in the metadata of addgroup must be a text, not a number'),
    ("changegroup", {"name": "g", "metadata": {}}, "no group 'g' in the graph; groups: none"),
    ("clear", {"name": "a\0"}, "\"name\" of clear 'a\\x00' holds '\\x00', which is not allowed in an MQTT topic"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("command", "payload", "message"), REFUSED, ids=[f"{number}-{case[0]}" for number, case in enumerate(REFUSED)]
)
def test_a_command_that_makes_no_sense_is_refused_and_changes_nothing(
    graph: Graph, command: str, payload: Any, message: str
) -> None:
    before = json_format.dump(graph)
    with pytest.raises(GraphError) as refused:
        apply(graph, command, payload)
    assert refused.value.message.startswith(message)
    assert json_format.dump(graph) == before


LONG, LONGER = "n" * 1000, "n" * 1_000_000


DONE: list[tuple[str, dict[str, Any]]] = [
    ("removenode", {"id": "lamb"}),
    ("removeedge", {"src": IN, "tgt": OUT}),
    ("removeinitial", {"src": {"data": 1}, "tgt": IN}),
    ("removeinitial", {"tgt": IN}),
    ("removeinport", {"public": "p"}),
    ("removeoutport", {"public": "p"}),
    ("removegroup", {"name": "g"}),
    ("renamenode", {"from": "lamb", "to": "lamp"}),
]


@pytest.mark.parametrize(("command", "payload"), DONE)
def test_what_is_so_already_is_logged_to_be_done(graph: Graph, command: str, payload: dict[str, Any]) -> None:
    with pytest.raises(AlreadyDoneError) as done_already:
        apply(graph, command, payload)
    assert done_already.value.answer == Change(command, payload)


@pytest.mark.parametrize(
    ("command", "payload"),
    [
        ("renamenode", {"from": "lamb", "to": "lamp2"}),
        ("renamenode", {"from": "lamp", "to": "button"}),
        ("renameinport", {"from": "a", "to": "b"}),
        ("renamegroup", {"from": "a", "to": "b"}),
    ],
)
def test_what_is_not_so_is_refused(graph: Graph, command: str, payload: dict[str, Any]) -> None:
    with pytest.raises(GraphError) as refused:
        apply(graph, command, payload)
    assert not isinstance(refused.value, AlreadyDoneError)


@pytest.mark.parametrize("side", ["inport", "outport"])
def test_a_port_is_renamed_to_another_spelling_once(graph: Graph, side: str) -> None:
    done(graph, f"add{side}", public="light", node="lamp", port="on")
    assert done(graph, f"rename{side}", **{"from": "LIGHT", "to": "Light"}) == [
        (f"rename{side}", {"from": "light", "to": "Light"})
    ]
    with pytest.raises(AlreadyDoneError):
        apply(graph, f"rename{side}", {"from": "light", "to": "Light"})
