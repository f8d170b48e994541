"""How long an editor waits for its answers, on a small and on a large graph, while packets flow and it is shown them.

The large one has 1 000 devices and 3 000 edges; every other device takes direct bindings. It is measured alone and beside
a second graph, as editors and fbp-spec make them.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import math
import statistics
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from typing import Any

import aiohttp
import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from .broker import Mosquitto
from .routers import OURS, Coordinator, device
from .routing import Figures
from .wire import connect, publish_frame, sending

__all__ = ("BESIDE", "CROWD", "LARGE", "SMALL", "devices", "graph", "measure", "measure_crowd", "open_editor")

SMALL, LARGE, BESIDE, CROWD = "10 nodes", "1 000 nodes", "beside another graph", "five editors"
_NODES = {SMALL: 10, LARGE: 1_000}
_PORTS = 3
_RATE = 500  # packets a second
_TIMES = 25  # each command
_CROWD, _CROWD_RATE, _CROWD_S = 5, 50, 40  # editors, edits a second of all together, seconds
_TIMEOUT = 60.0
_PACKET = '"command":"data"'
_MAIN = "default/main"
_SECOND = "bench/second"

_OPENING = (("runtime", "getruntime"), ("component", "list"), ("component", "getsource"), ("network", "getstatus"))
"""What noflo-ui asks for when it opens a runtime."""


def _end(node: str, port: str) -> dict[str, str]:
    return {"node": node, "port": port}


_NEW, _OLD = "bench-new", "p4"
_NODE = {"id": _NEW, "component": "core/Repeat", "metadata": {"x": 1, "y": 2}}
_EDGE = {"src": _end(_OLD, "out0"), "tgt": _end(_NEW, "in")}
_INITIAL = {"src": {"data": {"value": 1.5}}, "tgt": _end(_NEW, "in")}
_GROUP = {"name": "bench-group", "nodes": [_NEW, _OLD]}

_COMMANDS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("graph", "addnode", _NODE),
    ("graph", "changenode", {"id": _OLD, "metadata": {"x": 3, "y": 4}}),
    ("graph", "addedge", _EDGE),
    ("graph", "changeedge", {**_EDGE, "metadata": {"route": 2}}),
    ("graph", "addinitial", _INITIAL),
    ("graph", "removeinitial", _INITIAL),
    ("graph", "addinport", {"public": "bench-in", **_end(_NEW, "in")}),
    ("graph", "renameinport", {"from": "bench-in", "to": "bench-other"}),
    ("graph", "removeinport", {"public": "bench-other"}),
    ("graph", "addoutport", {"public": "bench-out", **_end(_OLD, "out0")}),
    ("graph", "renameoutport", {"from": "bench-out", "to": "bench-far"}),
    ("graph", "removeoutport", {"public": "bench-far"}),
    ("graph", "addgroup", _GROUP),
    ("graph", "changegroup", {"name": "bench-group", "metadata": {"description": "of the benchmark"}}),
    ("graph", "renamegroup", {"from": "bench-group", "to": "bench-others"}),
    ("graph", "removegroup", {"name": "bench-others"}),
    ("graph", "renamenode", {"from": _NEW, "to": "bench-renamed"}),
    ("graph", "renamenode", {"from": "bench-renamed", "to": _NEW}),
    ("graph", "removeedge", _EDGE),
    ("graph", "removenode", {"id": _NEW}),
    ("network", "edges", {"edges": [{"src": _end(_OLD, "out0"), "tgt": _end("p5", "in0")}]}),
    ("network", "edges", {"edges": []}),
    ("network", "getstatus", {}),
    ("network", "debug", {"enable": False}),
    ("network", "stop", {}),
    ("network", "start", {}),
    ("component", "getsource", {"name": _MAIN}),
    ("component", "list", {}),
)
"""Each leaves the graph ready for the next; after the last it is as before the first."""


def measure(size: str) -> dict[str, Figures]:
    """Seconds to open a graph of this size, ms until the slowest command is answered at the median, and the worst answer."""
    nodes = _NODES[size]
    with Mosquitto() as broker, Coordinator(OURS, broker, graph(nodes)) as coordinator:
        coordinator.wait_until_it_listens()
        with devices(broker.port, nodes):
            coordinator.wait_until_served()
            try:
                return asyncio.run(_edit(coordinator.port, size))
            except TimeoutError:
                raise RuntimeError(f"an editor got no answer; the coordinator wrote:\n{coordinator.output()}") from None


def measure_crowd() -> Figures:
    """Answers in ms to five editors that make 50 edits a second together on 1 000 nodes: 99 % within, and the longest."""
    nodes = _NODES[LARGE]
    with Mosquitto() as broker, Coordinator(OURS, broker, graph(nodes)) as coordinator:
        coordinator.wait_until_it_listens()
        with devices(broker.port, nodes):
            coordinator.wait_until_served()
            answers = sorted(asyncio.run(_crowd(coordinator.port)))
    return {"most": answers[len(answers) * 99 // 100], "worst": answers[-1]}


def graph(nodes: int) -> dict[str, object]:
    """A graph of devices `p0`, `p1`, … in JSON form, with three edges from each."""
    return {
        "properties": {"name": "main", "environment": {"type": "msgflo"}},
        "processes": {
            f"p{i}": {"component": f"bench/Device{i % 50}", "metadata": {"x": i % 32 * 120, "y": i // 32 * 120}}
            for i in range(nodes)
        },
        "connections": [
            {
                "src": {"process": f"p{i}", "port": f"out{k}"},
                "tgt": {"process": f"p{(i + 1 + 7 * k) % nodes}", "port": f"in{k}"},
            }
            for i in range(nodes)
            for k in range(_PORTS)
        ],
    }


@contextmanager
def devices(port: int, nodes: int) -> Iterator[None]:
    """All devices, announced by one client, which confirms their bindings and sends packets until the block ends."""
    with connect(port, "bench-devices") as client, _confirming(port):
        frames = [publish_frame("fbp/connection/bench-devices", b"online", retain=True)]
        for i in range(nodes):
            inports = {f"in{k}": f"p{i}/in{k}" for k in range(_PORTS)}
            outports = {f"out{k}": f"p{i}/out{k}" for k in range(_PORTS)}
            payload = device(f"p{i}", inports, outports) | {"component": f"bench/Device{i % 50}"}
            payload |= {"connection": "bench-devices", "period": 600}
            if i % 2:
                payload |= {"bind": f"fbp/bind/p{i}", "confirms": True}
            message = {"protocol": "discovery", "command": "participant", "payload": payload}
            frames.append(publish_frame(f"fbp/participant/p{i}", json.dumps(message).encode(), retain=True))
        client.sendall(b"".join(frames))

        def packet(number: int) -> bytes:
            topic = f"p{number * 37 % nodes}/out{number % _PORTS}"
            return publish_frame(topic, json.dumps({"value": number}).encode())

        with sending(client, packet, _RATE):
            yield


@contextmanager
def _confirming(port: int) -> Iterator[None]:
    """Confirm each list of bindings, as our library does."""

    def confirm(client: mqtt.Client, _: object, message: mqtt.MQTTMessage) -> None:
        if message.payload:
            version = json.loads(message.payload).get("", {}).get("version", 0)
            client.publish(message.topic.replace("bind", "bound", 1), str(version), retain=True)

    client = mqtt.Client(CallbackAPIVersion.VERSION2, "bench-bound")
    client.on_message = confirm
    client.connect("127.0.0.1", port)
    client.subscribe("fbp/bind/+")
    client.loop_start()
    try:
        yield
    finally:
        client.disconnect()
        client.loop_stop()


class _Editor:
    """A client that is told everything, and times the answers to what it asks."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._numbers = itertools.count()
        self._waiting: dict[str, tuple[str, asyncio.Future[float]]] = {}
        self.kinds: dict[str, int] = {}

    async def read(self) -> None:
        async for received in self._socket:
            now = time.perf_counter()
            if _PACKET in received.data[:60]:  # most of them: not parsed, which would delay the others
                self.kinds["data"] = self.kinds.get("data", 0) + 1
                continue
            frame = json.loads(received.data)
            self.kinds[frame["command"]] = self.kinds.get(frame["command"], 0) + 1
            # The answer to network:edges has no place for the number of its request.
            number = "edges" if frame["command"] == "edges" else frame.get("responseTo")
            command, answered = self._waiting.get(number, ("", None))
            if answered is None or answered.done():
                continue
            if frame["command"] == "error":
                answered.set_exception(RuntimeError(f"{command}: {frame['payload']['message']}"))
            elif command != "list" or frame["command"] == "componentsready":
                answered.set_result(now)

    async def ask(self, protocol: str, command: str, payload: dict[str, Any]) -> float:
        """Seconds until the answer."""
        number = "edges" if command == "edges" else str(next(self._numbers))
        answered: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        self._waiting[number] = command, answered
        request = {"protocol": protocol, "command": command, "payload": payload, "requestId": number}
        started = time.perf_counter()
        await self._socket.send_str(json.dumps(request))
        async with asyncio.timeout(_TIMEOUT):
            seconds = await answered - started
        del self._waiting[number]
        return seconds


