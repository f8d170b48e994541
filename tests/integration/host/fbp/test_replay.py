"""A trace as a runtime: what clients see of it, and when."""

from __future__ import annotations

import asyncio
import functools
import json
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest

from fbp_schemas import check_frame
from msgflo_host.errors import ClientError, ServerError
from msgflo_host.fbp import client_list
from msgflo_host.fbp.client import Client, Message
from msgflo_host.fbp.replay_server import ReplayServer
from msgflo_host.traces import flowtrace

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


def asynchronous(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """A test that pytest can call."""

    @functools.wraps(test)
    def run(*args: Any, **kwargs: Any) -> None:
        asyncio.run(test(*args, **kwargs))

    return run


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
        client.on_message.append(heard.append)
        yield client, heard
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


@asynchronous
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


@asynchronous
async def test_components_have_the_ports_that_the_graphs_use() -> None:
    async with serving() as address, connected(address) as (client, _):
        found = await client.request("component", "list", {})
    ports = {
        each["name"]: tuple([port["id"] for port in each[side]] for side in ("inPorts", "outPorts")) for each in found
    }
    assert ports == {"x/A": (["every"], ["out"]), "x/B": (["in", "limit"], ["seen"]), "x/Inner": ([], [])}
    assert {each["name"] for each in found if each["subgraph"]} == {"x/Inner"}


@asynchronous
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


@pytest.mark.parametrize(("speed", "least"), [(1.0, 0.6), (3.0, 0.2)])
@asynchronous
async def test_speed_shortens_the_distances(speed: float, least: float) -> None:
    loop = asyncio.get_running_loop()
    async with serving(packet(0, 0), packet(0.6, 1), speed=speed) as address, connected(address) as (client, _):
        messages = client.messages()
        began = loop.time()
        await client.request("network", "start", STATUS)
        await until_stopped(messages)
        assert loop.time() - began >= least


@asynchronous
async def test_high_speed_does_not_wait() -> None:
    async with serving(packet(0, 0), packet(3600, 1), speed=1e9) as address, connected(address) as (client, _):
        messages = client.messages()
        await client.request("network", "start", STATUS)
        assert len(await until_stopped(messages)) == 4


@asynchronous
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


@asynchronous
async def test_starting_twice_replays_once_and_starting_later_again() -> None:
    async with serving(packet(0, 0), packet(1, 1)) as address, connected(address) as (client, _):
        for _ in range(2):
            messages = client.messages()
            await asyncio.gather(*(client.request("network", "start", STATUS) for _ in range(2)))  # before it has ended
            heard = await until_stopped(messages)
            assert [message.payload["data"] for message in heard if message.command == "data"] == [0, 1]


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
@asynchronous
async def test_nothing_can_be_changed(protocol: str, command: str, payload: dict[str, Any]) -> None:
    async with serving() as address, connected(address) as (client, heard):
        with pytest.raises(ClientError, match=f"{protocol}:{command} is not permitted"):
            await client.request(protocol, command, payload)
        assert (heard[-1].protocol, heard[-1].command) == (protocol, "error")


@pytest.mark.parametrize(
    ("command", "payload", "message"),
    [
        ("start", {}, "No graph specified"),
        ("start", {"graph": "other"}, "Requested graph not found"),
        ("getstatus", {"graph": 1}, "Requested graph not found"),
        ("debug", {"graph": MAIN}, '"enable"'),
        ("edges", {"graph": MAIN, "edges": 1}, '"edges"'),
        ("edges", {"graph": MAIN, "edges": [{"src": EDGE["src"]}]}, '"tgt"'),
    ],
)
@asynchronous
async def test_request_that_makes_no_sense_is_refused(command: str, payload: dict[str, Any], message: str) -> None:
    async with serving() as address, connected(address) as (client, _):
        with pytest.raises(ClientError, match=message):
            await client.request("network", command, payload)


@asynchronous
async def test_old_client_without_request_ids_is_answered() -> None:
    asked = [
        ("network", "edges", {"graph": MAIN, "edges": [EDGE]}, {"graph": MAIN, "edges": [EDGE]}),
        ("network", "debug", {"graph": MAIN, "enable": True}, {"graph": MAIN, "enable": True}),
    ]
    async with (
        serving() as address,
        aiohttp.ClientSession() as session,
        session.ws_connect(address, protocols=("noflo",)) as socket,
    ):
        assert socket.protocol == "noflo"
        for protocol, command, payload, expected in asked:
            await socket.send_json({"protocol": protocol, "command": command, "payload": payload})
            answer = await socket.receive_json(timeout=30)
            check_frame(answer)
            assert answer == {"protocol": protocol, "command": command, "payload": expected}


@pytest.mark.parametrize(
    "text", ["{", "[]", "1", '{"protocol": "network"}', "[" * 100_000, '{"protocol": [], "command": ""}']
)
@asynchronous
async def test_what_is_no_message_is_answered_and_harms_nobody(text: str) -> None:
    async with serving() as address, aiohttp.ClientSession() as session, session.ws_connect(address) as socket:
        await socket.send_str(text)
        answer = await socket.receive_json(timeout=30)
        check_frame(answer)
        assert (answer["protocol"], answer["command"]) == ("network" if "network" in text else "runtime", "error")
        await socket.send_json({"protocol": "runtime", "command": "getruntime", "payload": {}, "requestId": "7"})
        assert (await socket.receive_json(timeout=30))["responseTo"] == "7"


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        ("http://localhost:8000", True),
        ("http://127.0.0.1:3333", True),
        ("http://app.flowhub.io", True),
        ("https://app.flowhub.io", False),
        ("http://example.com", False),
        ("http://localhost.example.com", False),
        ("null", False),
        ("http://[bad:port", False),
        ("http://a:port", False),
    ],
)
@asynchronous
async def test_pages_of_others_are_refused(origin: str, allowed: bool) -> None:
    headers = {"Origin": origin, "Connection": "upgrade", "Upgrade": "websocket"}
    headers |= {"Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="}
    async with serving(ide="http://app.flowhub.io/some/page") as address, aiohttp.ClientSession() as session:
        answer = await session.get(address.replace("ws:", "http:"), headers=headers)
        assert answer.status == (101 if allowed else 403)
        answer.close()


@asynchronous
async def test_client_that_never_reads_does_not_hold_up_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_list, "MAX_FRAMES", 200)
    events = [packet(0, "x" * 50_000) for _ in range(600)]
    async with (
        serving(*events) as address,
        aiohttp.ClientSession() as session,
        session.ws_connect(address) as sleeper,
        Client.connect(address) as client,
    ):
        messages = client.messages()
        await client.request("network", "start", STATUS)
        assert len(await until_stopped(messages)) == len(events) + 2
        async with asyncio.timeout(30):
            read = [message async for message in sleeper]  # ends with the connection
        assert len(read) < len(events)


@asynchronous
async def test_port_in_use_is_an_error() -> None:
    async with serving() as address:
        server = ReplayServer(trace())
        with pytest.raises(ServerError, match="cannot be opened: Address already in use"):
            await server.start("127.0.0.1", int(address.rpartition(":")[2]))
        await server.stop()
