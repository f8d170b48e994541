"""The forms of outputs that are checked here are those of the published schemas."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest

from fbp_schemas import check_output, commands
from msgflo_host.fbp.outputs import FORMS, check

PORT = {"node": "a", "port": "out", "index": 1}
PORTS = [{"id": "in", "type": "any", "schema": "https://a/b", "required": True, "values": [1], "default": None}]
EXAMPLES: dict[str, Any] = {
    "any": {"some": ["thing"]},
    "count": 3,
    "data": {"data": None},
    "edge": {"route": 1, "schema": "https://a/b", "secure": True, "more": 1},
    "edges": [{"src": PORT, "tgt": PORT}],
    "event": "data",
    "flag": False,
    "group": {"description": "d", "more": 1},
    "node": {"x": 1, "y": -2, "more": [1]},
    "number": 1.5,
    "port": PORT,
    "ports": PORTS,
    "texts": ["a"],
    "time": "2020-01-01T00:00:00Z",
    "trace": "flowtrace.json",
    "uri": "https://a/b",
}
WRONG: list[Any] = [
    *(None, True, 7, 2.0, 1.5, 10**25, "text", "2020-01-01T00:00:00", "nowhere", "", "1:b"),
    *([], [1], [[]], {}, {"node": "a"}, {"x": 1.5}, {"x": 2.0}, {"route": "1"}, {"data": 1, "b": 2}),
]


def example(form: str) -> dict[str, Any]:
    """A payload with all keys of a form."""
    parts = [part.partition(":") for part in form.split()]
    return {key.rstrip("?"): copy.deepcopy(EXAMPLES.get(kind, "text")) for key, _, kind in parts}


def variants(payload: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The payload, and others in which one thing is different."""
    yield payload
    yield {**payload, "more": 1}
    for key, value in payload.items():
        yield {name: each for name, each in payload.items() if name != key}
        yield from ({**payload, key: wrong} for wrong in WRONG)
        for inner in list(value) if isinstance(value, dict) else ():
            yield {**payload, key: {name: each for name, each in value.items() if name != inner}}
            yield from ({**payload, key: {**value, inner: wrong}} for wrong in WRONG)
            yield {**payload, key: {**value, "unknown": 1}}


def published(protocol: str, command: str, payload: Any) -> bool:
    try:
        check_output(protocol, command, payload)
    except AssertionError:
        return False
    return True


def here(protocol: str, command: str, payload: Any) -> bool:
    try:
        check(protocol, command, payload)
    except ValueError:
        return False
    return True


@pytest.mark.parametrize(("protocol", "command"), FORMS)
def test_what_is_accepted_and_what_is_refused_is_as_in_the_published_schema(protocol: str, command: str) -> None:
    whole = example(FORMS[protocol, command])
    assert here(protocol, command, whole)
    found = [(published(protocol, command, each), here(protocol, command, each), each) for each in variants(whole)]
    assert not [each for accepted, taken, each in found if taken and not accepted]
    if (protocol, command) not in OPEN:
        assert not [each for accepted, taken, each in found if accepted and not taken]


# The schemas of these leave a door open that the protocol's own text does not mention.
OPEN = {("graph", "renamegroup"), ("network", "connect"), ("network", "disconnect")}


def test_all_that_is_said_of_a_graph_is_known() -> None:
    said = {
        (protocol, command) for protocol in ("graph", "network", "trace") for command in commands("output", protocol)
    }
    not_of_a_graph = {("network", "output"), ("network", "persist")}
    assert {kind for kind in said if kind[1] != "error"} - FORMS.keys() - not_of_a_graph == set()


def test_what_says_nothing_of_a_graph_is_refused() -> None:
    assert not here("component", "component", {})
