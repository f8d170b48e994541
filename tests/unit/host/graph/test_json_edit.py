"""Edits of a JSON graph: it holds the new graph, in the order and with the indentation of its author."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fuzz import fuzzed, json_values
from msgflo_host.errors import GraphError
from msgflo_host.graph.json_edit import edit
from msgflo_host.graph.json_format import dump, load
from msgflo_host.graph.model import Graph, PortRef

TEXT = """\
{
  "processes": {
    "lamp": {"metadata": {"y": 100,  "x": 200}, "component": "demo/Lamp", "own": 1},
    "fan":  {"component": "demo/Fan"}
  },
  "connections": [
    {"src": {"process": "lamp", "port": "alarm"}, "tgt": {"process": "fan", "port": "power"}, "id": 7},

    {"data": 50, "tgt": {"process": "lamp", "port": "limit"}}
  ],
  "inports": [],  "id": "mine"
}
"""
LAMP, FAN = PortRef("lamp", "limit"), PortRef("fan", "power")


def edited(change: object) -> str:
    graph = load(TEXT)
    change(graph)  # type: ignore[operator]
    text = edit(TEXT, graph)
    assert load(text) == graph
    return text


def test_an_entry_a_line_stays_so_in_the_order_of_the_text() -> None:
    change = {"x": 5}
    assert (
        edited(lambda graph: (graph.change_node("lamp", change), graph.add_inport("in", "lamp", "on")))
        == """\
{
  "processes": {
    "lamp": {"metadata": {"y": 100, "x": 5}, "component": "demo/Lamp", "own": 1},
    "fan": {"component": "demo/Fan"}
  },
  "connections": [
    {"src": {"process": "lamp", "port": "alarm"}, "tgt": {"process": "fan", "port": "power"}, "id": 7},
    {"data": 50, "tgt": {"process": "lamp", "port": "limit"}}
  ],
  "inports": {
    "in": {"port": "on", "process": "lamp"}
  },
  "id": "mine"
}
"""
    )


def test_what_is_new_comes_last() -> None:
    text = edited(lambda graph: (graph.add_node("b", "x/B"), graph.add_edge(PortRef("b", "out"), FAN)))
    lines = [line for line in text.splitlines() if '"b"' in line]
    assert lines == [
        '    "b": {"component": "x/B"}',
        '    {"src": {"port": "out", "process": "b"}, "tgt": {"port": "power", "process": "fan"}}',
    ]


def test_what_is_gone_takes_its_line_with_it() -> None:
    text = edited(lambda graph: graph.remove_node("fan"))
    assert not [line for line in text.splitlines() if "fan" in line]
    assert json.loads(text)["connections"] == [{"data": 50, "tgt": {"process": "lamp", "port": "limit"}}]


def test_a_packet_with_other_data_stays_in_its_place() -> None:
    text = edited(lambda graph: (graph.remove_initial(LAMP), graph.add_initial(60, LAMP)))
    assert json.loads(text) == json.loads(TEXT.replace("50", "60"))


@pytest.mark.parametrize("text", [TEXT, TEXT.replace("\n", "\r\n"), TEXT.rstrip(), json.dumps(json.loads(TEXT)), "{}"])
def test_an_edit_that_changes_nothing_changes_no_byte(text: str) -> None:
    assert edit(text, load(text)) == text


def test_the_style_of_a_text_is_kept() -> None:
    graph = load(TEXT)
    document = {"connections": [], "processes": {"lamp": {"component": "demo/Lamp"}}}
    fan = load(json.dumps(document))
    fan.add_node("fan", "demo/Fan")
    tight = json.dumps(document, separators=(",", ":"))
    assert " " not in edit(tight, fan)
    assert "\n" not in edit(json.dumps(document), fan)
    assert edit(json.dumps(document, indent=1), fan).splitlines()[5:8] == [
        "  },",
        '  "fan": {',
        '   "component": "demo/Fan"',
    ]
    graph.add_node("b", "x/B")
    windows = edit(TEXT.replace("\n", "\r\n"), graph)
    assert windows.count("\n") == windows.count("\r\n") > 10


nodes = st.sampled_from(["a", "b", "ö"])
refs = st.builds(PortRef, nodes, st.sampled_from(["in", "Out"]), st.none() | st.integers(0, 2))
metadata = st.dictionaries(st.sampled_from(["x", "label"]), json_values, max_size=2)
edits: st.SearchStrategy[tuple[str, tuple[object, ...]]] = st.one_of(
    st.tuples(st.just("add_node"), st.tuples(nodes, st.just("x/A"), metadata)),
    st.tuples(st.just("change_node"), st.tuples(nodes, metadata)),
    st.tuples(st.just("remove_node"), st.tuples(nodes)),
    st.tuples(st.just("rename_node"), st.tuples(nodes, nodes)),
    st.tuples(st.just("add_edge"), st.tuples(refs, refs, metadata)),
    st.tuples(st.just("remove_edge"), st.tuples(refs, refs)),
    st.tuples(st.just("add_initial"), st.tuples(json_values, refs, metadata)),
    st.tuples(st.just("remove_initial"), st.tuples(refs)),
    st.tuples(st.just("add_inport"), st.tuples(st.sampled_from(["x", "y"]), nodes, st.just("in"))),
    st.tuples(st.just("add_group"), st.tuples(st.just("g"), st.lists(nodes, max_size=2, unique=True))),
)


def changed(graph: Graph, commands: list[tuple[str, tuple[object, ...]]]) -> Graph:
    for name, arguments in commands:
        with suppress(GraphError):
            getattr(graph, name)(*arguments)
    return graph


@fuzzed
@given(st.lists(edits, max_size=12), st.lists(edits, max_size=4), st.sampled_from([None, 0, 4]), st.randoms())
def test_fuzz_an_edited_text_holds_the_graph(
    first: list[tuple[str, tuple[object, ...]]],
    then: list[tuple[str, tuple[object, ...]]],
    indent: int | None,
    random: object,
) -> None:
    graph = changed(Graph(), first)
    text = dump(graph, indent=indent)
    new = changed(load(text), then)
    written = edit(text, new)
    assert written is not None
    assert load(written) == new
