"""Events of the control plane: each kind is a class, and listeners subscribe to a kind.

    events.listen(GraphChanged, lambda event: print(event.graph, event.changes))
    events.emit(GraphChanged("default/main", changes))

A fault in one listener is logged, and the others still get the event.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from msgspec import Struct

from ..graph.commands import Change
from ..graph.elements import Initial, PortRef
from ..util.guard import Guard
from ..util.time_slices import TimeSlices

__all__ = [
    "BrokerAway",
    "ComponentCrashed",
    "ComponentFaulty",
    "ComponentPrinted",
    "ComponentRecovered",
    "ComponentSilent",
    "DesiredChanged",
    "Events",
    "GraphChanged",
    "GraphEdited",
    "GraphEnded",
    "InitialSent",
    "LibraryChanged",
    "NodeFailed",
    "NodePrinted",
    "NodeRenamed",
    "Notice",
    "PacketSent",
    "Reconciled",
]

E = TypeVar("E")


class Events:
    """One stream of events."""

    def __init__(self, guard: Guard | None = None) -> None:
        self._guard = guard or Guard(lambda text: None)
        self._listeners: dict[type, list[Callable[[Any], object]]] = {}

    def listen(self, kind: type[E], listener: Callable[[E], object]) -> None:
        """Call `listener` with each event of this kind from now on, after the listeners that are there."""
        self._listeners.setdefault(kind, []).append(listener)

    def emit(self, event: object) -> None:
        """Call the listeners of its kind."""
        for listener in self._listeners.get(type(event), ()):
            with self._guard(f"a listener to {type(event).__name__}"):
                listener(event)

    async def emit_in_slices(self, event: object, slices: TimeSlices) -> None:
        """Call the listeners of its kind, and let other tasks run in between."""
        for listener in self._listeners.get(type(event), ()):
            await slices.pause()
            with self._guard(f"a listener to {type(event).__name__}"):
                listener(event)


# --- Of graphs ---


class GraphChanged(Struct, frozen=True):
    """A graph is different; `by` is from the editor's command, None where it was no editor."""

    graph: str
    changes: list[Change]
    by: Any = None


class GraphEdited(Struct, frozen=True):
    """A command has been carried out on a graph."""

    graph: str


class GraphEnded(Struct, frozen=True):
    """There is no such graph any more."""

    graph: str


class NodeRenamed(Struct, frozen=True):
    """A node of a component that runs here has another name: its role before, and now."""

    old: str
    new: str


class DesiredChanged(Struct, frozen=True):
    """The desired graph may be different; these initial packets, whose nodes are roles, are to be sent."""

    initials: list[Initial]


# --- Of the coordinator ---


class Reconciled(Struct, frozen=True):
    """The desired state is applied as far as possible."""


class BrokerAway(Struct, frozen=True):
    """Something is desired while the broker is out of reach."""


class InitialSent(Struct, frozen=True):
    """An initial packet has been sent; its node is a role."""

    initial: Initial


class Notice(Struct, frozen=True):
    """Something that concerns all."""

    text: str


class NodeFailed(Struct, frozen=True):
    """An edge or packet at a role cannot be applied, or a built-in component has an error."""

    role: str
    text: str


class NodePrinted(Struct, frozen=True):
    """A line that a built-in component shows."""

    role: str
    text: str


class PacketSent(Struct, frozen=True):
    """Somebody has sent a packet into an inport of a node by hand."""

    graph: str
    tgt: PortRef
    data: Any


# --- Of components that are processes here ---


class ComponentPrinted(Struct, frozen=True):
    """A process has printed a line; programs are called `program <name>`, and their end is such a line, too."""

    role: str
    text: str


class ComponentCrashed(Struct, frozen=True):
    """A process has ended by itself; it is started again in so many seconds."""

    role: str
    how: str
    delay_s: float


class ComponentSilent(Struct, frozen=True):
    """A process runs, and has not announced itself in time."""

    role: str


class ComponentFaulty(Struct, frozen=True):
    """A diagnostic of a component."""

    role: str
    text: str


class ComponentRecovered(Struct, frozen=True):
    """Diagnostics of a component are over."""


class LibraryChanged(Struct, frozen=True):
    """These components came, went, or changed: their source or their description."""

    names: frozenset[str]
