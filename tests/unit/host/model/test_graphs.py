"""Several graphs at a time: what they want together, and who is told of what."""

from __future__ import annotations

import time
from typing import Any

import pytest

from msgflo_host.errors import GraphError
from msgflo_host.graph.elements import Initial, PortRef
from msgflo_host.graph.model import Graph
from msgflo_host.model import graphs as module
from msgflo_host.model.events import DesiredChanged, GraphChanged, GraphEdited, GraphEnded, NodeRenamed
from msgflo_host.model.graphs import MAIN, Graphs


class Watched(Graphs):
    """Graphs with some components that run here, and everything that they tell."""

    def __init__(self, main: Graph | None = None) -> None:
        super().__init__(main or Graph("main"), time.monotonic)
        self.changes: list[tuple[str, str, str]] = []
        self.sent: list[tuple[str, str, object]] = []
        self.edited: list[str] = []
        self.ended: list[str] = []
        self.is_own = lambda component: component.startswith("core/")
        self.events.listen(GraphChanged, self._note)
        self.events.listen(
            DesiredChanged,
            lambda event: self.sent.extend((each.tgt.node, each.tgt.port, each.data) for each in event.initials),
        )
        self.events.listen(GraphEdited, lambda event: self.edited.append(event.graph))
        self.events.listen(GraphEnded, lambda event: self.ended.append(event.graph))

    def _note(self, event: GraphChanged) -> None:
        self.changes += [(event.graph, change.command, str(change.payload.get("id", ""))) for change in event.changes]

    def nodes(self, graph: str, **components: str) -> None:
        for node, component in components.items():
            self.edit(graph, "addnode", {"id": node, "component": component.replace("_", "/")})

    def edge(self, graph: str, src: str, tgt: str) -> None:
        self.edit(graph, "addedge", {"src": end(src), "tgt": end(tgt)})

    def wants(self) -> dict[str, str]:
        return {node.id: node.component for node in self.desired.graph.nodes.values()}


def end(text: str) -> dict[str, Any]:
    node, port = text.split(".")
    return {"node": node, "port": port}


@pytest.fixture
def graphs() -> Watched:
    graphs = Watched()
    graphs.edit("home/one", "clear", {"id": "home/one"})
    graphs.edit("two", "clear", {"id": "two"})
    return graphs


def test_a_node_that_runs_here_is_another_one_in_each_graph(graphs: Watched) -> None:
    for graph in (MAIN, "home/one", "two"):
        graphs.nodes(graph, count="core_Counter")
    assert graphs.wants() == dict.fromkeys(("count", "home%2Fone/count", "two/count"), "core/Counter")


def test_a_node_that_runs_elsewhere_is_the_same_in_each_graph(graphs: Watched) -> None:
    for graph in (MAIN, "home/one", "two"):
        graphs.nodes(graph, lamp="demo_Lamp")
    assert graphs.wants() == {"lamp": "demo/Lamp"}
    assert graphs.desired.places_of("lamp") == [(MAIN, "lamp"), ("home/one", "lamp"), ("two", "lamp")]


def test_an_edge_is_active_while_one_of_the_graphs_that_have_it_is_started(graphs: Watched) -> None:
    for graph in ("home/one", "two"):
        graphs.nodes(graph, lamp="demo_Lamp", fan="demo_Fan")
        graphs.edge(graph, "lamp.alarm", "fan.power")
    (edge,) = graphs.desired.graph.edges
    assert not graphs.desired.is_started(edge)
    graphs.start("two")
    assert graphs.desired.is_started(edge)
    graphs.start("home/one")
    graphs.stop("two")
    assert graphs.desired.is_started(edge)
    assert [graph for graph, _ in graphs.desired.origins_of(edge)] == ["home/one", "two"]
    graphs.stop("home/one")
    assert not graphs.desired.is_started(edge)


def test_roles_that_only_stopped_graphs_name_rest(graphs: Watched) -> None:
    graphs.nodes(MAIN, clock="core_Timer", lamp="demo_Lamp")
    graphs.nodes("two", clock="core_Timer", lamp="demo_Lamp")
    assert graphs.desired.resting == {"two/clock"}
    graphs.start("two")
    assert graphs.desired.resting == frozenset()
    graphs.stop(MAIN)
    assert graphs.desired.resting == {"clock"}


def test_initial_packets_are_sent_when_a_graph_starts_and_when_they_come_to_a_started_one(graphs: Watched) -> None:
    graphs.nodes("two", scale="core_Scale", lamp="demo_Lamp")
    first = {"src": {"data": 3}, "tgt": end("scale.factor")}
    graphs.edit("two", "addinitial", first)
    assert graphs.sent == []
    graphs.start("two")
    assert graphs.sent == [("two/scale", "factor", 3)]
    graphs.edit("two", "addinitial", {"src": {"data": "on"}, "tgt": end("lamp.power")})
    assert graphs.sent[1:] == [("lamp", "power", "on")]
    graphs.edit("two", "addinitial", first)  # it is there: an editor asks for one more packet
    assert (graphs.sent[2:], len(graphs.network("two").graph.initials)) == ([("two/scale", "factor", 3)], 2)
    graphs.start("two")
    assert len(graphs.sent) == 5


