"""A graph of a thousand nodes under edit: every command is answered before anything goes through the whole of it."""

from __future__ import annotations

import asyncio
import gc
import json
import sys
from collections import Counter
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest

from bench.editor import graph
from editors import run
from fbp_service import joined, read, served
from msgflo_host.control import coordinator as coordinator_module
from msgflo_host.control.edge_packets import EdgePackets
from msgflo_host.fbp import graph_json
from msgflo_host.fbp.client_list import ClientHandle
from msgflo_host.fbp.envelope import Request
from msgflo_host.fbp.service import Service
from msgflo_host.graph import json_format
from msgflo_host.graph.elements import Node
from msgflo_host.graph.model import Graph
from msgflo_host.model import graphs as graphs_module
from msgflo_host.model.events import Reconciled
from msgflo_host.model.graphs import MAIN
from msgflo_host.wire.discovery import parse
from systems import discovery_message

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
        (EdgePackets, "_update"),
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


OPENING: list[tuple[str, str, dict[str, Any]]] = [
    ("component", "list", {}),
    ("component", "getsource", {"name": MAIN}),
    ("network", "getstatus", {"graph": MAIN}),
    ("runtime", "getruntime", {}),
]


def lines_run(call: Callable[[], object]) -> int:
    """How many lines of Python a call runs, those of loops each time."""
    count = 0

    def trace(frame: FrameType, event: str, argument: object) -> Callable[..., Any]:
        nonlocal count
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        call()
    finally:
        sys.settrace(before)
    return count


def costs_of_opening(nodes: int) -> dict[str, int]:
    """What each request of an editor that opens a graph costs, with participants for half of the nodes."""
    coordinator, service = served(json_format.load(json.dumps(graph(nodes))))
    for number in range(nodes // 2):
        ports = {"inports": [{"id": "in0"}], "outports": [{"id": "out0"}], "component": f"x/Device{number}"}
        coordinator.registry.discovered(parse(discovery_message(f"p{number}", **ports).encode()), 0.0)
    coordinator.events.emit(Reconciled())
    client, costs = joined(service), {}
    for protocol, command, payload in OPENING:
        request = Request(protocol, command, payload, id="1")
        costs[command] = lines_run(lambda request=request: service.dispatcher.handle(client, request))
        frames = read(client)
        assert "error" not in {frame["command"] for frame in frames}
        if command == "list":
            assert len(frames) > nodes // 2
        elif command == "getsource":
            assert len(json.loads(frames[0]["payload"]["code"])["processes"]) == nodes
        elif command == "getstatus":
            assert sum(frame["command"] == "icon" for frame in frames) == nodes // 2
    return costs


def test_a_graph_that_is_four_times_as_large_is_opened_with_four_times_the_work() -> None:
    async def main() -> None:
        small, large = costs_of_opening(NODES // 4), costs_of_opening(NODES)
        for command, cost in large.items():
            assert cost < 6 * small[command] + 1000, (command, small[command], cost)

    run(main)


def source(service: Service, client: ClientHandle, name: str = MAIN) -> dict[str, Any]:
    """A graph as editors read it."""
    service.dispatcher.handle(client, Request("component", "getsource", {"name": name}, id="1"))
    code: dict[str, Any] = json.loads(read(client)[-1]["payload"]["code"])
    return code


def test_of_a_graph_that_is_read_again_only_what_has_changed_is_written_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[object] = []

    def counted(part: Any) -> dict[str, Any]:
        written.append(part)
        return json_format.form(part)

    async def main() -> None:
        coordinator, service = served(json_format.load(json.dumps(graph(NODES))))
        client, graphs = joined(service), coordinator.graphs
        assert len(source(service, client)["processes"]) == NODES
        monkeypatch.setattr(graph_json, "form", counted)
        graphs.discovered({"lamp": "demo/Lamp"})
        assert source(service, client)["processes"]["lamp"]["metadata"]["discovered"] is True
        assert written == [graphs.shown["lamp"]]
        written.clear()
        graphs.edit(MAIN, "changenode", {"id": "p4", "metadata": {"x": 7}})
        graphs.edit(MAIN, "removenode", {"id": "p5"})
        graphs.edit(MAIN, "addinitial", {"src": {"data": 1}, "tgt": end("p6", "in0")})
        found = source(service, client)
        assert written == [graphs.main.graph.nodes["p4"], *graphs.main.graph.initials]
        assert found["processes"]["p4"]["metadata"]["x"] == 7
        assert len(found["processes"]) == NODES  # without p5, with the lamp
        assert found["connections"][-1] == {"data": 1, "tgt": {"process": "p6", "port": "in0"}}
        graphs.replace_main(json_format.load(json.dumps(graph(10))))
        assert len(source(service, client)["connections"]) == 30

    run(main)


def test_the_text_of_a_graph_that_is_gone_is_not_kept() -> None:
    async def main() -> None:
        coordinator, service = served(json_format.load(json.dumps(graph(10))))
        client, graphs = joined(service), coordinator.graphs
        graphs.edit("other", "clear", {"id": "other"})
        graphs.edit("other", "addnode", {"id": "of-the-gone", "component": "core/Repeat"})
        assert list(source(service, client, "other")["processes"]) == ["of-the-gone"]
        graphs.remove("other")
        gc.collect()
        assert not [each for each in gc.get_objects() if isinstance(each, Node) and each.id == "of-the-gone"]

    run(main)
