"""What several graphs want together: one graph whose node ids are roles, and what each of its parts stands for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from .graph.elements import Edge, Initial, PortRef
from .graph.model import Graph

__all__ = ["MAIN", "Network", "Place", "Wanted", "as_roles", "merge"]

MAIN = "default/main"
"""The graph that is saved."""
TEMPORARY = "fixture."
"""Graphs whose id begins so are made by fbp-spec and similar programs, which never remove them."""

Place = Callable[[str, str], str]
"""Returns the role that a node stands for, of a graph's id and the node's."""


@dataclass(eq=False)
class Network:
    """One graph and whether it is in force; `started_at` is the monotonic time of the start.

    `is_orphan` tells that the client that made it has left.
    """

    id: str
    graph: Graph
    started: bool = False
    started_at: float = 0.0
    is_orphan: bool = False

    @property
    def is_temporary(self) -> bool:
        """Whether it goes with the client that made it."""
        return self.id.startswith(TEMPORARY)


@dataclass(frozen=True)
class Wanted:
    """All graphs as one whose node ids are roles; edges of stopped graphs are in it, their initial packets are not.

    `resting` are the roles that only stopped graphs name: what is built in does not run then.
    `origins` gives for each edge of it the graphs and edges that it stands for, `places` for each role the graphs and nodes;
    what only the main graph has is in neither.
    """

    graph: Graph
    stopped: frozenset[tuple[PortRef, PortRef]] = frozenset()
    resting: frozenset[str] = frozenset()
    origins: Mapping[tuple[PortRef, PortRef], list[tuple[str, Edge]]] = field(default_factory=dict)
    places: Mapping[str, list[tuple[str, str]]] = field(default_factory=dict)

    def is_started(self, edge: Edge) -> bool:
        """Whether an edge is to be in force."""
        return (edge.src, edge.tgt) not in self.stopped

    def origins_of(self, edge: Edge) -> list[tuple[str, Edge]]:
        """The graphs that have an edge, and what it is called there."""
        return self.origins.get((edge.src, edge.tgt)) or [(MAIN, edge)]

    def places_of(self, role: str) -> list[tuple[str, str]]:
        """The graphs that have a role, and the node that it is there."""
        return self.places.get(role) or [(MAIN, role)]


def merge(main: Network, others: Iterable[Network], role: Place) -> Wanted:
    """Return what the main graph and others want together."""
    others = list(others)
    if main.started and not others:
        return Wanted(main.graph)
    # Most of it is the main graph, which is taken over whole: that takes no time even where it is large.
    merged = Graph("main", case_sensitive=main.graph.case_sensitive)
    merged.take(main.graph, initials=main.started)
    stopped = set() if main.started else {(edge.src, edge.tgt) for edge in main.graph.edges}
    resting = set() if main.started else set(main.graph.nodes)
    wanted = _Merging(merged, stopped, resting, {}, {})
    for network in others:
        wanted.add(network, role)
    return Wanted(merged, frozenset(stopped), frozenset(resting), wanted.origins, wanted.places)


def as_roles(network: Network, initials: Iterable[Initial], role: Place) -> list[Initial]:
    """Return initial packets of a graph as those of the roles that its nodes stand for."""
    if network.id == MAIN:
        return list(initials)
    return [Initial(each.data, _placed(network, each.tgt, role), each.metadata) for each in initials]


def _placed(network: Network, ref: PortRef, role: Place) -> PortRef:
    return ref._replace(node=role(network.id, ref.node))


@dataclass(frozen=True)
class _Merging:
    """A Wanted that is being made."""

    graph: Graph
    stopped: set[tuple[PortRef, PortRef]]
    resting: set[str]
    origins: dict[tuple[PortRef, PortRef], list[tuple[str, Edge]]]
    places: dict[str, list[tuple[str, str]]]

    def add(self, network: Network, role: Place) -> None:
        """Add what a graph besides the main one wants."""
        for node in network.graph.nodes.values():
            self._add_node(network, node.id, node.component, role(network.id, node.id))
        for edge in network.graph.edges:
            self._add_edge(network, edge, _placed(network, edge.src, role), _placed(network, edge.tgt, role))
        for initial in as_roles(network, network.graph.initials, role) if network.started else ():
            self.graph.put_initial(initial)

    def _add_node(self, network: Network, id: str, component: str, role: str) -> None:
        if role not in self.graph.nodes:
            self.graph.add_node(role, component)
            self.places[role] = []
            self.resting.add(role)
        self.places.setdefault(role, [(MAIN, role)]).append((network.id, id))
        if network.started:
            self.resting.discard(role)

    def _add_edge(self, network: Network, edge: Edge, src: PortRef, tgt: PortRef) -> None:
        there = self.graph.find_edge(src, tgt)
        if there is None:
            self.graph.put_edge(Edge(src, tgt))
            self.origins[src, tgt] = []
            self.stopped.add((src, tgt))
        else:
            src, tgt = there.src, there.tgt
        self.origins.setdefault((src, tgt), [(MAIN, there or edge)]).append((network.id, edge))
        if network.started:
            self.stopped.discard((src, tgt))
