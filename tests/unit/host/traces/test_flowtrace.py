"""Trace files: written whole, read with the place of what is wrong."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest

from msgflo_host.errors import TraceError
from msgflo_host.traces import flowtrace

GRAPH = {"processes": {"a": {"component": "x/A"}}, "connections": []}
EVENT = flowtrace.event("default/main", "output", {"message": "half \ud800 ü"}, 0.0)


def content(**metadata: Any) -> dict[str, Any]:
    graphs = {"x/A": {}, "default/main": GRAPH}
    text = flowtrace.build_text(metadata, graphs, json.dumps([EVENT, EVENT]), main="default/main")
    found: dict[str, Any] = json.loads(text)
    return found


def test_what_was_written_is_read_again(tmp_path: Path) -> None:
    file = tmp_path / "a.flowtrace.json"
    flowtrace.write(file, content(label="home"))
    trace = flowtrace.load(file)
    assert trace.events == [EVENT, EVENT]
    assert trace.graphs["default/main"] == GRAPH
    assert trace.header["metadata"]["label"] == "home"
    assert len(file.read_text().splitlines()) == 5  # an event a line


def test_main_graph_is_found_by_every_reader() -> None:
    header = content()["header"]
    assert header["main"] == header["metadata"]["main"] == next(iter(header["graphs"])) == "default/main"


def test_file_is_replaced_whole_and_keeps_its_mode(tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    file.write_text("old")
    file.chmod(0o640)
    flowtrace.write(file, content())
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.json"]
    with pytest.raises(TypeError):
        flowtrace.write(file, {"header": {}, "events": [{"data": object()}]})
    assert flowtrace.load(file).events == [EVENT, EVENT]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"events": [\n{"protocol": 1}]}', 't.json:2:1: events[0]: must have "protocol" and "command"'),
        ('{"header": {}}', 't.json:1:1: "events" is missing; a trace has "header" and "events"'),
        ('{"events": {}}', "t.json:1:12: events: must be a list, not an object"),
        ("[]", "t.json:1:1: a trace must be an object, not a list"),
        ('{"events": [', "t.json:1:13: not JSON: Expecting value"),
        ('{"header": [1], "events": []}', "t.json:1:12: header: must be an object"),
        ('{"header": {"main": 1}, "events": []}', '"main" is a text'),
        ('{"header": {"graphs": {"x/y": 1}}, "events": []}', 'each of "graphs" are objects'),
    ],
)
def test_what_is_no_trace_is_an_error_with_its_place(text: str, message: str) -> None:
    with pytest.raises(TraceError) as caught:
        flowtrace.parse(text, "t.json")
    assert message in str(caught.value)


@pytest.mark.parametrize(
    "payload",
    [None, {"src": "a"}, {"tgt": {"node": "a"}}, {"tgt": {"node": "a", "port": "in", "index": 1.5}}, {"subgraph": "a"}],
)
def test_packet_without_sound_ends_is_an_error(payload: Any) -> None:
    event = {"protocol": "network", "command": "data", "payload": payload}
    with pytest.raises(TraceError, match=r"events\[0\]: must have"):
        flowtrace.parse(json.dumps({"events": [event]}), "t.json")


def test_data_that_is_nested_too_deeply_is_an_error() -> None:
    data = "[" * 300 + "]" * 300
    text = f'{{"events": [{{"protocol": "network", "command": "data", "payload": {{"data": {data}}}}}]}}'
    with pytest.raises(TraceError, match="it is nested deeper than 100 levels"):
        flowtrace.parse(text)
