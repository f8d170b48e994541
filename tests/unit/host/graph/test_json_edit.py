"""Edits of a JSON graph: it holds the new graph, in the order and with the indentation of its author."""

from __future__ import annotations

import json

import pytest

from msgflo_host.graph.json_edit import edit
from msgflo_host.graph.json_format import load
from msgflo_host.graph.model import PortRef

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
        edited(lambda graph: (graph.change_node("lamp", change), graph.exports("inport").add("in", "lamp", "on")))
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


def test_the_style_of_a_text_is_stored() -> None:
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
