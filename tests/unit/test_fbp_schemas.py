"""The checker of frames accepts and refuses as npm's fbp-protocol does."""

from __future__ import annotations

import pytest

from fbp_schemas import Watched, check_output
from msgflo_host.fbp.client_list import ClientHandle

pytestmark = pytest.mark.made_up

END = {"node": "a", "port": "out"}
DATA = {"id": "A() OUT -> IN B()", "src": END, "tgt": {"node": "b", "port": "in"}, "graph": "g", "data": None}
PORT = {"id": "in", "type": "any"}


@pytest.mark.parametrize(
    ("protocol", "command", "payload"),
    [
        ("graph", "addnode", {"id": "a", "component": "core/Repeat", "graph": "g", "metadata": {"x": 1}}),
        ("graph", "removeinitial", {"tgt": END, "graph": "g", "src": {"data": None}}),
        ("graph", "error", {"message": "Requested graph not found"}),
        ("network", "data", DATA),
        ("network", "started", {"graph": "g", "time": "2017-01-24T23:30:00.123Z"}),
        ("network", "debug", {"graph": "g", "enable": True}),
        ("network", "persist", {}),
        ("component", "componentsready", 3),
        ("runtime", "ports", {"graph": "g", "inPorts": [PORT], "outPorts": []}),
        ("runtime", "packet", {"graph": "g", "port": "out", "event": "data", "payload": [1]}),
        ("trace", "dump", {"graph": "g", "type": "flowtrace.json", "flowtrace": "{}"}),
    ],
)
def test_good_output_passes(protocol: str, command: str, payload: object) -> None:
    check_output(protocol, command, payload)


@pytest.mark.parametrize(
    ("protocol", "command", "payload"),
    [
        ("graph", "addnode", {"id": "a", "component": "core/Repeat"}),
        ("graph", "addnode", {"id": "a", "component": "core/Repeat", "graph": "g", "metadata": {"x": 1.5}}),
        ("graph", "get", {}),
        ("graph", "error", {}),
        ("network", "data", {**DATA, "type": "any"}),
        ("network", "data", {**DATA, "src": {**END, "extra": 1}}),
        ("network", "started", {"graph": "g", "time": "yesterday"}),
        ("network", "debug", {"graph": "g"}),
        ("component", "componentsready", {}),
        ("runtime", "ports", {"graph": "g", "inPorts": [{**PORT, "queue": "t"}], "outPorts": []}),
        ("runtime", "ports", {"graph": "g", "inPorts": [{**PORT, "schema": "no uri"}], "outPorts": []}),
        ("nothing", "error", {"message": "text"}),
    ],
)
def test_wrong_output_fails(protocol: str, command: str, payload: object) -> None:
    with pytest.raises(AssertionError):
        check_output(protocol, command, payload)


def test_a_frame_of_the_runtime_that_breaks_its_schema_fails_the_test_that_has_it_sent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    client = ClientHandle(remote="test", local=True, capabilities=frozenset())
    with Watched(monkeypatch):
        client.send({"protocol": "component", "command": "componentsready", "payload": 3})
    with pytest.raises(AssertionError, match="component:componentsready: payload"), Watched(monkeypatch):
        client.send({"protocol": "component", "command": "componentsready", "payload": "3"})
    with pytest.raises(AssertionError, match="component:componentsready: payload"), Watched(monkeypatch):
        client.send(b'{"protocol": "component", "command": "componentsready", "payload": "3"}')
