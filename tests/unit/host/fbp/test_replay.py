"""A trace as a runtime: what clients see of it, and when."""

from __future__ import annotations

import json
from typing import Any

import pytest

from msgflo_host.errors import TraceError
from msgflo_host.fbp.replay import frames
from msgflo_host.fbp.replay_server import ReplayServer
from msgflo_host.traces import flowtrace

MAIN = "default/main"
GRAPH = {
    "properties": {"name": "main"},
    "inports": {"limit": {"process": "b", "port": "limit"}},
    "outports": {"seen": {"process": "b", "port": "seen"}},
    "processes": {"a": {"component": "x/A"}, "b": {"component": "x/B"}, "c": {"component": "x/Inner"}},
    "connections": [
        {"src": {"process": "a", "port": "out"}, "tgt": {"process": "b", "port": "in"}},
        {"data": 5, "tgt": {"process": "a", "port": "every"}},
    ],
}
EDGE = {"src": {"node": "a", "port": "out"}, "tgt": {"node": "b", "port": "in"}}


def event(command: str, at: float, **payload: Any) -> dict[str, Any]:
    return flowtrace.event(MAIN, command, payload, 1e9 + at)


def packet(at: float, data: Any) -> dict[str, Any]:
    return event("data", at, **EDGE, data=data)


def trace(*events: dict[str, Any], graphs: dict[str, Any] | None = None) -> flowtrace.Trace:
    known = graphs or {MAIN: GRAPH, "x/Inner": {"processes": {}}}
    text = flowtrace.build_text({}, known, json.dumps(events), main=MAIN)
    return flowtrace.parse(text, "home.flowtrace.json")


def test_events_keep_their_distances() -> None:
    found, left_out = frames(trace(packet(0, 0), packet(1.5, 1), packet(0.5, 2), packet(2.5, 3)))
    assert [frame.at for frame in found] == [0, 1.5, 1.5, 3.5]  # the clock was set back by a second
    assert left_out == 0


def test_what_the_protocol_cannot_express_is_counted() -> None:
    other = {"protocol": "graph", "command": "addnode", "payload": {}}
    found, left_out = frames(trace(other, event("data", 0, src=EDGE["src"], data=1), event("icon", 0), packet(0, 1)))
    assert len(found) == 1
    assert left_out == 3


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"time": None}, r"home\.flowtrace\.json: events\[0\]\.time: is null, where a time is needed"),
        ({"time": "yesterday"}, r'events\[0\]\.time: is "yesterday"'),
    ],
)
def test_event_without_a_time_is_an_error(changed: dict[str, Any], message: str) -> None:
    with pytest.raises(TraceError, match=message):
        ReplayServer(trace({**packet(0, 1), **changed}))


@pytest.mark.parametrize(
    ("graphs", "message"),
    [
        ({MAIN: {"processes": {"a": {}}}}, r'header\.graphs\["default/main"\]\.processes\.a: "component" is missing'),
        ({MAIN: {"connections": [{"data": 1, "tgt": {"process": "a", "port": "in"}}]}}, "no node 'a' in the graph"),
    ],
)
def test_graph_that_is_none_is_an_error(graphs: dict[str, Any], message: str) -> None:
    with pytest.raises(TraceError, match=message):
        ReplayServer(trace(graphs=graphs))


def test_trace_without_its_main_graph_is_an_error() -> None:
    with pytest.raises(TraceError, match="has no graph 'default/main', which is the main one; there are: none"):
        ReplayServer(flowtrace.parse('{"events": []}'))
