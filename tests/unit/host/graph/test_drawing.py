"""How editors draw a graph is no edit of it; what a person does there is one."""

from __future__ import annotations

from typing import Any

import pytest

from msgflo_host.graph.commands import AlreadyDoneError
from msgflo_host.graph.drawing import drawn, edited
from msgflo_host.graph.elements import Node
from msgflo_host.graph.model import Graph

SIZE = {"width": 72, "height": 72}


@pytest.fixture
def graph() -> Graph:
    graph = Graph()
    graph.add_node("lamp", "x/Lamp", {"icon": "sun"})
    graph.add_node("fan", "x/Fan", {"x": 100, "y": 130})
    return graph


def left(graph: Graph, id: str, metadata: Any, command: str = "changenode", **shown: Node) -> Any:
    """What of this metadata is an edit; None where nothing is."""
    told = drawn(graph, {}, shown) | shown
    try:
        return edited(graph, command, {"id": id, "metadata": metadata}, told.get)["metadata"]
    except AlreadyDoneError as done:
        return None if done.answer.payload == {"id": id, "metadata": metadata} else done.answer


def test_a_node_without_a_place_is_told_with_one_and_a_mark(graph: Graph) -> None:
    assert drawn(graph, {}, {}) == {
        "lamp": Node("lamp", "x/Lamp", {"icon": "sun", "unplaced": True, "x": 108, "y": 288})
    }


def test_what_an_editor_was_told_is_no_edit(graph: Graph) -> None:
    told = {"icon": "sun", "unplaced": True, "x": 108, "y": 288}
    assert left(graph, "lamp", {**told, **SIZE, "label": "lamp"}) is None
    assert left(graph, "lamp", {**told, **SIZE, "label": "The lamp"}) == {"icon": "sun", "label": "The lamp"}
    assert left(graph, "fan", {"x": 100, "y": 130, **SIZE, "label": "fan"}) is None


@pytest.mark.parametrize(("x", "y"), [(108, 324), (0, 0), (100, 130)])
def test_each_place_that_a_person_drags_a_node_to_is_an_edit(graph: Graph, x: int, y: int) -> None:
    sent = {"icon": "sun", "unplaced": True, "x": x, "y": y, **SIZE, "label": "lamp"}
    assert left(graph, "lamp", sent) == {"icon": "sun", "x": x, "y": y}
    assert left(graph, "fan", {"x": 108, "y": 144, **SIZE, "label": "fan"}) == {"x": 108, "y": 144}


def test_marks_and_sizes_of_a_copied_node_are_no_part_of_the_graph(graph: Graph) -> None:
    sent = {"discovered": True, "unplaced": True, "x": 1, "y": 2, **SIZE}
    assert left(graph, "new", sent, "addnode") == {"x": 1, "y": 2}


def test_the_place_of_a_discovered_node_is_an_edit_where_it_is_another_one(graph: Graph) -> None:
    found = Node("found", "x/Found", {"discovered": True, "x": 288, "y": 144})
    assert left(graph, "found", {**found.metadata, **SIZE, "label": "found"}, found=found) is None
    assert left(graph, "found", {**found.metadata, "x": 36, **SIZE}, found=found) == {"x": 36, "y": 144}


def test_noflo_ui_lays_out_no_graph_that_has_places_of_zero() -> None:
    graph = Graph()
    graph.add_node("one", "x/Y", {"x": 0, "y": 0})
    graph.add_node("two", "x/Y", {"x": 200, "y": 0})
    assert drawn(graph, {}, {}) == {"one": Node("one", "x/Y", {"x": 1, "y": 1})}
    assert left(graph, "one", {"x": 1, "y": 1, **SIZE, "label": "Mine"}) == {"label": "Mine"}
    graph.change_node("two", {"y": 5})
    assert drawn(graph, {}, {}) == {}


def test_what_makes_no_sense_is_left_to_be_refused(graph: Graph) -> None:
    for payload in ({"id": "lamp", "metadata": 5}, {"id": ["lamp"], "metadata": {}}, {"id": "lamp"}):
        assert edited(graph, "changenode", payload, lambda id: None) is payload
    assert left(graph, "lamp", {"x": "5", "y": 1e999, **SIZE}) == {"x": "5", "y": 1e999}
