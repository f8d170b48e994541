"""The packets on edges, for those who look: in all graphs, whichever way they go.

What passes between built-in components is seen in memory. Everything else is read from the topics of the outports, which are
subscribed to only while somebody looks at one of their edges.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from msgflo.topics import is_filter, matches

from .bindings.ports import Refused
from .connection import Connection
from .coordinator import Coordinator
from .graph.elements import Edge, Initial, PortRef, canonical
from .payloads import decode

__all__ = ["Taps"]

CLIENT_ID = "msgflo-coordinator-taps"

_Seen = tuple[str, Edge]
"""A graph and an edge of it."""
_Export = tuple[str, str]
"""A graph and the public name of one of its outports."""


class Taps:
    """Tells of packets; `looks_at(graph id, edge)` says which edges matter, and `look_again` that it says something else.

    Listeners of `on_packet` get a graph, an edge and the data; of `on_initial` a graph, an initial packet of it; of `on_export` a
    graph, the public name of an outport, and the data.
    """

    def __init__(
        self, coordinator: Coordinator, looks_at: Callable[[str, Edge], bool], looks_at_exports: Callable[[], bool]
    ) -> None:
        self.on_packet: list[Callable[[str, Edge, Any], None]] = []
        self.on_initial: list[Callable[[str, Initial], None]] = []
        self.on_export: list[Callable[[str, str, Any], None]] = []
        self._coordinator = coordinator
        self._graphs = coordinator.graphs
        self._looks_at = looks_at
        self._looks_at_exports = looks_at_exports
        self._here: dict[tuple[str, str], tuple[list[_Seen], list[_Export]]] | None = None
        self._topics: dict[str, tuple[list[_Seen], list[_Export]]] = {}
        self._filters: list[str] = []
        self._connection = Connection(
            coordinator.broker, CLIENT_ID, subscriptions=[], on_message=self._received, quiet=True
        )
        coordinator.builtin.engine.on_packet.append(self._sent_here)
        coordinator.graphs.on_wanted.append(self._wanted_other)
        coordinator.on_initial.append(self._initial)
        coordinator.on_plan.append(self._planned)

    async def run(self) -> None:
        """Keep the connection to the broker until cancelled."""
        await self._connection.run()

    def look_again(self) -> None:
        """Other edges are looked at."""
        self._here = None
        self._follow()

    # -- packets --

    def _sent_here(self, role: str, port: str, data: Any) -> None:
        if self._here is None:
            self._here = self._ends_here()
        found = self._here.get((role, port.lower()))
        if found is not None:
            self._tell(found, data)

    def _received(self, topic: str, payload: bytes, retained: bool) -> None:
        if retained:
            return  # it passed before anybody looked
        found = [self._topics[topic]] if topic in self._topics else []
        found += [self._topics[pattern] for pattern in self._filters if matches(pattern, topic)]
        if found:
            data = decode(payload)
            for each in found:
                self._tell(each, data)

    def _tell(self, found: tuple[list[_Seen], list[_Export]], data: Any) -> None:
        for graph, edge in found[0]:
            for tell in self.on_packet:
                tell(graph, edge, data)
        for graph, public in found[1]:
            for show in self.on_export:
                show(graph, public, data)

    def _initial(self, initial: Initial) -> None:
        for id, node in self._graphs.wanted.places_of(initial.tgt.node):
            network = self._graphs.network(id)
            for each in network.graph.initials_at(node) if network.started else ():
                if each.tgt.port == initial.tgt.port and canonical(each.data) == canonical(initial.data):
                    for tell in self.on_initial:
                        tell(id, each)

    # -- what is looked at --

    def _wanted_other(self, fresh: list[Initial]) -> None:
        self._here = None

    async def _planned(self) -> None:
        self._follow()
        await self._connection.settled()

    def _ends_here(self) -> dict[tuple[str, str], tuple[list[_Seen], list[_Export]]]:
        """What is to be told of each outport in this process; not from the plan, which may come later than packets."""
        wanted, here = self._graphs.wanted, self._coordinator.builtin
        ends: dict[tuple[str, str], tuple[list[_Seen], list[_Export]]] = {}
        for edge in wanted.graph.edges:
            if edge.src.node in here and wanted.is_started(edge):
                seen = ends.setdefault((edge.src.node, edge.src.port.lower()), ([], []))[0]
                seen += self._looked_at(edge)
        for id, public, role, port in self._exports():
            if role in here:
                ends.setdefault((role, port.lower()), ([], []))[1].append((id, public))
        return ends

    def _follow(self) -> None:
        """Subscribe to the topics of what is looked at and does not leave from here."""
        topics: dict[str, tuple[list[_Seen], list[_Export]]] = {}
        here = self._coordinator.builtin
        for edge, state in self._coordinator.plan.edges:
            if state.kind in ("pending", "refused") or edge.src.node in here or not (seen := self._looked_at(edge)):
                continue
            for topic in {source for source, _ in state.pairs}:
                topics.setdefault(topic, ([], []))[0].extend(seen)
        for id, public, role, port in self._exports():
            for topic in () if role in here else self._topics_of(role, port):
                topics.setdefault(topic, ([], []))[1].append((id, public))
        self._topics = topics
        self._filters = [topic for topic in topics if is_filter(topic)]
        self._connection.follow(_uncovered(topics, self._filters))

    def _topics_of(self, role: str, port: str) -> set[str]:
        try:
            return {place.topic for place in self._coordinator.find("outport", PortRef(role, port))}
        except Refused:
            return set()

    def _looked_at(self, edge: Edge) -> list[_Seen]:
        return [seen for seen in self._graphs.wanted.origins_of(edge) if self._looks_at(*seen)]

    def _exports(self) -> Iterable[tuple[str, str, str, str]]:
        """Graph, public name, role and port of each exported outport of a graph that is in force."""
        for network in self._graphs.all() if self._looks_at_exports() else ():
            if network.started:
                for public, export in network.graph.outports.items():
                    yield network.id, public, self._graphs.role(network.id, export.node), export.port


def _uncovered(topics: Mapping[str, object], filters: list[str]) -> list[str]:
    """A broker may send a packet once for each filter that it matches."""
    return [topic for topic in topics if not any(f != topic and matches(f, topic) for f in filters)]
