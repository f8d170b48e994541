"""The graphs that people edit: several at a time, each with its own nodes and edges, and what they want together.

The graph `default/main` is the one in the file; its node ids are roles, so a node means whoever plays that role. Others come
and go with those who make them. Their nodes mean the same participants, but for components that run here: each such node is
an instance of its own, with the role `<graph>/<node>`.

    graphs = Graphs(load(path))
    graphs.on_change.append(lambda graph, changes: …)     # what editors are told
    graphs.edit(MAIN, "addnode", {"id": "lamp", "component": "demo/Lamp"})
    plan(graphs.wanted.graph, participants, graphs.wanted.is_started)
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from msgflo.topics import escape

from .errors import GraphError
from .graph.commands import Change, apply
from .graph.difference import difference
from .graph.elements import Edge, Initial, PortRef, canonical
from .graph.model import Graph

__all__ = ["MAIN", "MOST_GRAPHS", "Graphs", "Network", "Wanted"]

MAIN = "default/main"
"""The graph that is saved."""
MOST_GRAPHS = 1000
TEMPORARY = "fixture."
"""Graphs whose id begins so are made by fbp-spec and similar programs, which never remove them."""


@dataclass(eq=False)
class Network:
    """One graph and whether it is in force; `started_at` is the monotonic time of the start."""

    id: str
    graph: Graph
    started: bool = False
    started_at: float = 0.0

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


class Graphs:
    """All graphs by id. Every change goes through here and is told to `on_change(graph id, changes)`.

    `on_wanted(initials)` is called when something else is wanted, with the initial packets (their nodes are roles) that
    are to be sent to those who are there; `on_end(graph id)` when a graph is gone; `on_edit(graph id)` after an edit by a
    command; `on_found(nodes)` when participants have come that the main graph does not name, role → component. `is_own`
    tells whether the nodes of a component run here.
    """

    def __init__(self, main: Graph) -> None:
        self.on_change: list[Callable[[str, list[Change]], None]] = []
        self.on_wanted: list[Callable[[list[Initial]], None]] = []
        self.on_end: list[Callable[[str], None]] = []
        self.on_edit: list[Callable[[str], None]] = []
        self.on_found: list[Callable[[dict[str, str]], None]] = []
        self.is_own: Callable[[str], bool] = lambda component: False
        self._networks = {MAIN: Network(MAIN, main, started=True, started_at=time.monotonic())}
        self._wanted: Wanted | None = None
        self._found: dict[str, str] = {}
        self._leaving: set[str] = set()  # roles of nodes that were run here, and are being ended

    # -- what is there --

    @property
    def main(self) -> Network:
        """The graph of the file."""
        return self._networks[MAIN]

    def network(self, id: str) -> Network:
        """Return a graph by its id; raises GraphError, whose text noflo-ui knows, if there is none."""
        found = self._networks.get(id)
        if found is None:
            raise GraphError("Requested graph not found")
        return found

    def has(self, id: str) -> bool:
        """Whether there is a graph of that id."""
        return id in self._networks

    def all(self) -> list[Network]:
        """Return every graph, the main one first."""
        return list(self._networks.values())

    def role(self, id: str, node: str) -> str:
        """Return the role that a node of a graph stands for."""
        network = self._networks[id]
        found = network.graph.nodes.get(node)
        if id == MAIN or found is None or not self.is_own(found.component):
            return node
        return f"{escape(id)}/{escape(node)}"

    @property
    def wanted(self) -> Wanted:
        """What all graphs want together."""
        if self._wanted is None:
            self._wanted = self._merge()
        return self._wanted

    # -- changes --

    def edit(self, id: str, command: str, payload: Mapping[str, Any]) -> list[Change]:
        """Carry out a graph command of the FBP protocol; returns what has changed. Raises GraphError, and then nothing has.

        `clear` makes the graph if there is none.
        """
        if command == "clear":
            return self._clear(id, payload)
        network = self.network(id)
        own = self._own_roles(network, payload) if command in ("removenode", "renamenode") else set()
        taken_in = self._take_in(network.graph, payload) if id == MAIN and command != "addnode" else []
        try:
            changes = [*taken_in, *apply(network.graph, command, payload)]
        except GraphError:
            for change in taken_in:
                network.graph.remove_node(change.payload["id"])
            raise
        self._leaving |= own
        self._tell(network, changes)
        for listener in self.on_edit:
            listener(id)
        return changes

    def replace_main(self, graph: Graph) -> None:
        """Take another graph for the main one, as after an edit of its file."""
        network = self.main
        self._leaving |= self._own_roles(network)
        changes = difference(network.graph, graph)
        network.graph = graph
        self._tell(network, changes)

    def discovered(self, there: Mapping[str, str]) -> None:
        """These participants (role → component) are there; those that no graph names are shown as nodes of the main one."""
        named = self.wanted.graph.nodes
        self._leaving = {role for role in self._leaving if role in there and role not in named}
        new = {role: there[role] for role in there if role not in named and role not in self._leaving}
        gone = [role for role in self._found if role not in new and role not in self.main.graph.nodes]
        come = {role: component for role, component in new.items() if self._found.get(role) != component}
        self._found = new
        changes = [Change("removenode", {"id": role}) for role in gone]
        changes += [_shown(role, component) for role, component in come.items()]
        for listener in self.on_change if changes else ():
            listener(MAIN, changes)
        for tell in self.on_found if come else ():
            tell(come)

    @property
    def found(self) -> dict[str, str]:
        """Participants that are shown as nodes of the main graph, which does not name them: role → component."""
        return self._found

    def remove(self, id: str) -> None:
        """Forget a graph for good. Raises GraphError where there is none, and for the main one."""
        if id == MAIN:
            raise GraphError(f"the graph {MAIN!r} cannot be removed")
        network = self.network(id)
        self._leaving |= self._own_roles(network)
        del self._networks[id]
        self._want([])
        for listener in self.on_end:
            listener(network.id)

    def start(self, id: str) -> None:
        """Bring a graph in force and send its initial packets, also where it was in force already."""
        network = self.network(id)
        if not network.started:
            network.started, network.started_at = True, time.monotonic()
        self._want(self._as_roles(network, network.graph.initials))

    def stop(self, id: str) -> None:
        """Withdraw what a graph wants; the graph itself stays."""
        self.network(id).started = False
        self._want([])

    def touch(self) -> None:
        """Which components run here has changed, and with it what nodes stand for."""
        self._want([])

    # -- inside --

    def _clear(self, id: str, payload: Mapping[str, Any]) -> list[Change]:
        network = self._networks.get(id)
        if network is None:
            if len(self._networks) >= MOST_GRAPHS:
                raise GraphError(f"there are {MOST_GRAPHS} graphs already; no more are kept")
            network = Network(id, Graph())
        self._leaving |= self._own_roles(network) if id in self._networks else set()
        changes = apply(network.graph, "clear", payload)
        if id not in self._networks:
            self._networks[id] = network
        elif id != MAIN:
            network.started = False
        self._tell(network, changes)
        if id == MAIN:
            shown = [_shown(role, component) for role, component in self._found.items()]
            for listener in self.on_change if shown else ():
                listener(MAIN, shown)
        for tell in self.on_edit:
            tell(id)
        return changes

    def _own_roles(self, network: Network, payload: Mapping[str, Any] | None = None) -> set[str]:
        """The roles of the nodes, or of the one that a command names, which are run here."""
        nodes = network.graph.nodes
        named = nodes.values() if payload is None else [nodes[n] for n in _names(payload) if n in nodes]
        return {self.role(network.id, node.id) for node in named if self.is_own(node.component)}

    def _take_in(self, graph: Graph, payload: Mapping[str, Any]) -> list[Change]:
        """Make nodes of those discovered participants that a command names."""
        taken = []
        for name in _names(payload):
            component = self._found.get(name)
            if component is not None and name not in graph.nodes:
                graph.add_node(name, component)
                taken.append(Change("addnode", {"id": name, "component": component, "metadata": {}}))
        return taken

    def _tell(self, network: Network, changes: list[Change]) -> None:
        for listener in self.on_change if changes else ():
            listener(network.id, changes)
        fresh = [initial for change in changes for initial in _fresh(network.graph, change)]
        self._want(self._as_roles(network, fresh) if network.started else [])

    def _want(self, fresh: list[Initial]) -> None:
        self._wanted = None
        for listener in self.on_wanted:
            listener(fresh)

    def _as_roles(self, network: Network, initials: Iterable[Initial]) -> list[Initial]:
        if network.id == MAIN:
            return list(initials)
        return [Initial(each.data, self._place(network, each.tgt), each.metadata) for each in initials]

    def _place(self, network: Network, ref: PortRef) -> PortRef:
        return ref._replace(node=self.role(network.id, ref.node))

    def _merge(self) -> Wanted:
        main = self.main
        if main.started and len(self._networks) == 1:
            return Wanted(main.graph)
        # Most of it is the main graph, which is taken over whole: that takes no time even where it is large.
        merged = Graph("main", case_sensitive=main.graph.case_sensitive)
        merged.take(main.graph, initials=main.started)
        stopped = set() if main.started else {(edge.src, edge.tgt) for edge in main.graph.edges}
        resting = set() if main.started else set(main.graph.nodes)
        wanted = _Merging(merged, stopped, resting, {}, {})
        for network in self._networks.values():
            if network is not main:
                self._add(network, wanted)
        return Wanted(merged, frozenset(stopped), frozenset(resting), wanted.origins, wanted.places)

    def _add(self, network: Network, to: _Merging) -> None:
        """Add what a graph besides the main one wants."""
        for node in network.graph.nodes.values():
            role = self.role(network.id, node.id)
            if role not in to.graph.nodes:
                to.graph.add_node(role, node.component)
                to.places[role] = []
                to.resting.add(role)
            to.places.setdefault(role, [(MAIN, role)]).append((network.id, node.id))
            if network.started:
                to.resting.discard(role)
        for edge in network.graph.edges:
            src, tgt = self._place(network, edge.src), self._place(network, edge.tgt)
            there = to.graph.find_edge(src, tgt)
            if there is None:
                to.graph.put_edge(Edge(src, tgt))
                to.origins[src, tgt] = []
                to.stopped.add((src, tgt))
            else:
                src, tgt = there.src, there.tgt
            to.origins.setdefault((src, tgt), [(MAIN, there or edge)]).append((network.id, edge))
            if network.started:
                to.stopped.discard((src, tgt))
        for initial in self._as_roles(network, network.graph.initials) if network.started else ():
            to.graph.put_initial(initial)


@dataclass(frozen=True)
class _Merging:
    """A Wanted that is being made."""

    graph: Graph
    stopped: set[tuple[PortRef, PortRef]]
    resting: set[str]
    origins: dict[tuple[PortRef, PortRef], list[tuple[str, Edge]]]
    places: dict[str, list[tuple[str, str]]]


def _names(payload: Mapping[str, Any]) -> list[str]:
    """The nodes that a command on what is there may name."""
    ends = [payload.get("src"), payload.get("tgt")]
    named = [payload.get("id"), payload.get("node"), payload.get("from")]
    named += [end.get("node") for end in ends if isinstance(end, Mapping)]
    nodes = payload.get("nodes")
    if isinstance(nodes, list):
        named += nodes
    return [name for name in named if isinstance(name, str)]


def _shown(role: str, component: str) -> Change:
    return Change("addnode", {"id": role, "component": component, "metadata": {"discovered": True}})


def _fresh(graph: Graph, change: Change) -> list[Initial]:
    """The initial packets that a change brings."""
    if change.command == "renamenode":
        return graph.initials_at(change.payload["to"])
    if change.command != "addinitial":
        return []
    node, port, data = change.payload["tgt"]["node"], change.payload["tgt"]["port"], change.payload["src"]["data"]
    there = graph.initials_at(node)
    return [each for each in there if each.tgt.port == port and canonical(each.data) == canonical(data)]
