"""Every request of the protocol gets an answer, whatever is in it: those of the published schemas, and spoilt ones."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from editors import Editor
from event_loop import run_simulated
from fbp_schemas import check_frame, commands
from fbp_service import served
from local_system import LocalSystem
from msgflo_host.components.library import load
from msgflo_host.fbp.client_list import ClientHandle, Frame
from msgflo_host.fbp.envelope import EnvelopeError, parse
from msgflo_host.fbp.permissions import ALL
from msgflo_host.graph.model import Graph

SECRET = "correct-horse-battery"
PROTOCOLS = ("runtime", "graph", "component", "network", "trace")

YAML = "component: own/New\ninports: {}\n"
G = {"graph": "g"}
SRC, TGT = {"node": "a", "port": "out"}, {"node": "b", "port": "in"}
REQUESTS: list[tuple[str, str, dict[str, Any], str]] = [
    ("runtime", "getruntime", {}, "runtime"),
    ("graph", "clear", {"id": "g", "name": "G", "main": True}, "clear"),
    ("graph", "addnode", {**G, "id": "a", "component": "core/Repeat", "metadata": {"x": 1, "y": 2}}, "addnode"),
    ("graph", "addnode", {**G, "id": "b", "component": "core/Repeat", "metadata": {}}, "addnode"),
    ("graph", "changenode", {**G, "id": "a", "metadata": {"x": 3}}, "changenode"),
    ("graph", "addedge", {**G, "src": SRC, "tgt": TGT, "metadata": {"route": 1}}, "addedge"),
    ("graph", "changeedge", {**G, "src": SRC, "tgt": TGT, "metadata": {"secure": False}}, "changeedge"),
    ("graph", "addinitial", {**G, "src": {"data": 1}, "tgt": TGT, "metadata": {}}, "addinitial"),
    ("graph", "addinport", {**G, "public": "p", "node": "a", "port": "in", "metadata": {"x": 1}}, "addinport"),
    ("graph", "renameinport", {**G, "from": "p", "to": "in"}, "renameinport"),
    ("graph", "addoutport", {**G, "public": "p", "node": "b", "port": "out"}, "addoutport"),
    ("graph", "renameoutport", {**G, "from": "p", "to": "out"}, "renameoutport"),
    ("graph", "addgroup", {**G, "name": "n", "nodes": ["a"], "metadata": {"description": "d"}}, "addgroup"),
    ("graph", "changegroup", {**G, "name": "n", "metadata": {"description": "e"}}, "changegroup"),
    ("trace", "start", {**G, "buffersize": 10}, "start"),
    ("network", "start", G, "started"),
    ("graph", "renamegroup", {**G, "from": "n", "to": "m"}, "renamegroup"),
    ("graph", "renamenode", {**G, "from": "b", "to": "c"}, "renamenode"),
    ("network", "getstatus", G, "status"),
    ("network", "debug", {**G, "enable": True}, "debug"),
    ("network", "edges", {**G, "edges": [{"src": SRC, "tgt": {**TGT, "index": 1}}]}, "edges"),
    ("runtime", "packet", {**G, "port": "in", "event": "data", "type": "any", "payload": [1]}, "packetsent"),
    ("trace", "stop", G, "stop"),
    ("trace", "dump", {**G, "type": "flowtrace.json"}, "dump"),
    ("trace", "clear", G, "clear"),
    ("network", "stop", G, "stopped"),
    ("network", "persist", {}, "persist"),
    ("component", "list", {}, "componentsready"),
    ("component", "getsource", {"name": "core/Repeat"}, "source"),
    ("component", "source", {"name": "New", "library": "own", "language": "yaml", "code": YAML}, "component"),
    ("graph", "removeinport", {**G, "public": "in"}, "removeinport"),
    ("graph", "removeoutport", {**G, "public": "out"}, "removeoutport"),
    ("graph", "removegroup", {**G, "name": "m"}, "removegroup"),
    ("graph", "removeinitial", {**G, "tgt": {"node": "c", "port": "in"}, "src": {"data": 1}}, "removeinitial"),
    ("graph", "removeedge", {**G, "src": SRC, "tgt": {"node": "c", "port": "in"}}, "removeedge"),
    ("graph", "removenode", {**G, "id": "a"}, "removenode"),
]  # fmt: skip
MAKING = 16
"""So many of them make a graph that runs and has something of everything."""
ALL_COMMANDS = [(protocol, command) for protocol in PROTOCOLS for command in sorted(commands("input", protocol))]


@pytest.fixture
def system(tmp_path: Path) -> LocalSystem:
    (tmp_path / "graph.fbp").write_text("")
    (tmp_path / "own").mkdir()
    return LocalSystem(tmp_path / "graph.fbp", secrets={SECRET: ALL}, library=load(tmp_path / "own"))


def test_the_table_has_every_published_request_as_it_is_published() -> None:
    assert {(protocol, command) for protocol, command, _, _ in REQUESTS} == set(ALL_COMMANDS)
    for protocol, command, payload, _ in REQUESTS:
        request = {"protocol": protocol, "command": command, "payload": payload, "secret": "s", "requestId": "1"}
        check_frame(request, "input")


async def answered(client: Editor, frame: dict[str, Any], *answers: str) -> dict[str, Any]:
    """Send a request and return its answer, one of these commands."""
    since = len(client.frames)
    await client.socket.send_json(frame)
    while True:
        for told in client.frames[since:]:
            if told["protocol"] == frame["protocol"] and told["command"] in answers:
                return told
        await asyncio.sleep(0.001)


@pytest.mark.parametrize("version", ["0.7", "0.8"])
async def test_every_request_is_answered_in_the_way_of_either_version(system: LocalSystem, version: str) -> None:
    async with system.editor(afar=True) as client:
        for number, (protocol, command, payload, answer) in enumerate(REQUESTS):
            frame: dict[str, Any] = {"protocol": protocol, "command": command}
            if version == "0.7":
                frame["payload"] = {**payload, "secret": SECRET}
            else:
                frame |= {"payload": payload, "secret": SECRET, "requestId": f"r{number}"}
            told = await answered(client, frame, answer, "error")
            assert told["command"] == answer, told
            has_number = version == "0.8" and command != "edges"  # whose schema has no room for it
            assert told.get("responseTo") == (f"r{number}" if has_number else None)
        assert SECRET not in json.dumps(client.frames)


async def test_what_is_missing_unknown_or_not_permitted_is_answered_with_an_error(system: LocalSystem) -> None:
    async with system.editor() as here, system.editor(afar=True) as afar:

        async def error(client: Editor, protocol: str, command: str, payload: Any, **more: Any) -> str:
            frame = {"protocol": protocol, "command": command, "payload": payload, "requestId": "1", **more}
            if protocol not in PROTOCOLS:
                since = len(client.frames)
                await client.socket.send_json(frame)
                told = await client.told("runtime", "error", since=since)
            else:
                told = await answered(client, frame, "error")
            assert told["responseTo"] == "1"
            return str(told["payload"]["message"])

        for protocol, command in ALL_COMMANDS:
            name = f"{protocol}:{command}"
            if name not in ("runtime:getruntime", "component:list", "network:persist"):
                assert await error(here, protocol, command, {}, secret=SECRET)
            assert await error(here, protocol, command, [], secret=SECRET) == '"payload" is not an object'
            if name != "runtime:getruntime":
                assert await error(afar, protocol, command, {}) == f"{name} is not permitted"
        for protocol, command in (
            ("graph", "list"), ("graph", "error"), ("runtime", "ports"), ("network", "data"), ("network", "START"),
            ("component", "componentsready"), ("trace", "error"), ("routing", "clear"), ("Graph", "clear"),
        ):  # fmt: skip
            text = f"{protocol}:{command} is no command of this runtime"
            assert await error(here, protocol, command, {}, secret=SECRET) == text


# -- spoilt ones --


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every place in a JSON value: a list or object, and an index or key of it."""
    inner: list[Any] = list(value.items()) if isinstance(value, dict) else list(enumerate(value))
    found = [(value, key) for key, _ in inner]
    for _, each in inner:
        if isinstance(each, dict | list):
            found += places(each)
    return found


