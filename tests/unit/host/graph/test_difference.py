"""What is said when one graph takes the place of another."""

from __future__ import annotations

from typing import Any

import pytest

from msgflo_host.graph import fbp_reader
from msgflo_host.graph.difference import changes_of, difference
from msgflo_host.graph.model import Graph

BEFORE = "INPORT=lamp.ON:LIGHT\nbutton(demo/Button) PRESSED -> ON lamp(demo/Lamp:x=1)\n'dim' -> MODE lamp\n"
PRESSED, ON, MODE = (
    {"node": node, "port": port} for node, port in (("button", "pressed"), ("lamp", "on"), ("lamp", "mode"))
)


def said(old: str | None, new: str) -> list[tuple[str, dict[str, Any]]]:
    after = fbp_reader.parse(new)
    changes = changes_of(after) if old is None else difference(fbp_reader.parse(old), after)
    return [(change.command, change.payload) for change in changes]


def test_a_whole_graph_is_logged_from_its_nodes_to_its_groups() -> None:
    groups = '#: {"groups": [{"name": "all", "nodes": ["lamp"]}]}\n'
    assert said(None, BEFORE + groups) == [
        ("addnode", {"id": "button", "component": "demo/Button", "metadata": {}}),
        ("addnode", {"id": "lamp", "component": "demo/Lamp", "metadata": {"x": 1}}),
        ("addedge", {"src": PRESSED, "tgt": ON, "metadata": {}}),
        ("addinitial", {"src": {"data": "dim"}, "tgt": MODE, "metadata": {}}),
        ("addinport", {"public": "light", "node": "lamp", "port": "on"}),
        ("addgroup", {"name": "all", "nodes": ["lamp"]}),
    ]


@pytest.mark.parametrize("after", [BEFORE, "# @name Other\n" + BEFORE])
def test_equal_graphs_and_those_that_differ_in_properties_only_have_no_difference(after: str) -> None:
    assert said(BEFORE, after) == []


def test_only_what_differs_is_logged() -> None:
    assert said(BEFORE, BEFORE.replace("x=1", "x=2")) == [("changenode", {"id": "lamp", "metadata": {"x": 2}})]
    assert said(BEFORE, BEFORE.replace("lamp(demo/Lamp:x=1)", 'lamp(demo/Lamp:x=1) #: {"metadata": {"route": 3}}')) == [
        ("changeedge", {"src": PRESSED, "tgt": ON, "metadata": {"route": 3}})
    ]
    assert said(BEFORE, BEFORE.replace("'dim'", "'bright'")) == [
        ("removeinitial", {"src": {"data": "dim"}, "tgt": MODE}),
        ("addinitial", {"src": {"data": "bright"}, "tgt": MODE, "metadata": {}}),
    ]


def test_a_node_with_another_component_goes_and_comes_with_all_that_hangs_on_it() -> None:
    assert said(BEFORE, BEFORE.replace("demo/Lamp:x=1", "demo/Lantern")) == [
        ("removeedge", {"src": PRESSED, "tgt": ON}),
        ("removeinitial", {"src": {"data": "dim"}, "tgt": MODE}),
        ("removeinport", {"public": "light"}),
        ("removenode", {"id": "lamp"}),
        ("addnode", {"id": "lamp", "component": "demo/Lantern", "metadata": {}}),
        ("addedge", {"src": PRESSED, "tgt": ON, "metadata": {}}),
        ("addinitial", {"src": {"data": "dim"}, "tgt": MODE, "metadata": {}}),
        ("addinport", {"public": "light", "node": "lamp", "port": "on"}),
    ]


def test_packets_to_one_port_keep_the_order_of_the_new_graph() -> None:
    def packets(*data: int) -> str:
        return "a(x/A)\n" + "".join(f"{number} -> IN a\n" for number in data)

    def commands(old: str, new: str) -> list[tuple[str, Any]]:
        return [(command, payload["src"]["data"]) for command, payload in said(old, new)]

    assert commands(packets(1, 2, 3), packets(1, 3)) == [("removeinitial", 2)]
    assert commands(packets(1, 3), packets(1, 3, 2)) == [("addinitial", 2)]
    assert commands(packets(1, 3), packets(1, 2, 3)) == [("removeinitial", 3), ("addinitial", 2), ("addinitial", 3)]


def test_a_group_loses_its_nodes_before_they_go() -> None:
    old, new = Graph(), Graph()
    for graph in (old, new):
        graph.add_node("a", "x/A")
    old.add_node("b", "x/A")
    old.add_group("g", ["a", "b"], {"description": "d"})
    old.add_group("h", ["b"])
    new.add_group("g", ["a"])
    assert [(change.command, change.payload) for change in difference(old, new)] == [
        ("addgroup", {"name": "g", "nodes": ["a"], "metadata": {"description": "d"}}),
        ("removegroup", {"name": "h"}),
        ("removenode", {"id": "b"}),
        ("changegroup", {"name": "g", "metadata": {}}),
    ]
