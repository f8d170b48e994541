"""Packets that somebody sends into an inport by hand: at once, or as soon as a process of ours that is starting has it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from ._text import quoted
from .bindings.ports import Place, Refused
from .coordinator import Coordinator
from .errors import RequestError
from .graph.elements import PortRef

__all__ = ["MOST_HELD", "Injection"]

MOST_HELD = 1000
"""Packets that may wait for processes that are starting."""


class Injection:
    """Sends packets to the participants of the graphs' nodes; `is_starting(role)` tells who will be there soon."""

    def __init__(self, coordinator: Coordinator, is_starting: Callable[[str], bool]) -> None:
        self._coordinator = coordinator
        self._is_starting = is_starting
        self._held: list[tuple[str, PortRef, Any]] = []
        coordinator.on_change.append(self._flush)

    def send(self, graph: str, ref: PortRef, data: Any) -> None:
        """Send a packet to an inport of a node; raises RequestError where nobody takes it."""
        self._coordinator.settle()
        if self._deliver(graph, ref, data):
            return
        role = self._coordinator.graphs.role(graph, ref.node)
        if not self._is_starting(role):
            raise RequestError(f"node {quoted(ref.node)} is absent, so its inport {quoted(ref.port)} takes no packets")
        if len(self._held) >= MOST_HELD:
            raise RequestError(f"{MOST_HELD} packets are waiting for components that are starting; no more are kept")
        self._held.append((graph, ref, data))

    def _deliver(self, graph: str, ref: PortRef, data: Any) -> bool:
        """Whether somebody was there to take it."""
        coordinator = self._coordinator
        role = coordinator.graphs.role(graph, ref.node)
        try:
            places = coordinator.find("inport", PortRef(role, ref.port, ref.index))
        except Refused as refused:
            raise RequestError(str(refused)) from None
        sent: set[str] = set()
        for place in places:
            if place.topic not in sent:
                sent.add(place.topic)
                self._send(role, place, data)
        return bool(places)

    def _send(self, role: str, place: Place, data: Any) -> None:
        here = self._coordinator.builtin
        if role in here:
            here.deliver(role, place.topic, data)
        elif not self._coordinator.publish(place.topic, _payload(data)):
            raise RequestError("the broker is out of reach")

    def _flush(self) -> None:
        """Send what has waited to whoever has come; what nobody will take any more is dropped."""
        held, self._held = self._held, []
        for graph, ref, data in held:
            if not self._coordinator.graphs.has(graph):
                continue
            try:
                if not self._deliver(graph, ref, data):
                    self._held.append((graph, ref, data))
            except RequestError:
                continue  # its component has no such inport: the graph's edges say so


def _payload(data: Any) -> bytes:
    try:
        return msgspec.json.encode(data)
    except (TypeError, UnicodeEncodeError, RecursionError) as error:
        raise RequestError(f"the packet cannot be written as JSON: {error}") from None