async def check(requests: list[dict[str, Any]]) -> None:
    """Ask a new runtime, after what makes the graph of the table; each request must be answered."""
    made = [{"protocol": p, "command": c, "payload": payload} for p, c, payload, _ in REQUESTS[:MAKING]]
    _, runtime = served(Graph("main"))
    client = ClientHandle(remote="127.0.0.1", local=True, capabilities=ALL)
    runtime.clients.add(client)
    for number, request in enumerate([*made, *requests]):
        try:
            runtime.dispatcher.handle(client, parse(json.dumps({**request, "requestId": str(number)})))
        except EnvelopeError as error:
            client.send(error.answer)
        client._put(Frame(b"end"))  # of what was told
        answers = set()
        while (frame := await client.next_frame()).data != b"end":
            told = json.loads(frame.data)
            # The schema of network:edges has no room for the number.
            answers.add(str(number) if told["command"] == "edges" else told.get("responseTo"))
        assert str(number) in answers, f"{str(request)[:500]} was not answered"


WRONG: list[Any] = [None, 5, "", "a\0", "x" * 70_000, [["a"]], {"a": {"b": None}}]


@pytest.mark.parametrize("number", range(len(REQUESTS)), ids=[":".join(each[:2]) for each in REQUESTS])
def test_one_wrong_value_anywhere_in_a_request_is_answered_or_refused(number: int) -> None:
    protocol, command, payload, _ = REQUESTS[number]
    spoilt = []
    for place in range(len(places(payload))):
        for wrong in WRONG:
            copy = json.loads(json.dumps(payload))
            inside, key = places(copy)[place]
            inside[key] = wrong
            spoilt.append({"protocol": protocol, "command": command, "payload": copy})
    run_simulated(lambda: check(spoilt))
