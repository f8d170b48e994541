"""trace:* of the FBP protocol: records the events of a graph.

A recording ends by itself after a while without a client that may see it; its events stay.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import Any

from ..errors import RequestError
from ..graph.json_format import dump
from ..model.events import GraphEnded
from ..model.graphs import Graphs
from ..traces import flowtrace
from ..traces.event_ring import DEFAULT_EVENTS, Ring
from ..util.quoting import quoted, shown
from .client_list import (
    Broadcast,
    ClientAccessChanged,
    ClientHandle,
    ClientIntroduced,
    ClientLeft,
    ClientList,
    RecordingChanged,
)
from .dispatch import Command, Replies
from .envelope import Request, message
from .masking import masked_graph
from .request_payload import network_of
from .runtime_protocol import Identity

__all__ = ["TracePart"]

FORMAT = "flowtrace.json"
MOST_TRACED = 16
"""Graphs whose events are stored; each may need some 4 MiB."""
UNSEEN_S = 300.0
"""Time that a recording goes on without a client that may see it, which may have lost its connection."""


class TracePart:
    """One ring for each graph that is traced."""

    def __init__(self, identity: Identity, graphs: Graphs, clients: ClientList, replies: Replies) -> None:
        self._identity = identity
        self._graphs = graphs
        self._clients = clients
        self._replies = replies
        self._ending: asyncio.TimerHandle | None = None
        self._offset = time.time() - time.monotonic()
        self._rings: dict[str, Ring] = {}
        self.commands: dict[str, Command] = {
            "start": self._start,
            "stop": self._stop,
            "clear": self._clear,
            "dump": self._dump,
        }
        self._events = events = graphs.events
        events.listen(GraphEnded, lambda event: self._rings.pop(event.graph, None))
        events.listen(Broadcast, self._record_broadcast)
        for kind in (ClientAccessChanged, ClientLeft):
            events.listen(kind, lambda event: self._check_clients())
        events.listen(ClientIntroduced, lambda event: self._send_recorded(event.client))

    def is_recording(self, graph: str) -> bool:
        """Return whether the packets of a graph are recorded."""
        ring = self._rings.get(graph)
        return ring is not None and ring.recording

    def record(self, graph: str, command: str, payload: Mapping[str, Any]) -> None:
        """Record a network:* message of a graph, if a recording goes on."""
        ring = self._rings.get(graph)
        if ring is not None:
            ring.add(command, payload, self._now())

    def _send_recorded(self, client: ClientHandle) -> None:
        """Send a new client which graphs are recorded."""
        for graph, ring in self._rings.items() if client.may_see("trace", "start") else ():
            if ring.recording:
                client.send(message("trace", "start", {"graph": graph}))

    def _start(self, client: ClientHandle, request: Request) -> None:
        network = network_of(self._graphs, request.payload)
        size = request.payload.get("buffersize", DEFAULT_EVENTS)
        if not isinstance(size, int) or isinstance(size, bool) or size < 1:
            raise RequestError(f'"buffersize" is {shown(size)}; a number of events, at least 1, is needed')
        ring = self._ring_for(network.id)
        if not any(each.recording for each in self._rings.values()):
            self._offset = time.time() - time.monotonic()
        ring.start(self._now(), size)
        payload: dict[str, Any] = {"graph": network.id}
        if "buffersize" in request.payload:
            payload["buffersize"] = ring.size
        self._broadcast(client, request, payload)

    def _stop(self, client: ClientHandle, request: Request) -> None:
        self._ring(request).stop(self._now())
        self._broadcast(client, request, {"graph": request.payload["graph"]})

    def _clear(self, client: ClientHandle, request: Request) -> None:
        self._ring(request).clear()
        self._broadcast(client, request, {"graph": request.payload["graph"]})

    def _dump(self, client: ClientHandle, request: Request) -> None:
        network = network_of(self._graphs, request.payload)
        kind = request.payload.get("type", FORMAT)
        if kind != FORMAT:
            raise RequestError(f'"type" is {shown(kind)}; allowed: "{FORMAT}"')
        ring = self._ring(request)
        began, ended = ring.started or self._now(), ring.stopped or self._now()
        document = flowtrace.build_text(
            {
                "label": self._identity.label,
                "runtime": self._identity.id,
                "type": "msgflo",
                "start": flowtrace.time_text(began),
                "end": flowtrace.time_text(ended),
            },
            {network.id: masked_graph(dump(network.graph))},
            ring.text(),
            main=network.id,
        )
        payload = {"graph": network.id, "type": FORMAT, "flowtrace": document}
        self._replies.answer(client, request, "dump", payload)

    def _ring_for(self, graph: str) -> Ring:
        """Return the ring of a graph; a new one replaces the one that was stopped first."""
        if graph not in self._rings and len(self._rings) >= MOST_TRACED:
            stopped = [ring for ring in self._rings.values() if ring.stopped is not None]
            if not stopped:
                raise RequestError(f"{MOST_TRACED} graphs are traced already; trace:stop ends one of them")
            del self._rings[min(stopped, key=lambda ring: ring.stopped or 0).graph]
        return self._rings.setdefault(graph, Ring(graph))

    def _now(self) -> float:
        """Return seconds since 1970, by the clock at the start of the recording: it may be set meanwhile, by decades."""
        return time.monotonic() + self._offset

    def _record_broadcast(self, event: Broadcast) -> None:
        """Record the messages to all clients about a graph, and the output of all nodes."""
        if event.protocol == "network":
            for graph in [event.payload["graph"]] if "graph" in event.payload else self._rings:
                self.record(graph, event.command, event.payload)

    def _ring(self, request: Request) -> Ring:
        graph = network_of(self._graphs, request.payload).id
        if graph not in self._rings:
            raise RequestError(f"the graph {quoted(graph)} is not traced; trace:start begins")
        return self._rings[graph]

    def _check_clients(self) -> None:
        if any(each.may_see("trace", "dump") for each in self._clients):
            if self._ending is not None:
                self._ending.cancel()
                self._ending = None
        elif self._ending is None and any(ring.recording for ring in self._rings.values()):
            self._ending = asyncio.get_running_loop().call_later(UNSEEN_S, self._end)

    def _end(self) -> None:
        self._ending = None
        for ring in self._rings.values():
            ring.stop(self._now())
        self._events.emit(RecordingChanged())

    def _broadcast(self, client: ClientHandle, request: Request, payload: dict[str, Any]) -> None:
        self._replies.broadcast("trace", request.command, payload, by=(client, request))
        self._events.emit(RecordingChanged())