@asynccontextmanager
async def open_editor(port: int) -> AsyncIterator[_Editor]:
    """Connect an editor to a coordinator's page."""
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(f"ws://127.0.0.1:{port}/", max_msg_size=0) as socket,
    ):
        editor = _Editor(socket)
        reading = asyncio.create_task(editor.read())
        try:
            yield editor
        finally:
            reading.cancel()
            with suppress(asyncio.CancelledError):
                await reading


async def _edit(port: int, size: str) -> dict[str, Figures]:
    async with open_editor(port) as editor, open_editor(port) as other:
        await _settled(editor)
        alone = {"open": statistics.median([await _open(port) for _ in range(5)]), **await _timed(editor)}
        if size == SMALL:
            return {size: alone}
        await other.ask("graph", "clear", {"id": _SECOND})
        for name in ("a", "b"):
            await other.ask("graph", "addnode", {**_NODE, "id": name, "graph": _SECOND})
        edge = {"src": _end("a", "out"), "tgt": _end("b", "in")}
        await other.ask("graph", "addedge", {**edge, "graph": _SECOND})
        return {size: alone, BESIDE: {"open": math.nan, **await _timed(editor)}}


async def _settled(editor: _Editor) -> None:
    """Wait until all devices are known and their packets are shown."""
    async with asyncio.timeout(_TIMEOUT):
        while editor.kinds.get("data", 0) < _RATE // 4:
            await asyncio.sleep(0.1)
    await asyncio.sleep(1)


