"""A graph of a thousand nodes under edit: every command is answered before anything goes through the whole of it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bench.editor import devices, graph
from brokers import Broker
from editors import editor, run
from msgflo_host import coordinator as coordinator_module
from msgflo_host import graphs as graphs_module
from msgflo_host.graph import json_format
from msgflo_host.graph._store import Store
from msgflo_host.graphs import MAIN
from msgflo_host.taps import Taps
from systems import Coordinator

NODES = 1_000


def end(node: str, port: str) -> dict[str, str]:
    return {"node": node, "port": port}


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
        (Store, "sorted_edges"),
        (Store, "sorted_initials"),
        (Store, "take"),
        (graphs_module, "merge"),
        (Taps, "_follow"),
        (coordinator_module, "steps"),
        (json_format, "dump"),
    ):
        monkeypatch.setattr(owner, name, counting(name, getattr(owner, name)))
    for name in ("edges", "initials"):
        found: property = getattr(Store, name)
        assert found.fget is not None
        monkeypatch.setattr(Store, name, property(counting(name, found.fget)))
    return counts


def test_two_hundred_edits_in_a_row_are_answered_and_told_to_others_while_packets_flow(
    broker: Broker, tmp_path: Path
) -> None:
    (tmp_path / "graph.json").write_text(json.dumps(graph(NODES)))
    edits: list[tuple[str, dict[str, Any]]] = []
    for number in range(50):
        node = f"new{number}"
        edits += [
            ("addnode", {"id": node, "component": "core/Repeat", "metadata": {"x": number, "y": 0}}),
            ("addedge", {"src": end(f"p{number}", "out1"), "tgt": end(node, "in"), "metadata": {}}),
            ("changenode", {"id": f"p{number}", "metadata": {"x": number, "y": number}}),
            ("renamenode", {"from": node, "to": f"newer{number}"}),
        ]

    async def main() -> None:
        async with editor(program.port) as one, editor(program.port) as two:
            await two.told("network", "data")
            since = len(two.frames)
            ids = [await one.send("graph", command, {"graph": MAIN, **payload}) for command, payload in edits]
            for command, payload in edits:
                told = await two.told("graph", command, since=since, graph=MAIN, **payload)
                since = two.frames.index(told, since)
            # The two have a connection each: what one was told says nothing of what has come to the other.
            await one.ask("network", "getstatus", graph=MAIN)
            answered = [frame for frame in one.frames if frame.get("responseTo") in ids]
            assert [frame["responseTo"] for frame in answered] == ids
            assert [(f["command"], f["payload"]) for f in answered] == [
                (command, {"graph": MAIN, **payload}) for command, payload in edits
            ]
            # What was edited is in force, though a thousand devices stand around it.
            since = len(one.frames)
            await one.told("network", "data", since=since, id="p49() OUT1 -> IN newer49()")

    with Coordinator("graph.json", "--plain", broker=broker.url, cwd=tmp_path) as program, devices(broker.port, NODES):
        bound = ("direct", "forwarded")
        program.wait(lambda status: status["edges"] and all(edge["kind"] in bound for edge in status["edges"]))
        run(main)
