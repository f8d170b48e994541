"""A graph of a thousand nodes under edit: every command is answered before anything goes through the whole of it."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from bench.editor import graph
from editors import run
from fbp_service import joined, read, served
from msgflo_host.control import coordinator as coordinator_module
from msgflo_host.control.edge_packets import EdgePackets
from msgflo_host.fbp.envelope import Request
from msgflo_host.graph import json_format
from msgflo_host.graph.model import Graph
from msgflo_host.model import graphs as graphs_module
from msgflo_host.model.graphs import MAIN

NODES = 1_000


def end(node: str, port: str) -> dict[str, str]:
    return {"node": node, "port": port}


EDGE = {"src": end("p4", "out0"), "tgt": end("new", "in")}
INITIAL = {"src": {"data": 1}, "tgt": end("new", "in")}
COMMANDS: list[tuple[str, str, dict[str, Any]]] = [
    ("graph", "addnode", {"id": "new", "component": "core/Repeat"}),
    ("graph", "changenode", {"id": "p4", "metadata": {"x": 3}}),
    ("graph", "addedge", EDGE),
    ("graph", "changeedge", {**EDGE, "metadata": {"route": 2}}),
    ("graph", "addinitial", INITIAL),
    ("graph", "removeinitial", INITIAL),
    ("graph", "addinport", {"public": "in", **end("new", "in")}),
    ("graph", "renameinport", {"from": "in", "to": "into"}),
    ("graph", "removeinport", {"public": "into"}),
    ("graph", "addoutport", {"public": "out", **end("p4", "out0")}),
    ("graph", "removeoutport", {"public": "out"}),
    ("graph", "addgroup", {"name": "group", "nodes": ["new", "p4"]}),
    ("graph", "removegroup", {"name": "group"}),
    ("graph", "renamenode", {"from": "new", "to": "newer"}),
    ("graph", "removenode", {"id": "newer"}),
    ("graph", "removeedge", {"src": end("p4", "out0"), "tgt": end("p5", "in0")}),
    ("network", "edges", {"edges": [{"src": end("p6", "out0"), "tgt": end("p7", "in0")}]}),
    ("network", "edges", {"edges": []}),
    ("network", "debug", {"enable": True}),
]


@pytest.fixture
def whole(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often something has gone through all of a graph."""
    counts: Counter[str] = Counter()

    def counting(name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*args: Any, **kwargs: Any) -> Any:
            counts[name] += 1
            return call(*args, **kwargs)

        return counted

    for owner, name in (
        (Graph, "sorted_edges"),
        (Graph, "sorted_initials"),
        (Graph, "take"),
        (graphs_module, "merge"),
        (EdgePackets, "_follow"),
        (coordinator_module, "steps"),
        (json_format, "dump"),
    ):
        monkeypatch.setattr(owner, name, counting(name, getattr(owner, name)))
    for name in ("edges", "initials"):
        found: property = getattr(Graph, name)
        assert found.fget is not None
        monkeypatch.setattr(Graph, name, property(counting(name, found.fget)))
    return counts


@pytest.mark.parametrize("others", [0, 1])
def test_nothing_goes_through_the_whole_graph_before_an_edit_is_answered(whole: Counter[str], others: int) -> None:
    async def main() -> None:
        loaded = json_format.load(json.dumps(graph(NODES)))
        coordinator, service = served(loaded)
        one, two = joined(service), joined(service)
        for number in range(others):
            coordinator.graphs.edit(f"other{number}", "clear", {"id": f"other{number}"})
            coordinator.graphs.edit(f"other{number}", "addnode", {"id": "a", "component": "core/Repeat"})
        for protocol, command, payload in COMMANDS:
            for client in (one, two):
                read(client)
            whole.clear()
            service.dispatcher.handle(one, Request(protocol, command, {"graph": MAIN, **payload}, id="1"))
            assert whole == {}, command
            answer = next(frame for frame in read(one) if frame["command"] == command)
            assert answer["protocol"] == protocol
            if protocol == "graph":
                assert [f["payload"] for f in read(two) if f["command"] == command] == [answer["payload"]]
            await asyncio.sleep(0)

    run(main)
