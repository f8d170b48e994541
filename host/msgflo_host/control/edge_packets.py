"""The packets on edges that clients inspect: in all graphs, whatever their binding.

They are read from the topics of the outports, which are subscribed to only while somebody inspects one of their edges.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection, Iterable
from typing import Any

from ..graph.elements import Edge, Initial, PortRef
from ..model.events import InitialSent
from ..model.graphs import MAIN
from ..model.role_ports import Refused
from ..util.time_slices import TimeSlices
from ..wire.payloads import decode
from .coordinator import Coordinator

__all__ = ["EdgePackets", "Ends", "ends"]

_AT_ONCE = 500  # edges; then it may be others' turn

Ends = tuple[str, str, str, str]
"""Nodes and ports (lower case) of the two ends of an edge."""


def ends(src: PortRef, tgt: PortRef) -> Ends:
    """Return the ends of an edge, as they are compared."""
    return src.node, src.port.lower(), tgt.node, tgt.port.lower()


class EdgePackets:
    """Reports packets. `inspected(graph id)` returns the edges to report, None for all of them; call `refresh` when it
    returns others.

    `packet` gets a graph, an edge and a payload; `initial` a graph, an initial packet of it; `export` a graph, the public name
    of an outport, and the data.
    """

    def __init__(
        self,
        coordinator: Coordinator,
        inspected: Callable[[str], Collection[Ends] | None],
        inspects_exports: Callable[[], bool],
        *,
        packet: Callable[[str, Edge, bytes], None],
        initial: Callable[[str, Initial], None],
        export: Callable[[str, str, Any], None],
    ) -> None:
        self._packet = packet
        self._initial = initial
        self._export = export
        self._coordinator = coordinator
        self._graphs = coordinator.graphs
        self._inspected = inspected
        self._inspects_exports = inspects_exports
        # By topic, what it belongs to, each with its graph: edges, and public names of outports.
        self._edges: dict[str, list[tuple[str, Edge]]] = {}
        self._exported: dict[str, list[tuple[str, str]]] = {}
        self._other = asyncio.Event()
        self._awaiting: list[Callable[[], None]] = []
        self._updating = asyncio.Lock()
        self._reader = coordinator.subscriptions.reader(self._received)
        coordinator.events.listen(InitialSent, lambda event: self._sent(event.initial))
        coordinator.after_binding.append(self._update)

    async def run(self) -> None:
        """Update the subscriptions after each `refresh`, until cancelled."""
        while True:
            await self._other.wait()
            began = time.monotonic()
            with self._coordinator.guard("inspecting packets"):
                await self._update()
            # A hundred clients that come at once are one change.
            await asyncio.sleep(time.monotonic() - began)

    def refresh(self, then: Callable[[], None] | None = None) -> None:
        """Subscribe soon to the topics of the edges that are inspected now, and then call the function."""
        if then is not None:
            self._awaiting.append(then)
        self._other.set()

    # -- packets --

    def _received(self, found: list[str], topic: str, payload: bytes) -> None:
        for topic_filter in found:
            for graph, edge in self._edges.get(topic_filter, ()):
                self._packet(graph, edge, payload)
            if exports := self._exported.get(topic_filter):
                data = decode(payload)  # whole: they are no mere view
                for graph, public in exports:
                    self._export(graph, public, data)

    def _sent(self, initial: Initial) -> None:
        for id, node in self._graphs.desired.places_of(initial.tgt.node):
            network = self._graphs.network(id)
            for each in network.graph.initials_like(node, initial.tgt.port, initial.data) if network.started else ():
                self._initial(id, each)

    # -- what is inspected --

    async def _update(self) -> None:
        """Subscribe to the topics of what is inspected; returns when the broker has answered."""
        async with self._updating:
            self._other.clear()
            awaiting, self._awaiting = self._awaiting, []
            edges: dict[str, list[tuple[str, Edge]]] = {}
            exported: dict[str, list[tuple[str, str]]] = {}
            slices = TimeSlices()
            origins = self._origins()
            for number, (edge, state) in enumerate(self._coordinator.plan.edges, 1):
                if state.kind not in ("pending", "refused") and (seen := origins(edge)):
                    pairs = state.pairs  # nearly always one
                    for topic in {source for source, _ in pairs} if len(pairs) > 1 else pairs[0][:1]:
                        edges.setdefault(topic, []).extend(seen)
                if number % _AT_ONCE == 0:
                    await slices.pause()
            for id, public, role, port in self._exports():
                for topic in self._topics_of(role, port):
                    exported.setdefault(topic, []).append((id, public))
            self._edges, self._exported = edges, exported
            self._reader.subscribe(edges.keys() | exported.keys())
            await self._coordinator.subscriptions.settled()
            for call in awaiting:
                call()

    def _origins(self) -> Callable[[Edge], list[tuple[str, Edge]]]:
        """Return a function from an edge of the desired graph to the inspected edges of graphs that it came from."""
        desired = self._graphs.desired
        if not desired.origins and self._inspected(MAIN) is None:  # the usual case, and there may be many edges
            return lambda edge: [(MAIN, edge)]
        known: dict[str, Collection[Ends] | None] = {}

        def inspected(graph: str) -> Collection[Ends] | None:
            if graph not in known:
                known[graph] = self._inspected(graph)
            return known[graph]

        def origins(edge: Edge) -> list[tuple[str, Edge]]:
            return [
                (graph, each)
                for graph, each in desired.origins_of(edge)
                if (chosen := inspected(graph)) is None or (chosen and ends(each.src, each.tgt) in chosen)
            ]

        return origins

    def _topics_of(self, role: str, port: str) -> set[str]:
        try:
            return {place.topic for place in self._coordinator.find("outport", PortRef(role, port))}
        except Refused:
            return set()

    def _exports(self) -> Iterable[tuple[str, str, str, str]]:
        """Yield graph, public name, role and port of each exported outport of a started graph."""
        for network in self._graphs.all() if self._inspects_exports() else ():
            if network.started:
                for public, export in network.graph.outports.items():
                    yield network.id, public, self._graphs.role(network.id, export.node), export.port
