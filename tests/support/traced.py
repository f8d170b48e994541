"""Graphs that are traced over the protocol."""

from __future__ import annotations

import json
from typing import Any

from editors import Editor


async def dumped(client: Editor, graph: str) -> dict[str, Any]:
    answer = await client.ask("trace", "dump", graph=graph, type="flowtrace.json")
    assert (answer["graph"], answer["type"]) == (graph, "flowtrace.json")
    document: dict[str, Any] = json.loads(answer["flowtrace"])
    return document


def data(document: dict[str, Any]) -> list[Any]:
    return [event["payload"]["data"] for event in document["events"] if event["command"] == "data"]


async def counting(client: Editor, graph: str, **metadata: Any) -> None:
    """Make and start a graph whose one edge carries 1, 2, 3…, one for each packet that is sent in."""
    await client.ask("graph", "clear", id=graph)
    for id, component in (("count", "core/Counter"), ("again", "core/Repeat")):
        await client.ask("graph", "addnode", id=id, component=component, graph=graph)
    edge = {"src": {"node": "count", "port": "out"}, "tgt": {"node": "again", "port": "in"}}
    await client.ask("graph", "addedge", graph=graph, metadata=metadata, **edge)
    for side, node in (("in", "count"), ("out", "again")):
        await client.ask("graph", f"add{side}port", public=side, node=node, port=side, graph=graph)
    await client.ask("network", "start", graph=graph)


async def count(client: Editor, graph: str, number: int) -> None:
    for _ in range(number):
        since = len(client.frames)
        await client.ask("runtime", "packet", graph=graph, port="in", event="data", payload=True)
        await client.told("runtime", "packet", since=since, graph=graph, port="out")
