"""Where the parts of a graph are kept: each found in a time that does not grow with the graph."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar

from ..errors import GraphError
from ._exports import Exports, existing
from .elements import (
    Edge,
    Export,
    Group,
    Initial,
    Node,
    PortRef,
    canonical,
    check_json,
    check_name,
    check_object,
    check_ref,
    ref_order,
    short,
)

__all__ = ["LEAST_INITIAL", "Store"]

LEAST_INITIAL = 256
"""Characters that an initial packet counts for at least: a small one takes room as well."""

_EdgeKey = tuple[PortRef, PortRef]
_InitialKey = tuple[PortRef, str]
_Key = TypeVar("_Key", _EdgeKey, _InitialKey)

_BARE: dict[str, Any] = {}  # one for all: so many of them would keep the collector of garbage busy


class Store:
    """Nodes, edges, initial packets, groups and exported ports, with look-ups; `put_*` store a part as it is."""

    def __init__(
        self, name: str = "", properties: Mapping[str, Any] | None = None, case_sensitive: bool = False
    ) -> None:
        self.properties: dict[str, Any] = check_object(properties or {}, "properties")
        if name:
            self.properties["name"] = check_name(name, "the graph's name")
        self.case_sensitive = case_sensitive
        self.extra: dict[str, Any] = {}
        self.header: tuple[str, ...] = ()
        self._empty()

    def _empty(self) -> None:
        self.nodes: dict[str, Node] = {}
        self.groups: dict[str, Group] = {}
        self._edges: dict[_EdgeKey, Edge] = {}
        self._initials: dict[_InitialKey, Initial] = {}
        self.initials_size = 0
        """Characters of all initial packets as JSON; each counts as at least 256."""
        # What is attached to each node, so that removing or renaming one looks at nothing else. Dicts as ordered sets.
        self._edges_at: dict[str, dict[_EdgeKey, None]] = {}
        self._initials_at: dict[str, dict[_InitialKey, None]] = {}
        self._inports = Exports("inport", self)
        self._outports = Exports("outport", self)

    def __eq__(self, other: object) -> bool:
        """Return whether both would be written alike; the order of edges and the header comment do not count."""
        if not isinstance(other, Store):
            return NotImplemented
        # As texts, because Python takes 1, 1.0 and True for equal.
        return canonical(self._content()) == canonical(other._content())

    def _content(self) -> list[Any]:
        by_name = sorted(self.groups.values(), key=lambda group: group.name)
        return [
            [self.case_sensitive, self.properties, self.extra],
            {node.id: [node.component, node.metadata, node.extra] for node in self.nodes.values()},
            [[edge.src, edge.tgt, edge.metadata] for edge in self.sorted_edges()],
            [[initial.data, initial.tgt, initial.metadata] for initial in self.sorted_initials()],
            [[group.name, group.nodes, group.metadata] for group in by_name],
            [
                {export.public: [export.node, export.port, export.metadata, export.extra] for export in side.values()}
                for side in (self.inports, self.outports)
            ],
        ]

    def __repr__(self) -> str:
        counts = f"{len(self.nodes)} nodes, {len(self._edges)} edges, {len(self._initials)} initial packets"
        return f"{type(self).__name__}({self.name!r}: {counts})"

    __hash__ = None  # type: ignore[assignment]  # changes, so it cannot be a key

    @property
    def name(self) -> str:
        """The property `name`, or an empty text."""
        name = self.properties.get("name", "")
        return name if isinstance(name, str) else ""

    @property
    def edges(self) -> list[Edge]:
        """All edges, oldest first (a new list each time)."""
        return list(self._edges.values())

    @property
    def edge_count(self) -> int:
        """How many edges there are, without making a list of them."""
        return len(self._edges)

    @property
    def initials(self) -> list[Initial]:
        """All initial packets in the order in which they are sent (a new list each time)."""
        return list(self._initials.values())

    @property
    def inports(self) -> dict[str, Export]:
        """Exported inports by public name (a new dict each time)."""
        return self._inports.by_public()

    @property
    def outports(self) -> dict[str, Export]:
        """Exported outports by public name (a new dict each time)."""
        return self._outports.by_public()

    def exports(self, side: str) -> Exports:
        """Return the exported ports of one `side`, "inport" or "outport"."""
        return self._inports if side == "inport" else self._outports

    def sorted_edges(self) -> list[Edge]:
        """Return the edges in the order of files."""
        return sorted(self._edges.values(), key=lambda edge: (ref_order(edge.src), ref_order(edge.tgt)))

    def sorted_initials(self) -> list[Initial]:
        """Return the initial packets in the order of files: by target; those of one target as they are sent."""
        return sorted(self._initials.values(), key=lambda initial: ref_order(initial.tgt))

    def node(self, id: str) -> Node:
        """Return the node `id`; GraphError if there is none."""
        found = self.nodes.get(check_name(id, "a node's id"))
        if found is None:
            raise GraphError(f"no node {short(id)!r} in the graph; {existing('nodes', self.nodes)}")
        return found

    def group(self, name: str) -> Group:
        """Return the group `name`; GraphError if there is none."""
        found = self.groups.get(check_name(name, "a group's name"))
        if found is None:
            raise GraphError(f"no group {short(name)!r} in the graph; {existing('groups', self.groups)}")
        return found

    def find_edge(self, src: PortRef, tgt: PortRef) -> Edge | None:
        """Return the edge from `src` to `tgt`, or None."""
        return self._edges.get(self._edge_key(src, tgt))

    def edge(self, src: PortRef, tgt: PortRef) -> Edge:
        """Return the edge from `src` to `tgt`; GraphError naming the edges of its nodes if there is none."""
        found = self.find_edge(src, tgt)
        if found is None:
            near = dict.fromkeys(str(edge) for ref in (src, tgt) for edge in self.edges_at(ref.node))
            raise GraphError(
                f"no edge {short(str(src))} -> {short(str(tgt))} in the graph; {existing('edges of these nodes', near)}"
            )
        return found

    def edges_at(self, node: str) -> list[Edge]:
        """Return the edges that begin or end at `node`."""
        return [self._edges[key] for key in self._edges_at.get(node, ())]

    def initials_at(self, node: str) -> list[Initial]:
        """Return the initial packets to ports of `node`, in the order in which they are sent."""
        return [self._initials[key] for key in self._initials_at.get(node, ())]

    def initials_like(self, node: str, port: str, data: Any) -> list[Initial]:
        """Return the initial packets of a node's port that hold equal data, whatever their index."""
        wanted = canonical(data)
        return [each for each in self.initials_at(node) if each.tgt.port == port and canonical(each.data) == wanted]

    def fold(self, port: str) -> str:
        """Return `port` so that names of the same port are equal."""
        return port if self.case_sensitive else port.lower()

    def take(self, other: Store, *, initials: bool) -> None:
        """Have the nodes and edges of another graph, and perhaps its initial packets, in place of one's own.

        Parts never change, so they are shared.
        """
        self.nodes, self._edges = dict(other.nodes), dict(other._edges)
        self._edges_at = {node: dict(keys) for node, keys in other._edges_at.items()}
        self._initials = dict(other._initials) if initials else {}
        self._initials_at = {node: dict(keys) for node, keys in other._initials_at.items()} if initials else {}
        self.initials_size = other.initials_size if initials else 0

    def take_as(self, other: Store, names: Mapping[str, str]) -> dict[tuple[PortRef, PortRef], list[Edge]]:
        """Have what `take` takes, with other names of the nodes, and of nodes and edges no metadata.

        Nothing is checked again. Two nodes may get one name: the first counts. Returns what the edges, by their ends, are
        called in the other graph.
        """
        origins: dict[tuple[PortRef, PortRef], list[Edge]] = {}
        for node in other.nodes.values():
            self.nodes.setdefault(names[node.id], Node(names[node.id], node.component))
        for edge in other._edges.values():
            ends = _named(edge.src, names), _named(edge.tgt, names)
            key = self._folded(ends[0]), self._folded(ends[1])
            there = self._edges.setdefault(key, Edge(*ends, _BARE))
            origins.setdefault((there.src, there.tgt), []).append(edge)
            for end in ends:
                self._edges_at.setdefault(end.node, {})[key] = None
        for (_, text), initial in other._initials.items():
            tgt = _named(initial.tgt, names)
            packet = self._folded(tgt), text
            self._initials[packet] = Initial(initial.data, tgt, initial.metadata)
            self._initials_at.setdefault(tgt.node, {})[packet] = None
        return origins

    def join(self, other: Store, *, initials: bool) -> list[tuple[Edge, Edge]]:
        """Have also the nodes and edges of another graph, which must not change any more, and perhaps its initial packets.

        What is there stays as it is. Returns the edges that both have, as they are here and there.
        """
        both = [(self._edges[key], other._edges[key]) for key in self._edges.keys() & other._edges.keys()]
        self.nodes |= {id: node for id, node in other.nodes.items() if id not in self.nodes}
        self._edges |= {key: edge for key, edge in other._edges.items() if key not in self._edges}
        _attach(self._edges_at, other._edges_at)
        if initials:
            self._initials |= other._initials
            _attach(self._initials_at, other._initials_at)
        return both

    def copy(self) -> Self:
        """Return a graph of its own with the same content."""
        other = type(self)(properties=self.properties, case_sensitive=self.case_sensitive)
        other.take(self, initials=True)
        other.extra, other.header, other.groups = dict(self.extra), self.header, dict(self.groups)
        for export in self.inports.values():
            other.put_inport(export)
        for export in self.outports.values():
            other.put_outport(export)
        return other

    def put_node(self, node: Node) -> Node:
        """Store a node as it is, in place of one with the same id."""
        check_name(node.id, "a node's id")
        check_name(node.component, f"component of node {short(node.id)!r}")
        self.nodes[node.id] = node
        return node

    def put_edge(self, edge: Edge) -> Edge:
        """Store an edge as it is, in place of one with the same ends; GraphError if a node does not exist."""
        key = self._edge_key(edge.src, edge.tgt)
        for ref in (edge.src, edge.tgt):
            self.node(ref.node)
        self._edges[key] = edge
        for ref in (edge.src, edge.tgt):
            self._edges_at.setdefault(ref.node, {})[key] = None
        return edge

    def put_initial(self, initial: Initial) -> Initial:
        """Store an initial packet as it is, in place of an equal one; GraphError if its node does not exist."""
        check_json(initial.data, "an initial packet's data")
        key = self._initial_key(initial.tgt, initial.data)
        self.node(initial.tgt.node)
        if key not in self._initials:
            self.initials_size += max(LEAST_INITIAL, len(key[1]))
        self._initials[key] = initial
        self._initials_at.setdefault(initial.tgt.node, {})[key] = None
        return initial

    def put_group(self, group: Group) -> Group:
        """Store a group as it is, in place of one with the same name; GraphError if a node does not exist."""
        check_name(group.name, "a group's name")
        for node in group.nodes:
            self.node(node)
        self.groups[group.name] = group
        return group

    def put_inport(self, export: Export) -> Export:
        """Store an exported inport as it is; GraphError if its node does not exist."""
        return self._inports.put(export)

    def put_outport(self, export: Export) -> Export:
        """Store an exported outport as it is; GraphError if its node does not exist."""
        return self._outports.put(export)

    def _ref_key(self, ref: PortRef) -> PortRef:
        check_ref(ref)
        return self._folded(ref)

    def _folded(self, ref: PortRef) -> PortRef:
        port = self.fold(ref.port)
        return ref if port == ref.port else PortRef(ref.node, port, ref.index)

    def _edge_key(self, src: PortRef, tgt: PortRef) -> _EdgeKey:
        return self._ref_key(src), self._ref_key(tgt)

    def _initial_key(self, tgt: PortRef, data: Any) -> _InitialKey:
        return self._ref_key(tgt), canonical(data)

    def _drop_edge(self, edge: Edge) -> None:
        key = self._edge_key(edge.src, edge.tgt)
        del self._edges[key]
        for ref in (edge.src, edge.tgt):
            self._edges_at[ref.node].pop(key, None)

    def _drop_initial(self, initial: Initial) -> None:
        key = self._initial_key(initial.tgt, initial.data)
        del self._initials[key]
        self.initials_size -= max(LEAST_INITIAL, len(key[1]))
        del self._initials_at[initial.tgt.node][key]


def _named(ref: PortRef, names: Mapping[str, str]) -> PortRef:
    name = names[ref.node]
    return ref if name == ref.node else PortRef(name, ref.port, ref.index)


def _attach(mine: dict[str, dict[_Key, None]], others: Mapping[str, dict[_Key, None]]) -> None:
    """Add what is attached to nodes; what is another graph's is not written to."""
    for node, keys in others.items():
        mine[node] = {**mine[node], **keys} if node in mine else keys
