"""Editors without a layout of their own, such as noflo-ui, are told a place for every node, and change nothing by opening."""

from __future__ import annotations

import json
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


def metadata_told(service: Service, client: ClientHandle) -> dict[str, Any]:
    """The metadata of each node in the source of the graph."""
    (answer,) = ask(service, client, "component", "getsource", name=MAIN)
    processes = json.loads(answer["payload"]["code"])["processes"]
    return {id: process.get("metadata", {}) for id, process in processes.items()}


def send(service: Service, client: ClientHandle, id: str, metadata: dict[str, Any]) -> dict[str, Any]:
    """Send all of a node's metadata as noflo-ui does after each drag; returns what is answered."""
    sent = {**metadata, **SIZE, "label": id}
    (answer,) = ask(service, client, "graph", "changenode", graph=MAIN, id=id, metadata=sent)
    assert (answer["command"], answer["responseTo"], answer["payload"]["id"]) == ("changenode", "1", id)
    answered: dict[str, Any] = answer["payload"]["metadata"]
    return answered


@pytest.fixture
def graph() -> Graph:
    graph = Graph()
    graph.add_node("lamp", "x/Lamp")
    graph.add_node("fan", "x/Fan", {"x": 288, "y": 144})
    return graph


def test_an_editor_gets_a_place_for_every_node_and_the_graph_has_none_of_them(graph: Graph) -> None:
    coordinator, service = served(graph)
    coordinator.graphs.discovered({"found": "x/Found"})
    before = graph.copy()
    assert metadata_told(service, joined(service)) == {
        "lamp": {"unplaced": True, "x": 108, "y": 144},
        "fan": {"x": 288, "y": 144},
        "found": {"discovered": True, "x": 648, "y": 144},
    }
    assert coordinator.graphs.main.graph == before


def test_a_node_that_is_dragged_has_its_place_in_the_graph_and_no_other_node_has(graph: Graph) -> None:
    coordinator, service = served(graph)
    graph.add_node("third", "x/Third")
    client, other = joined(service), joined(service)
    told = metadata_told(service, client)
    assert send(service, client, "lamp", {**told["lamp"], "x": 72}) == {"x": 72, "y": 144}
    send(service, client, "lamp", {**told["lamp"], "x": 72})  # once for each step of the mouse
    assert {id: node.metadata for id, node in coordinator.graphs.main.graph.nodes.items()} == {
        "lamp": {"x": 72, "y": 144}, "fan": {"x": 288, "y": 144}, "third": {},
    }  # fmt: skip
    assert [frame["payload"]["metadata"] for frame in read(other)] == [{"x": 72, "y": 144}]
    assert metadata_told(service, client)["third"] == told["third"]


def test_a_discovered_node_that_is_dragged_is_shown_there_and_takes_its_place_along(graph: Graph) -> None:
    coordinator, service = served(graph)
    coordinator.graphs.discovered({"found": "x/Found"})
    client = joined(service)
    told = metadata_told(service, client)
    moved = {"discovered": True, "x": 504, "y": 36}
    assert send(service, client, "found", {**told["found"], **moved}) == moved
    assert "found" not in coordinator.graphs.main.graph.nodes
    assert metadata_told(service, client)["found"] == moved
    ask(
        service, client, "graph", "addedge",
        graph=MAIN, src={"node": "found", "port": "out"}, tgt={"node": "fan", "port": "in"},
    )  # fmt: skip
    assert metadata_told(service, client)["found"] == {"x": 504, "y": 36}
