"""noflo-ui opens a graph: icons come again once it has drawn it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from fbp_service import joined, read, served
from msgflo_host.fbp import node_health
from msgflo_host.fbp.client_list import ClientHandle
from msgflo_host.fbp.envelope import Request
from msgflo_host.fbp.service import Service
from msgflo_host.graph.model import Graph


def ask(service: Service, client: ClientHandle, protocol: str, command: str, **payload: Any) -> list[dict[str, Any]]:
    """The frames that follow from a request."""
    service.dispatcher.handle(client, Request(protocol, command, payload))
    return read(client)


def answer(frames: list[dict[str, Any]], command: str) -> dict[str, Any]:
    (found,) = [frame["payload"] for frame in frames if frame["command"] == command]
    return dict(found)


async def test_icons_are_sent_again_once_the_editor_has_drawn_the_graph(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(node_health, "DRAWN_S", 0.0)
    graph = Graph()
    graph.add_node("lamp", "x/Lamp")
    _, service = served(graph)
    client = joined(service)
    for _ in range(2):
        frames = ask(service, client, "network", "getstatus", graph="default/main")
        assert answer(frames, "icon")["id"] == "lamp"
    for _ in range(10):
        await asyncio.sleep(0)
    assert [(frame["command"], frame["payload"]["id"]) for frame in read(client)] == [("icon", "lamp")]
