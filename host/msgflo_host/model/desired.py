"""Merges several graphs into the desired one, whose node ids are roles, and remembers where each part came from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ..graph.elements import Edge, Initial, PortRef
from ..graph.model import Graph

__all__ = ["MAIN", "Desired", "Network", "RoleOf", "Share", "as_roles", "merge", "share"]

MAIN = "default/main"
"""The graph that is saved."""
TEMPORARY = "fixture."
"""Graphs whose id begins so are made by fbp-spec and similar programs, which never remove them."""

RoleOf = Callable[[str, str], str]
"""Return the role of a node, given the graph's id and the node's."""


@dataclass(eq=False)
class Network:
    """One graph; `started_at` is the monotonic time of its start, `is_orphan` is true once its maker has left."""

    id: str
    graph: Graph
    started: bool = False
    started_at: float = 0.0
    is_orphan: bool = False

    @property
    def is_temporary(self) -> bool:
        """Return whether it is removed with the client that made it."""
        return self.id.startswith(TEMPORARY)


@dataclass(frozen=True)
class Desired:
    """All graphs as one whose node ids are roles; edges of stopped graphs are in it, their initial packets are not.

    `resting` are the roles that only stopped graphs name: built-in components do not run for them.
    `origins` are the graphs and edges that each edge stands for, `places` the graphs and nodes of each role; parts that
    only the main graph has are in neither.
    """

    graph: Graph
    stopped: frozenset[tuple[PortRef, PortRef]] = frozenset()
    resting: frozenset[str] = frozenset()
    origins: Mapping[tuple[PortRef, PortRef], list[tuple[str, Edge]]] = field(default_factory=dict)
    places: Mapping[str, list[tuple[str, str]]] = field(default_factory=dict)

    def is_started(self, edge: Edge) -> bool:
        """Return whether an edge is to be applied."""
        return (edge.src, edge.tgt) not in self.stopped

    def origins_of(self, edge: Edge) -> list[tuple[str, Edge]]:
        """Return the graphs that have an edge, and the edge as it is there."""
        return self.origins.get((edge.src, edge.tgt)) or [(MAIN, edge)]

    def places_of(self, role: str) -> list[tuple[str, str]]:
        """Return the graphs that have a role, and the node that it is there."""
        return self.places.get(role) or [(MAIN, role)]


@dataclass(frozen=True)
class Share:
    """The share of a graph besides the main one in Desired, until the graph changes; `roles` are those of its nodes."""

    network: Network
    roles: Mapping[str, str]
    graph: Graph
    origins: Mapping[tuple[PortRef, PortRef], list[tuple[str, Edge]]]
    places: Mapping[str, list[tuple[str, str]]]


def share(network: Network, roles: Mapping[str, str], *, case_sensitive: bool) -> Share:
    """Return the share of a graph; `case_sensitive` is that of the main graph."""
    graph = Graph(case_sensitive=case_sensitive)
    edges = graph.take_as(network.graph, roles)
    places: dict[str, list[tuple[str, str]]] = {}
    for node, role in roles.items():
        places.setdefault(role, []).append((network.id, node))
    origins = {ports: [(network.id, edge) for edge in found] for ports, found in edges.items()}
    return Share(network, roles, graph, origins, places)


def merge(main: Network, others: Sequence[Share]) -> Desired:
    """Return the desired graph of the main graph and the shares of others."""
    if main.started and not others:
        return Desired(main.graph)
    # Whole graphs are taken as they are, which is fast even where they are large.
    merged = Graph("main", case_sensitive=main.graph.case_sensitive)
    merged.take(main.graph, initials=main.started)
    stopped = set() if main.started else {(edge.src, edge.tgt) for edge in main.graph.edges}
    resting = set() if main.started else set(main.graph.nodes)
    merging = _Merging(merged, stopped, resting, {}, {})
    for each in others:
        merging.add(each)
    return Desired(merged, frozenset(stopped), frozenset(resting), merging.origins, merging.places)


def as_roles(network: Network, initials: Iterable[Initial], role: RoleOf) -> list[Initial]:
    """Return initial packets of a graph with roles in place of its nodes."""
    if network.id == MAIN:
        return list(initials)
    return [
        Initial(each.data, each.tgt._replace(node=role(network.id, each.tgt.node)), each.metadata) for each in initials
    ]


@dataclass(frozen=True)
class _Merging:
    """A Desired that is being built."""

    graph: Graph
    stopped: set[tuple[PortRef, PortRef]]
    resting: set[str]
    origins: dict[tuple[PortRef, PortRef], list[tuple[str, Edge]]]
    places: dict[str, list[tuple[str, str]]]

    def add(self, share: Share) -> None:
        """Add the share of a graph."""
        started, roles = share.network.started, share.graph.nodes.keys()
        self.resting.update(roles - self.graph.nodes.keys())
        if started:
            self.resting.difference_update(roles)
        shared = {role: self.places.get(role, [(MAIN, role)]) for role in roles & self.graph.nodes.keys()}
        self.places.update(share.places)
        self.places.update((role, before + share.places[role]) for role, before in shared.items())
        both = {(theirs.src, theirs.tgt): ours for ours, theirs in self.graph.join(share.graph, initials=started)}
        fresh = {ports: origins for ports, origins in share.origins.items() if ports not in both}
        self.origins.update(fresh)
        if not started:
            self.stopped.update(fresh)
        for ports, ours in both.items():
            key = ours.src, ours.tgt
            self.origins[key] = self.origins.get(key, [(MAIN, ours)]) + share.origins[ports]
            if started:
                self.stopped.discard(key)
