"""Where participants are drawn that appear as nodes by themselves."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import pytest

from msgflo_host.graph.elements import Node
from msgflo_host.graph.model import Graph
from msgflo_host.graph.placing import Place, free_places
from msgflo_host.graphs import MAIN, Graphs

WIDTH, HEIGHT = 72, 110  # of a node of noflo-ui with its name

Change = tuple[str, str, Any]


def overlap(one: Place, other: Place) -> bool:
    return abs(one[0] - other[0]) < WIDTH and abs(one[1] - other[1]) < HEIGHT


def test_nodes_that_come_one_after_the_other_overlap_neither_each_other_nor_the_graph() -> None:
    there = [(0, 0), (-500, 333), (941, -77)]
    nodes = [Node(f"n{x}", "x/Y", {"x": x, "y": y}) for x, y in there]
    taken: list[Place] = []
    for number in (1, 30, 1, 60):
        taken += free_places(nodes, taken, number)
    assert len(taken) == 92
    assert not [pair for pair in combinations(there + taken, 2) if overlap(*pair)]
    assert all(x > 941 for x, _ in taken)


@pytest.mark.parametrize("metadata", [{}, {"x": 1e300, "y": 0}, {"x": "left", "y": None}, {"x": 5}])
def test_a_node_without_a_place_is_drawn_at_the_corner(metadata: dict[str, Any]) -> None:
    assert free_places([Node("n", "x/Y", metadata)], [], 2) == [(360, 0), (360, 144)]


def test_where_there_is_no_graph_the_corner_is_free() -> None:
    assert free_places([], [], 1) == [(0, 0)]


def test_what_is_discovered_has_a_place_for_editors_as_long_as_it_is_there_and_none_in_the_graph() -> None:
    graph = Graph()
    graph.add_node("old", "x/Y", {"x": 36, "y": 72})
    graphs = Graphs(graph)
    told: list[Change] = []
    graphs.on_change.append(lambda id, changes: told.extend((id, each.command, each.payload) for each in changes))
    graphs.discovered({"two": "x/Two", "one": "x/One"})
    graphs.discovered({"three": "x/Three", "two": "x/Two", "one": "x/Other"})
    places = {"one": {"x": 360, "y": 0}, "two": {"x": 360, "y": 144}, "three": {"x": 360, "y": 288}}
    component = {"two": "x/Two", "three": "x/Three", "one": "x/Other"}
    nodes = {role: Node(role, component[role], {"discovered": True, **place}) for role, place in places.items()}
    assert graphs.shown == nodes
    assert [(id, command, payload["id"]) for id, command, payload in told] == [
        (MAIN, "addnode", role) for role in ("one", "two", "one", "three")
    ]
    assert all(payload["metadata"] == {"discovered": True, **places[payload["id"]]} for _, _, payload in told)
    assert list(graphs.main.graph.nodes) == ["old"]
