"""What several graphs want together: one graph whose node ids are roles, and what each of its parts stands for."""

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
class Desired:
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


@dataclass(frozen=True)
class Share:
    """What a graph besides the main one brings to Desired, kept until the graph changes; `roles` are those of its nodes."""

    network: Network
    roles: Mapping[str, str]
    graph: Graph
    origins: Mapping[tuple[PortRef, PortRef], list[tuple[str, Edge]]]
    places: Mapping[str, list[tuple[str, str]]]


def share(network: Network, roles: Mapping[str, str], *, case_sensitive: bool) -> Share:
    """Return what a graph brings; `case_sensitive` is whether the main graph is."""
    graph = Graph(case_sensitive=case_sensitive)
    edges = graph.take_as(network.graph, roles)
    places: dict[str, list[tuple[str, str]]] = {}
    for node, role in roles.items():
        places.setdefault(role, []).append((network.id, node))
    origins = {ends: [(network.id, edge) for edge in found] for ends, found in edges.items()}
    return Share(network, roles, graph, origins, places)


def merge(main: Network, others: Sequence[Share]) -> Desired:
    """Return what the main graph and others want together."""
    if main.started and not others:
        return Desired(main.graph)
    # Most of it are whole graphs, which are taken over as they are: that takes no time even where they are large.
    merged = Graph("main", case_sensitive=main.graph.case_sensitive)
    merged.take(main.graph, initials=main.started)
    stopped = set() if main.started else {(edge.src, edge.tgt) for edge in main.graph.edges}
    resting = set() if main.started else set(main.graph.nodes)
    wanted = _Merging(merged, stopped, resting, {}, {})
    for each in others:
        wanted.add(each)
    return Desired(merged, frozenset(stopped), frozenset(resting), wanted.origins, wanted.places)


def as_roles(network: Network, initials: Iterable[Initial], role: RoleOf) -> list[Initial]:
    """Return initial packets of a graph as those of the roles that its nodes stand for."""
    if network.id == MAIN:
        return list(initials)
    return [Initial(each.data, _placed(network, each.tgt, role), each.metadata) for each in initials]


def _placed(network: Network, ref: PortRef, role: RoleOf) -> PortRef:
    return ref._replace(node=role(network.id, ref.node))


@dataclass(frozen=True)
class _Merging:
    """A Desired that is being made."""

    graph: Graph
    stopped: set[tuple[PortRef, PortRef]]
    resting: set[str]
    origins: dict[tuple[PortRef, PortRef], list[tuple[str, Edge]]]
    places: dict[str, list[tuple[str, str]]]

    def add(self, share: Share) -> None:
        """Add what a graph besides the main one wants."""
        started, roles = share.network.started, share.graph.nodes.keys()
        self.resting.update(roles - self.graph.nodes.keys())
        if started:
            self.resting.difference_update(roles)
        shared = {role: self.places.get(role, [(MAIN, role)]) for role in roles & self.graph.nodes.keys()}
        self.places.update(share.places)
        self.places.update((role, before + share.places[role]) for role, before in shared.items())
        both = {(theirs.src, theirs.tgt): ours for ours, theirs in self.graph.join(share.graph, initials=started)}
        fresh = {ends: origins for ends, origins in share.origins.items() if ends not in both}
        self.origins.update(fresh)
        if not started:
            self.stopped.update(fresh)
        for ends, ours in both.items():
            key = ours.src, ours.tgt
            self.origins[key] = self.origins.get(key, [(MAIN, ours)]) + share.origins[ends]
            if started:
                self.stopped.discard(key)