def test_a_renamed_node_is_reported_its_initial_packets_again_where_it_is_another_one(graphs: Watched) -> None:
    graphs.nodes(MAIN, lamp="demo_Lamp", scale="core_Scale")
    for node in ("lamp", "scale"):
        graphs.edit(MAIN, "addinitial", {"src": {"data": 3}, "tgt": end(f"{node}.factor")})
    graphs.sent.clear()
    graphs.edit(MAIN, "renamenode", {"from": "lamp", "to": "other"})
    graphs.edit(MAIN, "renamenode", {"from": "scale", "to": "same"})
    assert graphs.sent == [("other", "factor", 3)]


def test_the_roles_of_a_renamed_node_that_runs_here_are_notified(graphs: Watched) -> None:
    renamed: list[tuple[str, str]] = []
    graphs.events.listen(NodeRenamed, lambda event: renamed.append((event.old, event.new)))
    for graph in (MAIN, "home/one"):
        graphs.nodes(graph, lamp="demo_Lamp", scale="core_Scale")
        for node in ("lamp", "scale"):
            graphs.edit(graph, "renamenode", {"from": node, "to": f"{node}2"})
    assert renamed == [("scale", "scale2"), ("home%2Fone/scale", "home%2Fone/scale2")]


def test_what_fails_changes_nothing_and_is_reported_to_nobody(graphs: Watched) -> None:
    graphs.discovered({"board": "demo/Board"})
    graphs.changes.clear()
    with pytest.raises(GraphError):
        graphs.edge(MAIN, "board.out", "absent.in")
    assert (graphs.changes, graphs.wants(), graphs.edited[2:]) == ([], {}, [])


def test_a_discovered_participant_is_shown_and_becomes_a_node_when_it_is_wired(graphs: Watched) -> None:
    graphs.nodes(MAIN, lamp="demo_Lamp")
    graphs.changes.clear()
    graphs.discovered({"board": "demo/Board", "lamp": "demo/Lamp"})
    assert graphs.changes == [(MAIN, "addnode", "board")]
    assert "board" not in graphs.wants()
    graphs.edge(MAIN, "board.out", "lamp.level")
    assert graphs.wants() == {"lamp": "demo/Lamp", "board": "demo/Board"}
    graphs.discovered({"lamp": "demo/Lamp"})
    assert graphs.changes[1:] == [(MAIN, "addnode", "board"), (MAIN, "addedge", "")]  # a node stays while it is away


def test_a_discovered_participant_that_leaves_is_taken_away_again(graphs: Watched) -> None:
    graphs.changes.clear()
    graphs.discovered({"board": "demo/Board"})
    graphs.discovered({})
    assert graphs.changes == [(MAIN, "addnode", "board"), (MAIN, "removenode", "board")]
    assert graphs.found == {}


def test_a_node_that_ran_here_is_not_shown_again_while_it_ends(graphs: Watched) -> None:
    graphs.nodes(MAIN, count="core_Counter")
    graphs.edit(MAIN, "removenode", {"id": "count"})
    graphs.changes.clear()
    graphs.discovered({"count": "core/Counter"})
    assert graphs.changes == []
    graphs.discovered({})
    graphs.discovered({"count": "demo/Counter"})  # somebody else
    assert graphs.changes == [(MAIN, "addnode", "count")]


def test_another_main_graph_reports_only_what_differs() -> None:
    before = Graph("main")
    before.add_node("lamp", "demo/Lamp")
    before.add_node("fan", "demo/Fan")
    graphs = Watched(before)
    after = Graph("main")
    after.add_node("lamp", "demo/Lamp")
    after.add_node("scale", "core/Scale")
    after.put_initial(Initial(2, PortRef("scale", "factor")))
    graphs.replace_main(after)
    assert sorted(graphs.changes) == [(MAIN, "addinitial", ""), (MAIN, "addnode", "scale"), (MAIN, "removenode", "fan")]
    assert graphs.sent == [("scale", "factor", 2)]


def test_a_removed_graph_wants_nothing_more(graphs: Watched) -> None:
    graphs.nodes("two", count="core_Counter", lamp="demo_Lamp")
    graphs.remove("two")
    assert (graphs.wants(), graphs.ended, graphs.has("two")) == ({}, ["two"], False)
    with pytest.raises(GraphError, match="Requested graph not found"):
        graphs.network("two")


def test_the_main_graph_cannot_be_removed(graphs: Watched) -> None:
    with pytest.raises(GraphError, match="the graph 'default/main' cannot be removed"):
        graphs.remove(MAIN)


