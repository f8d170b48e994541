"""What happens in the control plane, told to whoever listens: each kind of event is a class.

    events.listen(GraphChanged, lambda event: print(event.graph, event.changes))
    events.tell(GraphChanged("default/main", changes))

A fault in one who listens is logged, and keeps nothing from the others.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from ._turns import Turns
from .graph.commands import Change
from .graph.elements import Initial, PortRef
from .wall import Wall

__all__ = [
    "BrokerAway",
    "ChargeChanged",
    "ComponentCrashed",
    "ComponentDoubted",
    "ComponentMended",
    "ComponentPrinted",
    "ComponentSilent",
    "DesiredChanged",
    "Events",
    "GraphChanged",
    "GraphEdited",
    "GraphEnded",
    "InitialSent",
    "LibraryChanged",
    "News",
    "NodeFailed",
    "NodeRenamed",
    "NodeSaid",
    "PacketSent",
    "Reconciled",
]

E = TypeVar("E")


class Events:
    """One stream of events."""

    def __init__(self, wall: Wall | None = None) -> None:
        self._wall = wall or Wall(lambda text: None)
        self._listeners: dict[type, list[Callable[[Any], object]]] = {}

    def listen(self, kind: type[E], listener: Callable[[E], object]) -> None:
        """Call with each event of this kind from now on, after those who listen already."""
        self._listeners.setdefault(kind, []).append(listener)

    def tell(self, event: object) -> None:
        """Tell all who listen to events of its kind."""
        for listener in self._listeners.get(type(event), ()):
            with self._wall(f"what follows from {type(event).__name__}"):
                listener(event)

    async def tell_in_turns(self, event: object, turns: Turns) -> None:
        """The same, and let others run in between."""
        for listener in self._listeners.get(type(event), ()):
            await turns.give()
            with self._wall(f"what follows from {type(event).__name__}"):
                listener(event)


# --- Of graphs ---


@dataclass(frozen=True, slots=True)
class GraphChanged:
    """A graph is different; `by` is what its editor has given with the command, None where it was no editor."""

    graph: str
    changes: list[Change]
    by: Any = None


@dataclass(frozen=True, slots=True)
class GraphEdited:
    """A command has been carried out on a graph."""

    graph: str


@dataclass(frozen=True, slots=True)
class GraphEnded:
    """There is no such graph any more."""

    graph: str


@dataclass(frozen=True, slots=True)
class NodeRenamed:
    """A node of a component that runs here has another name: its role before, and now."""

    old: str
    new: str


@dataclass(frozen=True, slots=True)
class DesiredChanged:
    """What all graphs want together may be different; these initial packets, whose nodes are roles, are to be sent."""

    initials: list[Initial]


# --- Of the coordinator ---


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What is desired is in force as far as it can be."""


@dataclass(frozen=True, slots=True)
class BrokerAway:
    """Something is desired while the broker is out of reach."""


@dataclass(frozen=True, slots=True)
class ChargeChanged:
    """This coordinator is in charge from now on, or another one."""

    is_ours: bool


@dataclass(frozen=True, slots=True)
class InitialSent:
    """An initial packet has been sent; its node is a role."""

    initial: Initial


@dataclass(frozen=True, slots=True)
class News:
    """Something that concerns all."""

    text: str


@dataclass(frozen=True, slots=True)
class NodeFailed:
    """What cannot be brought in force at a role, or an error of a built-in component."""

    role: str
    text: str


@dataclass(frozen=True, slots=True)
class NodeSaid:
    """A line that a built-in component shows."""

    role: str
    text: str


@dataclass(frozen=True, slots=True)
class PacketSent:
    """Somebody has sent a packet into an inport of a node by hand."""

    graph: str
    tgt: PortRef
    data: Any


# --- Of components that are processes here ---


@dataclass(frozen=True, slots=True)
class ComponentPrinted:
    """A process has printed a line; programs are called `program <name>`, and say so how they have ended."""

    role: str
    text: str


@dataclass(frozen=True, slots=True)
class ComponentCrashed:
    """A process has ended by itself, and how; it is started again in so many seconds."""

    role: str
    how: str
    delay_s: float


@dataclass(frozen=True, slots=True)
class ComponentSilent:
    """A process runs, and has not announced itself in time."""

    role: str


@dataclass(frozen=True, slots=True)
class ComponentDoubted:
    """What seems to be amiss with a component."""

    role: str
    text: str


@dataclass(frozen=True, slots=True)
class ComponentMended:
    """Something of that is over."""


@dataclass(frozen=True, slots=True)
class LibraryChanged:
    """These components came, went, or changed: their source, or what is known of them."""

    names: frozenset[str]