async def _open(port: int) -> float:
    """Seconds from connecting to the last answer, when everything is asked for at once."""
    started = time.perf_counter()
    async with open_editor(port) as editor:
        payloads: dict[str, dict[str, Any]] = {"getsource": {"name": _MAIN}, "getstatus": {"graph": _MAIN}}
        await asyncio.gather(*(editor.ask(*each, payloads.get(each[1], {})) for each in _OPENING))
        return time.perf_counter() - started


async def _crowd(port: int) -> list[float]:
    """Ask by five editors, each for its own part of the graph, at a steady rate; returns ms until each answer."""
    answers: list[float] = []

    async def edit(number: int, editor: _Editor) -> None:
        due = time.perf_counter()
        for protocol, command, payload in itertools.cycle(_of_editor(number)):
            if due > ends:
                return
            await asyncio.sleep(due - time.perf_counter())
            answers.append(1000 * await editor.ask(protocol, command, {**payload, "graph": _MAIN}))
            due += _CROWD / _CROWD_RATE

    async with AsyncExitStack() as stack:
        editors = [await stack.enter_async_context(open_editor(port)) for _ in range(_CROWD)]
        await _settled(editors[0])
        ends = time.perf_counter() + _CROWD_S
        await asyncio.gather(*(edit(number, editor) for number, editor in enumerate(editors)))
    return answers


def _of_editor(number: int) -> list[tuple[str, str, dict[str, Any]]]:
    """The edits of a graph with names of one editor's own."""
    text = json.dumps([each for each in _COMMANDS if each[0] == "graph"])
    text = text.replace('"bench-', f'"bench-{number}-').replace(f'"{_OLD}"', f'"p{10 * number + 4}"')
    return [tuple(each) for each in json.loads(text)]


async def _timed(editor: _Editor) -> Figures:
    times: dict[str, list[float]] = {}
    for _ in range(_TIMES):
        for protocol, command, payload in _COMMANDS:
            seconds = await editor.ask(protocol, command, {**payload, "graph": _MAIN})
            times.setdefault(f"{protocol}:{command}", []).append(seconds * 1000)
            await asyncio.sleep(0.02)
    return {"slowest": max(map(statistics.median, times.values())), "worst": max(itertools.chain(*times.values()))}
