"""The file with the places of an .fbp file's nodes."""

from __future__ import annotations

import re

import pytest

from msgflo_host.errors import GraphError
from msgflo_host.graph.fbp_reader import parse as parse_fbp
from msgflo_host.graph.positions_file import dump, joined, parse, parted, path_of


def test_places_stand_beside_an_fbp_file_only() -> None:
    assert str(path_of("x/home.fbp")) == "x/home.places.json"
    assert path_of("x/home.json") is None


def test_a_node_is_a_line() -> None:
    places = {"lamp": {"y": 2, "x": 1}, "fan": {"dashboard": {"x": 0}}}
    text = dump(places)
    assert text == '{\n  "fan": {"dashboard": {"x": 0}},\n  "lamp": {"x": 1, "y": 2}\n}\n'
    assert parse(text, "p") == places
    assert parse(dump({}), "p") == {}


def test_what_the_text_says_itself_stays_there() -> None:
    text = parse_fbp("a(x/A:x=5,y=6), b(x/B), c(x/C)")
    both = joined(text, {"a": {"x": 1}, "b": {"x": 1, "y": 2}, "gone": {"x": 3}})
    assert both.nodes["a"].metadata == {"x": 5, "y": 6}
    assert both.nodes["b"].metadata == {"x": 1, "y": 2}
    both.change_node("a", {"x": 7, "label": "A"})
    both.change_node("c", {"x": 8})
    graph, places = parted(both, text)
    assert {id: node.metadata for id, node in graph.nodes.items()} == {
        "a": {"x": 7, "y": 6, "label": "A"},
        "b": {},
        "c": {},
    }
    assert places == {"b": {"x": 1, "y": 2}, "c": {"x": 8}}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[]", "p.json:1:1: must be an object, not a list"),
        ('{\n "a": 5}', 'p.json:2:7: a: must be an object, as in {"x": 100, "y": 200}, not a number'),
        ('{"a": {"x": "5"}}', "p.json:1:13: a.x: must be a number, not a text"),
        ('{"a": {"z": 5}}', "p.json:1:13: a.z: unknown key; allowed are x, y, dashboard"),
        ('{"a": {"x": 1},}', "p.json:1:16: not JSON: "),
    ],
)
def test_what_is_wrong_is_logged_with_its_place(text: str, message: str) -> None:
    with pytest.raises(GraphError, match=re.escape(message)):
        parse(text, "p.json")
