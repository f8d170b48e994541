"""A trace as a runtime: what clients see of it, and when."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from fbp_schemas import check_frame
from msgflo_host.errors import ClientError
from msgflo_host.fbp.client import Client, Message
from msgflo_host.fbp.replay_server import ReplayServer
from msgflo_host.traces import flowtrace

pytestmark = pytest.mark.asyncio_loop

MAIN = "default/main"
GRAPH = {
    "properties": {"name": "main"},
    "inports": {"limit": {"process": "b", "port": "limit"}},
    "outports": {"seen": {"process": "b", "port": "seen"}},
    "processes": {"a": {"component": "x/A"}, "b": {"component": "x/B"}, "c": {"component": "x/Inner"}},
    "connections": [
        {"src": {"process": "a", "port": "out"}, "tgt": {"process": "b", "port": "in"}},
        {"data": 5, "tgt": {"process": "a", "port": "every"}},
    ],
}
EDGE = {"src": {"node": "a", "port": "out"}, "tgt": {"node": "b", "port": "in"}}
STATUS = {"graph": MAIN}


def event(command: str, at: float, **payload: Any) -> dict[str, Any]:
    return flowtrace.event(MAIN, command, payload, 1e9 + at)


def packet(at: float, data: Any) -> dict[str, Any]:
    return event("data", at, **EDGE, data=data)


def trace(*events: dict[str, Any], graphs: dict[str, Any] | None = None) -> flowtrace.Trace:
    known = graphs or {MAIN: GRAPH, "x/Inner": {"processes": {}}}
    text = flowtrace.build_text({}, known, json.dumps(events), main=MAIN)
    return flowtrace.parse(text, "home.flowtrace.json")


@asynccontextmanager
async def serving(*events: dict[str, Any], **options: Any) -> AsyncIterator[str]:
    """A replay on a port of its own; its address."""
    server = ReplayServer(trace(*events), **options)
    port = await server.start("127.0.0.1", 0)
    try:
        yield f"ws://127.0.0.1:{port}"
    finally:
        await server.stop()


@asynccontextmanager
async def connected(address: str) -> AsyncIterator[tuple[Client, list[Message]]]:
    """A client, and all that it hears; each message keeps to the schemas."""
    async with Client.connect(address) as client:
        heard: list[Message] = []
        messages = client.messages()

        async def listen() -> None:
            async for message in messages:
                heard.append(message)

        listening = asyncio.create_task(listen())
        yield client, heard
        listening.cancel()
        for message in heard:
            payload = message.payload
            check_frame({"protocol": message.protocol, "command": message.command, "payload": payload})


async def until_stopped(messages: AsyncIterator[Message]) -> list[Message]:
    """The messages up to network:stopped."""
    found: list[Message] = []
    async with asyncio.timeout(30):
        async for message in messages:
            found.append(message)
            if message.command == "stopped":
                break
    return found


async def test_editor_opens_the_graph() -> None:
    async with serving() as address, connected(address) as (client, _):
        assert client.runtime["type"] == "flowtrace-replay"
        assert client.runtime["graph"] == MAIN
        assert client.runtime["label"] == "replay of home.flowtrace.json"
        check_frame({"protocol": "runtime", "command": "runtime", "payload": client.runtime})
        source = await client.request("component", "getsource", {"name": MAIN})
        assert (source["name"], source["language"], "library" in source) == (MAIN, "json", False)
        assert json.loads(source["code"]) == GRAPH
        status = await client.request("network", "getstatus", STATUS)
        assert status == {"graph": MAIN, "started": False, "running": False}


async def test_components_have_the_ports_that_the_graphs_use() -> None:
    async with serving() as address, connected(address) as (client, _):
        found = await client.request("component", "list", {})
    ports = {
        each["name"]: tuple([port["id"] for port in each[side]] for side in ("inPorts", "outPorts")) for each in found
    }
    assert ports == {"x/A": (["every"], ["out"]), "x/B": (["in", "limit"], ["seen"]), "x/Inner": ([], [])}
    assert {each["name"] for each in found if each["subgraph"]} == {"x/Inner"}


async def test_start_replays_every_event_in_order_then_stops() -> None:
    events = [
        event("started", 0),
        event("data", 0, tgt=EDGE["tgt"], data=5),
        event("begingroup", 0, **EDGE, group="g"),
        packet(0, {"on": True}),
        event("endgroup", 0, **EDGE, group="g"),
        event("icon", 0, id="a", icon="cog"),
        event("processerror", 0, id="a", error="broken"),
        event("output", 0, message="hello", type="message"),
        event("data", 0, src=EDGE["src"], data="to nobody"),
        event("stopped", 0),
    ]
    async with serving(*events) as address, connected(address) as (client, _):
        messages = client.messages()
        await client.request("network", "start", STATUS)
        heard = await until_stopped(messages)
        status = await client.request("network", "getstatus", STATUS)
    assert [message.command for message in heard] == [
        "started", "data", "begingroup", "data", "endgroup", "icon", "processerror", "output", "stopped",
    ]  # fmt: skip
    initial, icon = heard[1].payload, heard[5].payload
    assert initial == {"id": "DATA -> IN b()", "tgt": EDGE["tgt"], "graph": MAIN, "data": 5}
    assert heard[3].payload == {"id": "a() OUT -> IN b()", **EDGE, "graph": MAIN, "data": {"on": True}}
    assert icon == {"id": "a", "icon": "cog", "graph": MAIN}
    assert (heard[0].payload["running"], heard[-1].payload["running"]) == (True, False)
    assert status == {"graph": MAIN, "started": True, "running": False}


async def test_every_client_hears_what_one_started_and_stopped() -> None:
    async with (
        serving(packet(0, 0), packet(3600, 1)) as address,
        connected(address) as (first, _),
        connected(address) as (second, _),
    ):
        messages = second.messages()
        await first.request("network", "start", STATUS)
        assert (await anext(messages)).command == "started"
        assert (await anext(messages)).payload["data"] == 0
        status = await second.request("network", "getstatus", STATUS)
        assert status == {"graph": MAIN, "started": True, "running": True}
        answer = await first.request("network", "stop", STATUS)
        assert (answer["started"], answer["running"]) == (False, False)
        assert [message.command for message in await until_stopped(messages)] == ["status", "stopped"]


@pytest.mark.parametrize(
    ("protocol", "command", "payload"),
    [
        ("graph", "addnode", {"id": "a", "component": "x/A", "graph": MAIN}),
        ("graph", "clear", {"id": MAIN}),
        ("component", "source", {"name": "A", "language": "python", "code": ""}),
        ("runtime", "packet", {"port": "limit", "event": "data", "graph": MAIN, "payload": 1}),
        ("network", "persist", {}),
        ("trace", "start", {"graph": MAIN}),
    ],
)
async def test_nothing_can_be_changed(protocol: str, command: str, payload: dict[str, Any]) -> None:
    async with serving() as address, connected(address) as (client, heard):
        with pytest.raises(
            ClientError, match=f"{protocol}:{command} is not permitted: this is a trace, which can only be read"
        ):
            await client.request(protocol, command, payload)
        assert (heard[-1].protocol, heard[-1].command) == (protocol, "error")
