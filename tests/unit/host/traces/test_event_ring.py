"""The ring: which events are kept, and how many."""

from __future__ import annotations

import json
from typing import Any

import pytest

from msgflo_host.traces.event_ring import DEFAULT_EVENTS, MAX_EVENTS, Ring

EDGE = {"src": {"node": "a", "port": "out"}, "tgt": {"node": "b", "port": "in"}}


def packet(data: Any) -> dict[str, Any]:
    return {"id": "a() OUT -> IN b()", "graph": "default/main", **EDGE, "data": data}


def recording(buffersize: int = DEFAULT_EVENTS, **options: Any) -> Ring:
    ring = Ring("default/main", **options)
    ring.start(1000.0, buffersize)
    return ring


def events(ring: Ring) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(ring.text())
    return found


def data(ring: Ring) -> list[Any]:
    return [event["payload"]["data"] for event in events(ring)]


def test_event_stands_as_in_a_file() -> None:
    ring = recording()
    ring.add("data", packet(21.5), 1769860800.25)
    assert events(ring) == [
        {
            "protocol": "network",
            "command": "data",
            "payload": {**EDGE, "data": 21.5},
            "graph": "default/main",
            "time": "2026-01-31T12:00:00.250Z",
        }
    ]


@pytest.mark.parametrize(("asked", "kept"), [(0, 1), (-5, 1), (10**9, MAX_EVENTS)])
def test_size_has_limits(asked: int, kept: int) -> None:
    ring = recording(asked)
    for number in range(MAX_EVENTS + 1):
        ring.add("data", packet(number), 0.0)
    assert len(events(ring)) == kept


def test_data_that_has_no_room_is_named_by_its_type() -> None:
    ring = recording(max_bytes=1000)
    ring.add("data", packet("x" * 2000), 0.0)
    ring.add("output", {"message": "x" * 2000}, 0.0)
    ring.add("data", packet(1), 0.0)
    assert data(ring) == [1]  # a text without data has no shorter form, and leaves no room for older events
    ring.add("data", packet({"x": "x" * 2000}), 0.0)
    assert data(ring) == [1, "DATA object"]


@pytest.mark.parametrize(
    ("value", "shown"),
    [(b"\0", "DATA bytes"), (float("nan"), "DATA number"), ([object()], "DATA list"), ({1j}, "DATA set")],
)
def test_data_that_json_cannot_express_is_named_by_its_type(value: Any, shown: str) -> None:
    ring = recording()
    ring.add("data", packet(value), 0.0)
    assert data(ring) == [shown]


def test_only_what_happens_between_start_and_stop_is_stored() -> None:
    ring = Ring("default/main")
    ring.add("data", packet("before"), 1.0)
    ring.start(2.0)
    ring.add("data", packet("during"), 3.0)
    ring.add("edges", {"graph": "default/main", "edges": []}, 3.0)
    ring.stop(4.0)
    ring.stop(5.0)
    ring.add("data", packet("after"), 6.0)
    assert data(ring) == ["during"]
    assert (ring.started, ring.stopped, ring.recording) == (2.0, 4.0, False)
    ring.start(7.0)
    assert events(ring) == []
    assert ring.recording


@pytest.mark.parametrize(("first", "second"), [(2, 4), (4, 2), (4, MAX_EVENTS + 1)])
def test_a_second_start_goes_on_and_keeps_the_larger_number_of_both(first: int, second: int) -> None:
    ring = recording(first)
    ring.add("data", packet("before"), 1001.0)
    ring.start(1002.0, second)
    assert data(ring) == ["before"]
    assert ring.size == min(max(first, second), MAX_EVENTS)
    assert ring.started == 1000.0
    for number in range(ring.size):
        ring.add("data", packet(number), 1003.0)
    assert data(ring) == list(range(ring.size))
