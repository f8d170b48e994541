"""How much a graph takes that is edited from outside, and what is said where it is too much."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from msgflo_host.errors import GraphError
from msgflo_host.graph import commands
from msgflo_host.graph.commands import apply
from msgflo_host.graph.elements import MOST_METADATA
from msgflo_host.graph.model import Graph


@pytest.fixture
def graph(monkeypatch: pytest.MonkeyPatch) -> Graph:
    """A graph that is full."""
    for name in ("MOST_NODES", "MOST_EDGES", "MOST_OTHERS"):
        monkeypatch.setattr(commands, name, 2)
    graph = Graph()
    for id in ("a", "b"):
        apply(graph, "addnode", {"id": id, "component": "x/Y"})
        for command in ("addinport", "addoutport"):
            apply(graph, command, {"public": id, "node": id, "port": "p"})
        apply(graph, "addgroup", {"name": id, "nodes": [id]})
        apply(graph, "addedge", edge(id))
    return graph


def edge(id: str) -> dict[str, Any]:
    return {"src": {"node": id, "port": "out"}, "tgt": {"node": "a", "port": "in"}}


def initial(data: object, port: str = "in") -> dict[str, Any]:
    return {"src": {"data": data}, "tgt": {"node": "a", "port": port}}


ONE_MORE = {
    "addnode": ({"id": "c", "component": "x/Y"}, "node 'c' is not added: the graph has 2 nodes, and no more are kept"),
    "addedge": (
        {"src": {"node": "a", "port": "other"}, "tgt": {"node": "a", "port": "in"}},
        "edge a.other -> a.in is not added: the graph has 2 edges, and no more are kept",
    ),
    "addinport": (
        {"public": "c", "node": "a", "port": "p"},
        "exported inport 'c' is not added: the graph has 2 of them, and no more are kept",
    ),
    "addoutport": (
        {"public": "c", "node": "a", "port": "p"},
        "exported outport 'c' is not added: the graph has 2 of them, and no more are kept",
    ),
    "addgroup": ({"name": "c", "nodes": []}, "group 'c' is not added: the graph has 2 groups, and no more are kept"),
}


@pytest.mark.parametrize("command", ONE_MORE)
def test_one_too_many_is_refused_by_name_and_changes_nothing(graph: Graph, command: str) -> None:
    payload, text = ONE_MORE[command]
    before = graph.copy()
    with pytest.raises(GraphError) as error:
        apply(graph, command, payload)
    assert str(error.value) == text
    assert graph == before


def test_what_is_there_may_be_logged_again_in_a_full_graph(graph: Graph) -> None:
    said: list[tuple[str, Mapping[str, Any]]] = [
        ("addnode", {"id": "a", "component": "x/Y"}),
        ("addedge", {"src": {"node": "b", "port": "OUT"}, "tgt": {"node": "a", "port": "IN"}}),
        ("addinport", {"public": "A", "node": "a", "port": "p"}),
        ("addgroup", {"name": "b", "nodes": ["a"]}),
    ]
    for command, payload in said:
        assert len(apply(graph, command, payload)) == 1


def test_initial_packets_are_bounded_one_by_one_and_together(graph: Graph, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "ONE_INITIAL", 1000)
    monkeypatch.setattr(commands, "MOST_INITIALS", 2500)
    with pytest.raises(GraphError, match=r"^the initial packet to a\.in has 1001 characters; at most 1000 are kept$"):
        apply(graph, "addinitial", initial("x" * 1001))
    for letter in "xy":
        apply(graph, "addinitial", initial(letter * 1000))
    together = r"^the initial packet to a\.in is not added: those of the graph would have more than 2500 characters$"
    with pytest.raises(GraphError, match=together):
        apply(graph, "addinitial", initial("z" * 1000))
    apply(graph, "renamenode", {"from": "a", "to": "c"})
    apply(graph, "renamenode", {"from": "c", "to": "a"})
    apply(graph, "addinitial", initial("z"))
    with pytest.raises(GraphError, match=together):
        apply(graph, "addinitial", initial("z" * 500))
    apply(graph, "removeinitial", initial("x" * 1000))
    apply(graph, "addinitial", initial("z" * 1000))
    apply(graph, "clear", {})
    assert graph.initials_size == 0


def test_metadata_does_not_grow_without_bound(graph: Graph) -> None:
    half = "x" * (MOST_METADATA // 2)
    apply(graph, "changenode", {"id": "a", "metadata": {"one": half}})
    for command, payload in (("changenode", {"id": "a"}), ("addnode", {"id": "a", "component": "x/Y"})):
        with pytest.raises(
            GraphError, match=rf"^the metadata would have \d+ characters; at most {MOST_METADATA} are kept$"
        ):
            apply(graph, command, {**payload, "metadata": {"two": half}})
    assert graph.nodes["a"].metadata == {"one": half}
