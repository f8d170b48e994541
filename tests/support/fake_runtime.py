"""A runtime of the FBP protocol in a few lines: enough for clients and for suites of tests, in a thread of its own.

Its components are functions; what they keep from packet to packet is in the map that they get.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

from aiohttp import web

Payload = dict[str, Any]
Component = Callable[[dict[str, Any], str, Any], Iterator[tuple[str, Any]]]

CAPABILITIES = ["protocol:graph", "protocol:component", "protocol:network", "protocol:runtime"]


class Broken(Exception):
    """A component fails, and its network says so."""


def repeat(state: dict[str, Any], port: str, data: Any) -> Iterator[tuple[str, Any]]:
    yield "out", data


def count(state: dict[str, Any], port: str, data: Any) -> Iterator[tuple[str, Any]]:
    state["n"] = state.get("n", 0) + 1
    yield "out", state["n"]


def divide(state: dict[str, Any], port: str, data: Any) -> Iterator[tuple[str, Any]]:
    state[port] = data
    if len(state) == 2:
        if state["by"] == 0:
            yield "error", {"message": "cannot divide by 0"}
        else:
            yield "out", state["number"] / state["by"]
            yield "rest", state["number"] % state["by"]


def broken(state: dict[str, Any], port: str, data: Any) -> Iterator[tuple[str, Any]]:
    if data == "break":
        raise Broken("it broke")
    yield "out", data


def twice(state: dict[str, Any], port: str, data: Any) -> Iterator[tuple[str, Any]]:
    yield "first", 1
    yield "first", 2
    yield "second", 3


def silent(state: dict[str, Any], port: str, data: Any) -> Iterator[tuple[str, Any]]:
    yield from ()


COMPONENTS: dict[str, tuple[Component, tuple[str, ...], tuple[str, ...]]] = {
    "core/Repeat": (repeat, ("in",), ("out",)),
    "core/Drop": (silent, ("in",), ()),
    "fake/Count": (count, ("in",), ("out",)),
    "fake/Divide": (divide, ("number", "by"), ("out", "rest", "error")),
    "fake/Broken": (broken, ("in",), ("out",)),
    "fake/Twice": (twice, ("in",), ("first", "second")),
    "fake/Silent": (silent, ("in",), ("out",)),
}


class _Graph:
    def __init__(self) -> None:
        self.nodes: dict[str, str] = {}
        self.states: dict[str, dict[str, Any]] = {}
        self.edges: list[tuple[Payload, Payload]] = []
        self.initials: list[tuple[Any, Payload]] = []
        self.exports: dict[str, dict[str, tuple[str, str]]] = {"in": {}, "out": {}}
        self.running = False


class FakeRuntime:
    """Serves at `address` while its context lasts; `requests` are the frames that it got.

    `numbers` is whether answers tell their request, as those of version 0.8 do; `answers` replaces some, by command.
    """

    def __init__(
        self,
        *,
        numbers: bool = True,
        capabilities: list[str] = CAPABILITIES,
        answers: dict[str, Callable[[Payload], list[Payload | str | bytes]]] | None = None,
    ) -> None:
        self.address = ""
        self.requests: list[Payload] = []
        self._numbers = numbers
        self._capabilities = capabilities
        self._answers = answers or {}
        self._graphs: dict[str, _Graph] = {}
        self._sockets: set[web.WebSocketResponse] = set()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()))

    def __enter__(self) -> FakeRuntime:
        self._thread.start()
        assert self._ready.wait(30)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join(30)

    def tell(self, *frames: Payload) -> None:
        """Send frames that nobody asked for to all clients."""
        asyncio.run_coroutine_threadsafe(self._send(frames), self._loop).result(30)

    def hang_up(self) -> None:
        async def close() -> None:
            for socket in list(self._sockets):
                await socket.close()

        asyncio.run_coroutine_threadsafe(close(), self._loop).result(30)

    async def _send(self, frames: Any) -> None:
        for socket in list(self._sockets):
            for frame in frames:
                await _put(socket, frame)

    async def _serve(self) -> None:
        self._loop, self._end = asyncio.get_running_loop(), asyncio.Event()
        application = web.Application()
        application.router.add_get("/", self._talk)
        runner = web.AppRunner(application, shutdown_timeout=1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.address = f"ws://127.0.0.1:{runner.addresses[0][1]}/"
        self._ready.set()
        await self._end.wait()
        for socket in list(self._sockets):
            await socket.close()
        await runner.cleanup()

    async def _talk(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(protocols=("noflo",))
        await socket.prepare(request)
        self._sockets.add(socket)
        async for frame in socket:
            asked = json.loads(frame.data)
            self.requests.append(asked)
            answer = self._answers.get(asked["command"], self._answer)
            for told in answer(asked):
                if isinstance(told, dict) and self._numbers and "requestId" in asked and "event" not in told:
                    told = {**told, "responseTo": asked["requestId"]}
                await _put(socket, told)
        self._sockets.discard(socket)
        return socket

    def _answer(self, asked: Payload) -> list[Any]:
        protocol, command, payload = asked["protocol"], asked["command"], dict(asked["payload"])
        payload.pop("secret", None)
        try:
            return list(getattr(self, f"_{protocol}")(command, payload))
        except KeyError as missing:
            return [_frame(protocol, "error", message=f"{missing} is not there")]

    def _runtime(self, command: str, payload: Payload) -> Iterator[Payload]:
        if command == "getruntime":
            known = {"version": "0.7", "type": "fake", "capabilities": self._capabilities}
            yield _frame("runtime", "runtime", **known, allCapabilities=CAPABILITIES)
            return
        graph = self._graphs[payload["graph"]]
        node, port = graph.exports["in"][payload["port"]]
        yield _frame("runtime", "packetsent", **payload)
        yield from self._deliver(payload["graph"], node, port, payload["payload"])

    def _component(self, command: str, payload: Payload) -> Iterator[Payload]:
        for name, (_, inports, outports) in COMPONENTS.items():
            ports = {"inPorts": _ports(inports), "outPorts": _ports(outports)}
            yield _frame("component", "component", name=name, subgraph=False, **ports)
        yield {"protocol": "component", "command": "componentsready", "payload": len(COMPONENTS)}

    def _graph(self, command: str, payload: Payload) -> Iterator[Payload]:
        if command == "clear":
            self._graphs[payload["id"]] = _Graph()
            yield _frame("graph", command, id=payload["id"])
            return
        graph = self._graphs[payload["graph"]]
        if command == "addnode":
            if payload["component"] not in COMPONENTS:
                raise KeyError(payload["component"])
            graph.nodes[payload["id"]] = payload["component"]
        elif command == "addedge":
            graph.edges.append((payload["src"], payload["tgt"]))
        elif command == "addinitial":
            graph.initials.append((payload["src"]["data"], payload["tgt"]))
        else:
            side = command.removeprefix("add").removesuffix("port")
            graph.exports[side][payload["public"]] = payload["node"], payload["port"]
        payload.pop("metadata", None)  # fbp-spec 0.5.2 sends true and false
        yield _frame("graph", command, **payload)

    def _network(self, command: str, payload: Payload) -> Iterator[Payload]:
        name = payload["graph"]
        graph = self._graphs[name]
        graph.running = command == "start"
        done = "started" if graph.running else "stopped"
        yield _frame("network", done, graph=name, started=graph.running, running=graph.running)
        if graph.running:
            graph.states = {node: {} for node in graph.nodes}
            for data, target in graph.initials:
                yield from self._deliver(name, target["node"], target["port"], data)

    def _deliver(self, name: str, node: str, port: str, data: Any) -> Iterator[Payload]:
        graph = self._graphs[name]
        try:
            for outport, value in COMPONENTS[graph.nodes[node]][0](graph.states[node], port, data):
                for public, exported in graph.exports["out"].items():
                    if exported == (node, outport):
                        packet = {"port": public, "event": "data", "graph": name, "payload": value}
                        yield {"protocol": "runtime", "command": "packet", "payload": packet, "event": True}
                for source, target in graph.edges:
                    if (source["node"], source["port"]) == (node, outport):
                        yield from self._deliver(name, target["node"], target["port"], value)
        except Broken as wrong:
            payload = {"id": node, "error": str(wrong), "graph": name}
            yield {"protocol": "network", "command": "processerror", "payload": payload, "event": True}


async def _put(socket: web.WebSocketResponse, frame: Any) -> None:
    if isinstance(frame, bytes):
        await socket.send_bytes(frame)
    elif isinstance(frame, str):
        await socket.send_str(frame)
    else:
        await socket.send_str(json.dumps({key: value for key, value in frame.items() if key != "event"}))


def _frame(protocol: str, command: str, **payload: Any) -> Payload:
    return {"protocol": protocol, "command": command, "payload": payload}


def _ports(names: tuple[str, ...]) -> list[Payload]:
    return [{"id": name, "type": "any"} for name in names]
