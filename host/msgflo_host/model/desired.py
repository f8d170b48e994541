"""Merges several graphs into the desired one, whose node ids are roles, and remembers where each part came from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ..graph.elements import Edge, Initial, PortRef
from ..graph.model import Graph

__all__ = ["MAIN", "Desired", "Network", "RoleOf", "as_roles", "merge"]

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


def merge(main: Network, others: Sequence[Network], role: RoleOf) -> Desired:
    """Return the desired graph of the main graph and others."""
    if main.started and not others:
        return Desired(main.graph)
    graph = Graph("main", case_sensitive=main.graph.case_sensitive)
    graph.take(main.graph, initials=main.started)
    in_main = {(edge.src, edge.tgt): edge for edge in main.graph.edges}
    stopped = set() if main.started else set(in_main)
    resting = set() if main.started else set(main.graph.nodes)
    origins: dict[tuple[PortRef, PortRef], list[tuple[str, Edge]]] = {}
    places: dict[str, list[tuple[str, str]]] = {}
    for network in others:
        roles = {id: role(network.id, id) for id in network.graph.nodes}
        resting.update(roles.values() - graph.nodes.keys())
        if network.started:
            resting.difference_update(roles.values())
        for id, name in roles.items():
            places.setdefault(name, [(MAIN, name)] if name in graph.nodes else []).append((network.id, id))
        for here, there in graph.add_as(network.graph, roles, initials=network.started):
            ports = here.src, here.tgt
            if ports not in origins:
                origins[ports] = [(MAIN, in_main[ports])] if ports in in_main else []
                if ports not in in_main:
                    stopped.add(ports)
            origins[ports].append((network.id, there))
            if network.started:
                stopped.discard(ports)
    return Desired(graph, frozenset(stopped), frozenset(resting), origins, places)


def as_roles(network: Network, initials: Iterable[Initial], role: RoleOf) -> list[Initial]:
    """Return initial packets of a graph with roles in place of its nodes."""
    if network.id == MAIN:
        return list(initials)
    return [
        Initial(each.data, each.tgt._replace(node=role(network.id, each.tgt.node)), each.metadata) for each in initials
    ]
