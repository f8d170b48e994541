"""How an editor draws a graph is no edit of it; what a person does there is one."""

from __future__ import annotations

from typing import Any

import pytest

from msgflo_host.graph.commands import AlreadyDoneError
from msgflo_host.graph.drawing import Drawing
from msgflo_host.graph.model import Graph

SIZE = {"width": 72, "height": 72}


def edits(drawing: Drawing, graph: Graph, *sent: dict[str, Any], id: str = "lamp") -> list[dict[str, Any]]:
    """What of these metadata of a node, one after another, is an edit; each is in the graph then."""
    found = []
    for metadata in sent:
        try:
            left = dict(drawing.edit(graph, "changenode", {"id": id, "metadata": metadata})["metadata"])
        except AlreadyDoneError:
            continue
        graph.change_node(id, left)
        found.append(left)
    return found


@pytest.fixture
def graph() -> Graph:
    graph = Graph()
    graph.add_node("lamp", "x/Lamp")
    graph.add_node("fan", "x/Fan", {"x": 100, "y": 130})
    return graph


def test_an_editor_that_opens_a_graph_lays_out_and_changes_nothing(graph: Graph) -> None:
    drawing = Drawing()
    assert edits(drawing, graph, {"x": 36, "y": 72, **SIZE, "label": "lamp"}) == []
    assert edits(drawing, graph, {"x": 72, "y": 144, **SIZE, "label": "fan"}, id="fan") == []
    assert edits(drawing, graph, {"x": 36, "y": 72, **SIZE}) == [], "again"


def test_what_is_no_edit_is_answered_as_it_was_asked(graph: Graph) -> None:
    sent = {"id": "lamp", "metadata": {"x": 36, "y": 72, **SIZE}}
    with pytest.raises(AlreadyDoneError) as done:
        Drawing().edit(graph, "changenode", sent)
    assert (done.value.answer.command, done.value.answer.payload) == ("changenode", sent)


def test_a_node_that_is_dragged_keeps_its_place(graph: Graph) -> None:
    drawing = Drawing()
    assert edits(drawing, graph, {"x": 36, "y": 72, **SIZE}) == []
    assert edits(drawing, graph, {"x": 40, "y": 72, **SIZE}, {"x": 72, "y": 72, **SIZE, "label": "lamp"}) == [
        {"x": 40, "y": 72}, {"x": 72, "y": 72},
    ]  # fmt: skip
    assert edits(drawing, graph, {"x": 36, "y": 72, **SIZE}) == [{"x": 36, "y": 72}], "and back"
    assert edits(drawing, graph, {"x": 200, "y": 144, **SIZE}, id="fan") == [{"x": 200, "y": 144}], "far, at once"


def test_a_place_without_a_size_is_an_edit(graph: Graph) -> None:
    assert edits(Drawing(), graph, {"x": 36, "y": 72}) == [{"x": 36, "y": 72}]
    assert edits(Drawing(), graph, {"x": None, "y": None}, id="fan") == [{"x": None, "y": None}]


def test_where_somebody_else_has_moved_a_node_its_snapped_place_is_no_edit(graph: Graph) -> None:
    drawing = Drawing()
    assert edits(drawing, graph, {"x": 36, "y": 72, **SIZE}) == []
    graph.change_node("lamp", {"x": 300, "y": 300})
    assert edits(drawing, graph, {"x": 288, "y": 288, **SIZE}) == []


def test_what_else_is_said_with_a_place_is_an_edit_without_sizes(graph: Graph) -> None:
    sent = {"x": 36, "y": 72, **SIZE, "label": "The lamp", "icon": "sun"}
    assert edits(Drawing(), graph, sent) == [{"label": "The lamp", "icon": "sun"}]
    added = Drawing().edit(graph, "addnode", {"id": "new", "component": "x/Y", "metadata": {"x": 1, "y": 2, **SIZE}})
    assert added["metadata"] == {"x": 1, "y": 2}


def test_a_place_makes_no_participant_a_part_of_the_graph(graph: Graph) -> None:
    for sent in ({"x": 36, "y": 72, **SIZE, "discovered": True}, {"x": 5, "y": 6}):
        with pytest.raises(AlreadyDoneError):
            Drawing().edit(graph, "changenode", {"id": "found", "metadata": sent})
    named = Drawing().edit(graph, "changenode", {"id": "found", "metadata": {"x": 5, "y": 6, "label": "Mine"}})
    assert named["metadata"] == {"label": "Mine"}


def test_what_makes_no_sense_is_left_to_be_refused(graph: Graph) -> None:
    for payload in ({"id": "lamp", "metadata": 5}, {"id": ["lamp"], "metadata": {}}, {"id": "lamp"}):
        assert Drawing().edit(graph, "changenode", payload) is payload
    sent = {"id": "lamp", "metadata": {"x": "5", "y": 1e999, **SIZE}}
    assert Drawing().edit(graph, "changenode", sent)["metadata"] == {"x": "5", "y": 1e999}
