"""trace:* of the FBP protocol: what happens in a graph, kept for whoever asks for it later.

A trace that nobody connected may see any more ends by itself after a while; what it holds stays.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import Any

from ..errors import RequestError
from ..graph.json_format import dump
from ..model.events import GraphEnded
from ..model.graphs import Graphs, Network
from ..traces import flowtrace
from ..traces.event_ring import DEFAULT_EVENTS, Ring
from ..util.text_checks import quoted, shown
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
"""Graphs whose events are kept; each may need some 4 MiB."""
UNSEEN_S = 300.0
"""How long a trace goes on while no client is there that may see it: for one that loses its connection, and comes again."""


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
        events.listen(Broadcast, self._told)
        for kind in (ClientAccessChanged, ClientLeft):
            events.listen(kind, lambda event: self._look_who_is_there())
        events.listen(ClientIntroduced, lambda event: self._tell_recorded(event.client))

    def is_recording(self, graph: str) -> bool:
        """Whether the packets of a graph are wanted."""
        ring = self._rings.get(graph)
        return ring is not None and ring.recording

    def record(self, graph: str, command: str, payload: Mapping[str, Any]) -> None:
        """Keep a network:* message of a graph, if it is being recorded."""
        ring = self._rings.get(graph)
        if ring is not None:
            ring.add(command, payload, self._now())

    def _tell_recorded(self, client: ClientHandle) -> None:
        """Tell who comes later which graphs are recorded, as all were told when that began."""
        for graph, ring in self._rings.items() if client.may_see("trace", "start") else ():
            if ring.recording:
                client.send(message("trace", "start", {"graph": graph}))

    def _start(self, client: ClientHandle, request: Request) -> None:
        network = network_of(self._graphs, request.payload)
        size = request.payload.get("buffersize", DEFAULT_EVENTS)
        if not isinstance(size, int) or isinstance(size, bool) or size < 1:
            raise RequestError(f'"buffersize" is {shown(size)}; a number of events, at least 1, is needed')
        ring = self._make_room(network.id)
        if not any(each.recording for each in self._rings.values()):
            self._offset = time.time() - time.monotonic()
        ring.start(self._now(), size)
        payload: dict[str, Any] = {"graph": network.id}
        if "buffersize" in request.payload:
            payload["buffersize"] = ring.size
        self._tell(client, request, payload)

    def _stop(self, client: ClientHandle, request: Request) -> None:
        network = network_of(self._graphs, request.payload)
        self._ring(network).stop(self._now())
        self._tell(client, request, {"graph": network.id})

    def _clear(self, client: ClientHandle, request: Request) -> None:
        network = network_of(self._graphs, request.payload)
        self._ring(network).clear()
        self._tell(client, request, {"graph": network.id})

    def _dump(self, client: ClientHandle, request: Request) -> None:
        network = network_of(self._graphs, request.payload)
        kind = request.payload.get("type", FORMAT)
        if kind != FORMAT:
            raise RequestError(f'"type" is {shown(kind)}; allowed: "{FORMAT}"')
        ring = self._ring(network)
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

    def _make_room(self, graph: str) -> Ring:
        """The ring of a graph; for a new one, that which has been stopped for longest is forgotten."""
        if graph not in self._rings and len(self._rings) >= MOST_TRACED:
            stopped = [ring for ring in self._rings.values() if ring.stopped is not None]
            if not stopped:
                raise RequestError(f"{MOST_TRACED} graphs are traced already; trace:stop ends one of them")
            del self._rings[min(stopped, key=lambda ring: ring.stopped or 0).graph]
        return self._rings.setdefault(graph, Ring(graph))

    def _now(self) -> float:
        """Seconds since 1970, by the clock as it was when the recording began: it may be set meanwhile, by decades."""
        return time.monotonic() + self._offset

    def _told(self, event: Broadcast) -> None:
        """Keep what all are told of a graph, and what has been printed, by whichever node."""
        if event.protocol == "network":
            for graph in [event.payload["graph"]] if "graph" in event.payload else self._rings:
                self.record(graph, event.command, event.payload)

    def _ring(self, network: Network) -> Ring:
        ring = self._rings.get(network.id)
        if ring is None:
            raise RequestError(f"the graph {quoted(network.id)} is not traced; trace:start begins")
        return ring

    def _look_who_is_there(self) -> None:
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

    def _tell(self, client: ClientHandle, request: Request, payload: dict[str, Any]) -> None:
        self._replies.broadcast("trace", request.command, payload, by=(client, request))
        self._events.emit(RecordingChanged())
