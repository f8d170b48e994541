"""Where editors draw nodes that nobody has placed."""

from __future__ import annotations

import time
from itertools import combinations
from typing import Any

import pytest

from msgflo_host.graph.auto_layout import Place, free_places, laid_out, place_of
from msgflo_host.graph.elements import Node, PortRef
from msgflo_host.graph.model import Graph
from msgflo_host.model.events import GraphChanged
from msgflo_host.model.graphs import MAIN, Graphs

WIDTH, HEIGHT = 72, 110  # of a node of noflo-ui with its name

Broadcast = tuple[str, str, Any]


def overlap(one: tuple[float, float], other: tuple[float, float]) -> bool:
    return abs(one[0] - other[0]) < WIDTH and abs(one[1] - other[1]) < HEIGHT


def graph_of(*edges: str, **places: Place) -> Graph:
    """A graph of edges such as "a b", with the nodes in the order in which they are named, these places first."""
    graph = Graph()
    for id, (x, y) in places.items():
        graph.add_node(id, "x/Y", {"x": x, "y": y})
    for edge in edges:
        ids = edge.split()
        for id in ids:
            if id not in graph.nodes:
                graph.add_node(id, "x/Y")
        if len(ids) == 2:
            graph.add_edge(PortRef(ids[0], "out"), PortRef(ids[1], "in"))
    return graph


def test_nodes_that_come_one_after_the_other_overlap_neither_each_other_nor_the_graph() -> None:
    there = [(0, 0), (-500, 333), (941, -77)]
    taken: list[Place] = []
    for number in (1, 30, 1, 60):
        taken += free_places(there, taken, number)
    assert len(taken) == 92
    assert not [pair for pair in combinations(there + taken, 2) if overlap(*pair)]
    assert all(x > 941 for x, _ in taken)


@pytest.mark.parametrize(
    "metadata", [{}, {"x": 1e300, "y": 0}, {"x": "left", "y": None}, {"x": 5}, {"x": 0, "y": 1e999}]
)
def test_what_nobody_would_find_is_no_place(metadata: dict[str, Any]) -> None:
    assert place_of(Node("n", "x/Y", metadata)) is None


def test_nodes_are_laid_out_in_columns_along_the_edges() -> None:
    assert laid_out(graph_of("a b", "b c", "d c", "e"), {}, []) == {
        "a": (108, 144), "d": (108, 288), "e": (108, 432), "b": (288, 144), "c": (468, 144),
    }  # fmt: skip


def test_what_has_a_place_is_left_where_it_is_and_covered_by_nothing() -> None:
    graph = graph_of(
        "a b", *(f"b n{number}" for number in range(40)), *(f"m{number}" for number in range(40)), far=(300, 200)
    )
    taken = [(110, 150), (500, 300)]
    found = laid_out(graph, {}, taken)
    assert found.keys() == graph.nodes.keys() - {"far"}
    assert not [pair for pair in combinations([*found.values(), *taken, (300, 200)], 2) if overlap(*pair)]


def test_a_node_stays_where_editors_know_it_unless_another_one_is_there() -> None:
    known = laid_out(graph_of("a", "b", "c"), {}, [])
    assert laid_out(graph_of("new", "b a", "c"), known, []) == {**known, "new": (108, 576)}
    moved = laid_out(graph_of("b", "c", a=(100, 290)), known, [])
    assert moved["c"] == known["c"]
    assert not overlap(moved["b"], (100, 290))


def test_what_is_discovered_has_a_place_for_editors_as_long_as_it_is_there_and_none_in_the_graph() -> None:
    graph = Graph()
    graph.add_node("old", "x/Y", {"x": 36, "y": 72})
    graphs = Graphs(graph, time.monotonic)
    told: list[Broadcast] = []
    graphs.events.listen(
        GraphChanged, lambda event: told.extend((event.graph, each.command, each.payload) for each in event.changes)
    )
    graphs.discovered({"two": "x/Two", "one": "x/One"})
    graphs.discovered({"three": "x/Three", "two": "x/Two", "one": "x/Other"})
    places = {"one": {"x": 288, "y": 144}, "two": {"x": 288, "y": 288}, "three": {"x": 288, "y": 432}}
    component = {"two": "x/Two", "three": "x/Three", "one": "x/Other"}
    nodes = {role: Node(role, component[role], {"discovered": True, **place}) for role, place in places.items()}
    assert graphs.shown == nodes
    assert [(id, command, payload["id"]) for id, command, payload in told] == [
        (MAIN, "addnode", role) for role in ("one", "two", "one", "three")
    ]
    assert all(payload["metadata"] == {"discovered": True, **places[payload["id"]]} for _, _, payload in told)
    assert list(graphs.main.graph.nodes) == ["old"]


def test_what_is_discovered_stands_right_of_nodes_that_nobody_has_placed() -> None:
    graphs = Graphs(graph_of("a b"), time.monotonic)
    graphs.discovered({"found": "x/Found"})
    assert place_of(graphs.shown["found"]) == (648, 144)


EDGE = {"src": {"node": "found", "port": "out"}, "tgt": {"node": "a", "port": "in"}}


def test_a_discovered_node_that_joins_a_graph_with_places_has_the_place_where_it_was_shown() -> None:
    graphs = Graphs(graph_of(a=(300, 200)), time.monotonic)
    graphs.discovered({"found": "x/Found"})
    graphs.move_shown("found", {"x": 36.4, "y": 72})
    changes = graphs.edit(MAIN, "addedge", EDGE)
    assert (changes[0].command, changes[0].payload) == (
        "addnode", {"id": "found", "component": "x/Found", "metadata": {"x": 36, "y": 72}},
    )  # fmt: skip
    assert graphs.main.graph.nodes["found"].metadata == {"x": 36, "y": 72}
    assert graphs.drawn(MAIN) == {}
