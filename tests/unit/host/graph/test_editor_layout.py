"""How editors draw a graph is no edit of it; what a person does there is one."""

from __future__ import annotations

from typing import Any

import pytest

from msgflo_host.graph.commands import AlreadyDoneError
from msgflo_host.graph.editor_layout import drawn, edited
from msgflo_host.graph.elements import Node
from msgflo_host.graph.model import Graph

SIZE = {"width": 72, "height": 72}


@pytest.fixture
def graph() -> Graph:
    graph = Graph()
    graph.add_node("lamp", "x/Lamp", {"icon": "sun"})
    graph.add_node("fan", "x/Fan", {"x": 100, "y": 130})
    return graph


def left(graph: Graph, id: str, metadata: Any, command: str = "changenode") -> Any:
    """What of this metadata is an edit; None where nothing is."""
    try:
        return edited(graph, command, {"id": id, "metadata": metadata})["metadata"]
    except AlreadyDoneError as done:
        return None if done.answer.payload == {"id": id, "metadata": metadata} else done.answer


def test_a_node_without_a_place_is_reported_with_one_and_a_mark(graph: Graph) -> None:
    assert drawn(graph, {}, {}) == {
        "lamp": Node("lamp", "x/Lamp", {"icon": "sun", "unplaced": True, "x": 108, "y": 288})
    }


def test_the_size_and_the_name_that_an_editor_draws_are_no_edit(graph: Graph) -> None:
    assert left(graph, "fan", {"x": 100, "y": 130, **SIZE, "label": "fan"}) is None
    assert left(graph, "fan", {"x": 100, "y": 130, **SIZE, "label": "My fan"}) == {
        "x": 100,
        "y": 130,
        "label": "My fan",
    }


@pytest.mark.parametrize("place", [{"x": 108, "y": 288}, {"x": 0, "y": 0}])
def test_each_place_that_a_person_drags_a_node_to_is_an_edit(graph: Graph, place: dict[str, int]) -> None:
    sent = {"icon": "sun", "unplaced": True, **place, **SIZE, "label": "lamp"}
    assert left(graph, "lamp", sent) == {"icon": "sun", **place}
    assert left(graph, "fan", {"x": 108, "y": 144, **SIZE, "label": "fan"}) == {"x": 108, "y": 144}


def test_marks_and_sizes_of_a_copied_node_are_no_part_of_the_graph(graph: Graph) -> None:
    sent = {"discovered": True, "unplaced": True, "x": 1, "y": 2, **SIZE}
    assert left(graph, "new", sent, "addnode") == {"x": 1, "y": 2}


def test_noflo_ui_lays_out_no_graph_that_has_places_of_zero() -> None:
    graph = Graph()
    graph.add_node("one", "x/Y", {"x": 0, "y": 0})
    graph.add_node("two", "x/Y", {"x": 200, "y": 0})
    assert drawn(graph, {}, {}) == {"one": Node("one", "x/Y", {"x": 1, "y": 1})}
    graph.change_node("two", {"y": 5})
    assert drawn(graph, {}, {}) == {}
