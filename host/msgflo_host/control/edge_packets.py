"""The packets on edges, for those who look: in all graphs, whichever way they go.

They are read from the topics of the outports, which are subscribed to only while somebody looks at one of their edges.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

from ..graph.elements import Edge, Initial, PortRef
from ..model.events import InitialSent
from ..model.role_ports import Refused
from ..util.time_slices import TimeSlices
from ..wire.payloads import decode, preview
from .coordinator import Coordinator

__all__ = ["EdgePackets", "Ends", "ends"]

_AT_ONCE = 500  # edges; then it may be others' turn

Ends = tuple[str, str, str, str]
"""Nodes and ports (lower case) of the two ends of an edge."""


def ends(src: PortRef, tgt: PortRef) -> Ends:
    """Return the ends of an edge, as they are compared."""
    return src.node, src.port.lower(), tgt.node, tgt.port.lower()


@dataclass(slots=True)
class _Found:
    """What is to be told of the packets of an outport or a topic: edges and public names of outports, with their graphs."""

    edges: list[tuple[str, Edge]] = field(default_factory=list)
    exports: list[tuple[str, str]] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.edges or self.exports)


class EdgePackets:
    """Tells of packets. `looked_at(graph id)` gives the edges that matter, None for all of them, and `refresh` says that it
    gives others now.

    `packet` gets a graph, an edge and the data; `initial` a graph, an initial packet of it; `export` a graph, the public name of
    an outport, and the data.
    """

    def __init__(
        self,
        coordinator: Coordinator,
        looked_at: Callable[[str], Collection[Ends] | None],
        looks_at_exports: Callable[[], bool],
        *,
        packet: Callable[[str, Edge, Any], None],
        initial: Callable[[str, Initial], None],
        export: Callable[[str, str, Any], None],
    ) -> None:
        self._packet = packet
        self._initial = initial
        self._export = export
        self._coordinator = coordinator
        self._graphs = coordinator.graphs
        self._looked_at = looked_at
        self._looks_at_exports = looks_at_exports
        self._topics: dict[str, _Found] = {}
        self._other = asyncio.Event()
        self._awaiting: list[Callable[[], None]] = []
        self._looking = asyncio.Lock()
        self._reader = coordinator.subscriptions.reader(self._received)
        coordinator.events.listen(InitialSent, lambda event: self._sent(event.initial))
        coordinator.after_binding.append(self._follow)

    async def run(self) -> None:
        """Keep what is read up to date, until cancelled."""
        while True:
            await self._other.wait()
            began = time.monotonic()
            with self._coordinator.guard("the look at packets"):
                await self._follow()
            # A hundred clients that come at once are one change.
            await asyncio.sleep(time.monotonic() - began)

    def refresh(self, then: Callable[[], None] | None = None) -> None:
        """Other edges are looked at; their topics are subscribed to soon, and then the function is called."""
        if then is not None:
            self._awaiting.append(then)
        self._other.set()

    # -- packets --

    def _received(self, found: list[str], topic: str, payload: bytes) -> None:
        for topic_filter in found:
            there = self._topics[topic_filter]
            data = preview(payload) if there.edges else None
            for graph, edge in there.edges:
                self._packet(graph, edge, data)
            data = decode(payload) if there.exports else None  # whole: they are no mere view
            for graph, public in there.exports:
                self._export(graph, public, data)

    def _sent(self, initial: Initial) -> None:
        for id, node in self._graphs.desired.places_of(initial.tgt.node):
            network = self._graphs.network(id)
            for each in network.graph.initials_like(node, initial.tgt.port, initial.data) if network.started else ():
                self._initial(id, each)

    # -- what is looked at --

    async def _follow(self) -> None:
        """Subscribe to the topics of what is looked at; returns when the broker has answered."""
        async with self._looking:
            self._other.clear()
            awaiting, self._awaiting = self._awaiting, []
            topics: dict[str, _Found] = {}
            slices = TimeSlices()
            looks = self._looks()
            for number, (edge, state) in enumerate(self._coordinator.plan.edges, 1):
                if state.kind not in ("pending", "refused") and (seen := looks(edge)):
                    for topic in {source for source, _ in state.pairs}:
                        topics.setdefault(topic, _Found()).edges.extend(seen)
                if number % _AT_ONCE == 0:
                    await slices.pause()
            for id, public, role, port in self._exports():
                for topic in self._topics_of(role, port):
                    topics.setdefault(topic, _Found()).exports.append((id, public))
            self._topics = topics
            self._reader.subscribe(topics)
            await self._coordinator.subscriptions.settled()
            for call in awaiting:
                call()

    def _looks(self) -> Callable[[Edge], list[tuple[str, Edge]]]:
        """Return what tells, of an edge of the wanted graph, the edges of graphs that are looked at now."""
        wanted = self._graphs.desired
        known: dict[str, Collection[Ends] | None] = {}

        def looked_at(graph: str) -> Collection[Ends] | None:
            if graph not in known:
                known[graph] = self._looked_at(graph)
            return known[graph]

        def looks(edge: Edge) -> list[tuple[str, Edge]]:
            return [
                (graph, each)
                for graph, each in wanted.origins_of(edge)
                if (chosen := looked_at(graph)) is None or (chosen and ends(each.src, each.tgt) in chosen)
            ]

        return looks

    def _topics_of(self, role: str, port: str) -> set[str]:
        try:
            return {place.topic for place in self._coordinator.find("outport", PortRef(role, port))}
        except Refused:
            return set()

    def _exports(self) -> Iterable[tuple[str, str, str, str]]:
        """Graph, public name, role and port of each exported outport of a graph that is in force."""
        for network in self._graphs.all() if self._looks_at_exports() else ():
            if network.started:
                for public, export in network.graph.outports.items():
                    yield network.id, public, self._graphs.role(network.id, export.node), export.port