def test_a_graph_that_has_changed_leaves_nothing_behind_in_what_is_desired(graphs: Watched) -> None:
    for graph in (MAIN, "home/one", "two"):
        graphs.nodes(graph, lamp="demo_Lamp", fan="demo_Fan", count="core_Counter")
        graphs.edge(graph, "lamp.alarm", "fan.power")
        graphs.edit(graph, "addinitial", {"src": {"data": 3}, "tgt": end("count.start")})
    graphs.start("two")
    for _ in range(2):  # what is kept is not written to
        wanted = graphs.desired
        assert len(wanted.graph.edges_at("fan")) == 1
        assert [id for id, _ in wanted.origins_of(wanted.graph.edges[0])] == [MAIN, "home/one", "two"]
        assert wanted.places_of("fan") == [(id, "fan") for id in (MAIN, "home/one", "two")]
        assert [each.tgt.node for each in wanted.graph.initials] == ["count", "two/count"]
        graphs.touch()
    graphs.edge("two", "fan.speed", "lamp.level")
    assert len(graphs.desired.graph.edges) == 2
    graphs.edit("two", "removeedge", {"src": end("fan.speed"), "tgt": end("lamp.level")})
    graphs.edit("home/one", "removenode", {"id": "fan"})
    graphs.edit("two", "removenode", {"id": "count"})
    graphs.edit(MAIN, "removeedge", {"src": end("lamp.alarm"), "tgt": end("fan.power")})
    wanted = graphs.desired
    assert wanted.origins_of(wanted.graph.edges[0]) == [("two", graphs.network("two").graph.edges[0])]
    assert wanted.places_of("fan") == [(MAIN, "fan"), ("two", "fan")]
    assert [each.tgt.node for each in wanted.graph.initials] == ["count"]


def test_the_graphs_besides_the_main_one_hold_only_so_much(graphs: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_NODES", 4)
    monkeypatch.setattr(module, "MOST_EDGES", 2)
    for graph in ("home/one", "two"):
        graphs.nodes(graph, lamp="demo_Lamp", fan="demo_Fan")
        graphs.edge(graph, "lamp.alarm", "fan.power")
    with pytest.raises(GraphError, match="the graphs besides 'default/main' have 4 nodes, and no more are kept"):
        graphs.nodes("two", clock="demo_Clock")
    with pytest.raises(GraphError, match="the graphs besides 'default/main' have 2 edges, and no more are kept"):
        graphs.edge("two", "fan.alarm", "lamp.power")
    graphs.nodes("two", lamp="demo_Lamp")  # it is there
    graphs.edge("two", "lamp.alarm", "fan.power")
    graphs.nodes(MAIN, clock="demo_Clock")
    graphs.edit("two", "removenode", {"id": "fan"})
    graphs.nodes("home/one", clock="demo_Clock")


def test_a_cleared_graph_is_stopped_but_the_main_one_is_not(graphs: Watched) -> None:
    graphs.start("two")
    graphs.edit("two", "clear", {"id": "two"})
    graphs.edit(MAIN, "clear", {"id": MAIN})
    assert not graphs.network("two").started
    assert graphs.main.started


def test_a_participant_whose_node_is_removed_is_shown_again_at_once(graphs: Watched) -> None:
    graphs.nodes(MAIN, lamp="demo_Lamp")
    graphs.discovered({"lamp": "demo/Lamp", "fan": "demo/Fan"})
    graphs.edge(MAIN, "lamp.out", "fan.in")
    assert graphs.found == {}
    graphs.changes.clear()
    graphs.edit(MAIN, "removenode", {"id": "lamp"})
    assert graphs.changes == [(MAIN, "removeedge", ""), (MAIN, "removenode", "lamp"), (MAIN, "addnode", "lamp")]
    graphs.edit(MAIN, "renamenode", {"from": "fan", "to": "wind"})
    assert graphs.changes[3:] == [(MAIN, "renamenode", ""), (MAIN, "addnode", "fan")]
    assert graphs.found == {"lamp": "demo/Lamp", "fan": "demo/Fan"}
    graphs.changes.clear()
    graphs.discovered({"lamp": "demo/Lamp", "fan": "demo/Fan"})
    assert graphs.changes == []


def test_a_graph_without_nodes_is_forgotten_with_its_maker_and_one_with_nodes_stays(graphs: Watched) -> None:
    graphs.nodes("two", lamp="demo_Lamp")
    graphs.orphan("two")
    graphs.orphan("home/one")
    assert graphs.ended == ["home/one"]
    graphs.edit("two", "removenode", {"id": "lamp"})
    assert graphs.has("two"), "whoever has emptied it may be about to fill it"
    graphs.sweep()
    assert graphs.ended == ["home/one", "two"]


def test_room_is_made_by_forgetting_and_graphs_for_tests_have_their_own(
    graphs: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_GRAPHS", 3)
    monkeypatch.setattr(module, "MOST_FIXTURES", 1)
    graphs.edit("fixture.1", "clear", {"id": "fixture.1"})
    with pytest.raises(GraphError, match="there are 1 graphs for tests already; no more are kept"):
        graphs.edit("fixture.2", "clear", {"id": "fixture.2"})
    with pytest.raises(GraphError, match="there are 3 graphs already; no more are kept"):
        graphs.edit("three", "clear", {"id": "three"})
    graphs.nodes("two", lamp="demo_Lamp")
    graphs.orphan("two")
    graphs.edit("two", "removenode", {"id": "lamp"})
    graphs.edit("three", "clear", {"id": "three"})
    assert [network.id for network in graphs.all()] == [MAIN, "home/one", "fixture.1", "three"]
