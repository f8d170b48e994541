"""Packets that somebody sends into an inport by hand: at once, or as soon as a process of ours that is starting has it."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from typing import Any, NamedTuple

from ..errors import RequestError
from ..graph.elements import PortRef
from ..model.events import PacketSent, Reconciled
from ..model.initial_packets import encoded
from ..model.role_ports import Place, Refused
from ..util.quoting import quoted
from .coordinator import Coordinator

__all__ = ["MOST_BYTES", "MOST_HELD", "Injection"]

log = logging.getLogger("msgflo")

MOST_HELD = 1000
"""Packets that may wait for processes that are starting."""
MOST_BYTES = 4 * 1024 * 1024
"""Of all packets that wait, as JSON."""

_Node = tuple[str, str]
"""A graph and a node of it."""
_Ends = tuple[PortRef, PortRef]


class _Held(NamedTuple):
    ref: PortRef
    data: Any
    size: int


class Injection:
    """Sends packets to the participants of the graphs' nodes.

    `is_run_here(role)` returns whether a participant is a process of ours: it is there, or will be soon.

    A graph that was made for a test gets its first packets when all of its processes have been joined: tests send as soon
    as they have started it, and a packet may go through any of them.
    """

    def __init__(self, coordinator: Coordinator, is_run_here: Callable[[str], bool]) -> None:
        self._coordinator = coordinator
        self._is_run_here = is_run_here
        self._held: dict[_Node, deque[_Held]] = {}
        self._settled: set[_Ends] = set()
        coordinator.events.listen(Reconciled, lambda event: self._changed())

    def send(self, graph: str, ref: PortRef, data: Any) -> None:
        """Send a packet to an inport of a node, after those that wait for it; raises RequestError where nobody takes it."""
        node = graph, ref.node
        self._flush(node)
        if node not in self._held and self._deliver(graph, ref, data):
            return
        if not self._will_take(graph, ref.node):
            raise RequestError(f"node {quoted(ref.node)} is absent, so its inport {quoted(ref.port)} takes no packets")
        self._hold(node, _Held(ref, data, len(encoded(data))))

    def _hold(self, node: _Node, packet: _Held) -> None:
        waiting = [each for queue in self._held.values() for each in queue]
        if len(waiting) >= MOST_HELD or sum(each.size for each in waiting) + packet.size > MOST_BYTES:
            raise RequestError(
                f"{len(waiting)} packets are waiting for components that are starting; at most "
                f"{MOST_HELD} and {MOST_BYTES // 1024 // 1024} MiB may wait"
            )
        self._held.setdefault(node, deque()).append(packet)

    def _deliver(self, graph: str, ref: PortRef, data: Any) -> bool:
        """Send a packet; False where no participant is there to take it."""
        role = self._coordinator.graphs.role(graph, ref.node)
        if not self._is_joined(graph) or not self._is_applied(graph, role):
            return False
        try:
            places = self._coordinator.find("inport", PortRef(role, ref.port, ref.index))
        except Refused as refused:
            raise RequestError(str(refused)) from None
        for place in {place.topic: place for place in places}.values():
            self._send(place, data)
        if places:
            self._coordinator.events.emit(PacketSent(graph, ref, data))
        return bool(places)

    def _send(self, place: Place, data: Any) -> None:
        entry = self._coordinator.registry.get(place.participant)
        port = entry.participant.inport(place.port) if entry is not None else None
        if not self._coordinator.publish(place.topic, encoded(data, port)):
            raise RequestError("the broker is out of reach")

    def _will_take(self, graph: str, node: str) -> bool:
        return self._is_run_here(self._coordinator.graphs.role(graph, node)) or not self._is_joined(graph)

    def _is_joined(self, graph: str) -> bool:
        return self._edges_of_processes(graph) <= self._settled

    def _is_applied(self, graph: str, role: str) -> bool:
        """Return whether bindings and inspection are active: a process that has just come, or whose graph has just been
        started, might answer before.
        """
        if not self._is_run_here(role):
            return True
        coordinator = self._coordinator
        return (
            role in coordinator.applied_roles and coordinator.graphs.network(graph).started_at <= coordinator.applied_at
        )

    def _edges_of_processes(self, graph: str) -> set[_Ends]:
        """The edges of a graph made for a test, by the roles at their ends, that begin or end at a process of ours."""
        graphs = self._coordinator.graphs
        network = graphs.network(graph)
        found = set()
        for edge in network.graph.edges if network.is_temporary else ():
            src, tgt = (ref._replace(node=graphs.role(graph, ref.node)) for ref in (edge.src, edge.tgt))
            if self._is_run_here(src.node) or self._is_run_here(tgt.node):
                found.add((src, tgt))
        return found

    def _changed(self) -> None:
        """Send what has waited for the present reconciliation."""
        self._settled = set()
        if any(network.is_temporary for network in self._coordinator.graphs.all()):
            states = self._coordinator.plan.edges
            self._settled = {(edge.src, edge.tgt) for edge, state in states if state.kind != "pending"}
        for node in list(self._held):
            self._flush(node)

    def _flush(self, node: _Node) -> None:
        """Send what has waited to whoever has come; forget it where nobody will."""
        waiting, graphs = self._held.get(node), self._coordinator.graphs
        if waiting is None or not self._coordinator.connected:
            return
        while waiting and graphs.has(node[0]) and self._sent_or_refused(node[0], waiting[0]):
            waiting.popleft()
        if not waiting or not graphs.has(node[0]) or not self._will_take(*node):
            del self._held[node]

    def _sent_or_refused(self, graph: str, packet: _Held) -> bool:
        try:
            return self._deliver(graph, packet.ref, packet.data)
        except RequestError as error:
            log.error("a packet that waited for node %r is dropped: %s", packet.ref.node, error)
            return True
