"""An editor such as noflo-ui that only opens a graph changes nothing, and nobody is told of how it draws that."""

from __future__ import annotations

from typing import Any

import pytest

from fbp_service import joined, read, served
from msgflo_host.fbp.client_list import ClientHandle
from msgflo_host.fbp.envelope import Request
from msgflo_host.fbp.service import Service
from msgflo_host.graph.model import Graph

MAIN = "default/main"
SIZE = {"width": 72, "height": 72}


def ask(service: Service, client: ClientHandle, protocol: str, command: str, **payload: Any) -> list[dict[str, Any]]:
    """Send a request; returns what its client is told, its answer among it."""
    service.dispatcher.handle(client, Request(protocol, command, payload, id="1"))
    return read(client)


@pytest.fixture
def graph() -> Graph:
    graph = Graph()
    graph.add_node("lamp", "x/Lamp")
    graph.add_node("fan", "x/Fan", {"x": 100, "y": 130})
    return graph


def open_as_noflo_ui(service: Service, client: ClientHandle, places: dict[str, tuple[int, int]]) -> None:
    ask(service, client, "component", "getsource", name=MAIN)
    for id, (x, y) in places.items():
        metadata = {"x": x, "y": y, **SIZE, "label": id}
        answer = ask(service, client, "graph", "changenode", graph=MAIN, id=id, metadata=metadata)
        assert [(each["command"], each.get("responseTo"), each["payload"]["id"]) for each in answer] == [
            ("changenode", "1", id)
        ]


def test_an_editor_that_is_only_opened_changes_nothing(graph: Graph) -> None:
    coordinator, service = served(graph)
    coordinator.graphs.discovered({"found": "x/Found"})
    edits: list[str] = []
    coordinator.graphs.on_edit.append(edits.append)
    before = graph.copy()
    client, other = joined(service), joined(service)
    open_as_noflo_ui(service, client, {"lamp": (36, 72), "fan": (108, 144), "found": (0, 0)})
    open_as_noflo_ui(service, client, {"lamp": (72, 108), "fan": (72, 108), "found": (36, 0)})  # again, laid out anew
    assert edits == []
    assert coordinator.graphs.main.graph == before
    assert read(other) == []


def test_a_node_that_is_dragged_there_keeps_its_place(graph: Graph) -> None:
    coordinator, service = served(graph)
    client, other = joined(service), joined(service)
    open_as_noflo_ui(service, client, {"lamp": (36, 72), "fan": (108, 144)})
    for x in (40, 72):
        ask(service, client, "graph", "changenode", graph=MAIN, id="lamp", metadata={"x": x, "y": 72, **SIZE})
    assert coordinator.graphs.main.graph.nodes["lamp"].metadata == {"x": 72, "y": 72}
    assert [frame["payload"]["metadata"] for frame in read(other)] == [{"x": 40, "y": 72}, {"x": 72, "y": 72}]
