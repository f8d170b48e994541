"""The desired graph, and the commands that change it: pure data, no files, no network.

Commands have the semantics of the FBP network protocol: adding twice is adding once, metadata merges and null deletes a
key, and a GraphError names a part that does not exist. No look-up or command takes a time that grows with the graph.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from itertools import islice
from typing import Any, Final, TypeVar

from ..errors import GraphError
from .elements import (
    Edge,
    Export,
    Group,
    Initial,
    Node,
    PortRef,
    Removed,
    canonical,
    check_json,
    check_name,
    check_object,
    check_ref,
    merged,
    ref_order,
    short,
)

__all__ = [
    "ANY",
    "LEAST_INITIAL",
    "Edge",
    "Export",
    "Exports",
    "Graph",
    "Group",
    "Initial",
    "Node",
    "PortRef",
    "Removed",
    "existing",
]

_Part = TypeVar("_Part", Node, Edge, Initial, Group)

LEAST_INITIAL = 256
"""Characters that an initial packet counts for at least: a small one takes memory as well."""

_EdgeKey = tuple[PortRef, PortRef]
_InitialKey = tuple[PortRef, str]

_BARE: dict[str, Any] = {}  # one for all: so many of them would keep the collector of garbage busy


class _Any:
    """Stands for "whatever the data is", since None is data too."""


ANY: Final = _Any()


class Graph:
    """Nodes, edges between their ports, initial packets, groups and exported ports.

    Port names keep their spelling; unless `case_sensitive`, names that differ only in case mean the same port.
    `properties` is free to use (name, description, icon, environment, …), `extra` holds top-level keys of a file
    that we do not know, `header` the comment lines at the head of an .fbp file.

        graph = Graph("demo")
        graph.add_node("button", "demo/Button")
        graph.add_node("lamp", "demo/Lamp")
        graph.add_edge(PortRef("button", "pressed"), PortRef("lamp", "on"))
    """

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
        if not isinstance(other, Graph):
            return NotImplemented
        # As texts, because Python takes 1, 1.0 and True for equal.
        return canonical(self._content()) == canonical(other._content())

    def has_equal_parts(self, other: Graph) -> bool:
        """Return whether nodes, edges and initial packets are equal; at once where they are shared, as by copies.

        Python takes 1, 1.0 and True in metadata and data for equal.
        """
        return (self.nodes, self._edges, self._initials) == (other.nodes, other._edges, other._initials)

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
        text = canonical(data)
        return [each for each in self.initials_at(node) if each.tgt.port == port and canonical(each.data) == text]

    def fold(self, port: str) -> str:
        """Return `port` so that names of the same port are equal."""
        return port if self.case_sensitive else port.lower()

    def take(self, other: Graph, *, initials: bool) -> None:
        """Replace nodes and edges by those of another graph, and initial packets likewise if `initials`.

        Parts never change, so they are shared.
        """
        self.nodes, self._edges = dict(other.nodes), dict(other._edges)
        self._edges_at = {node: dict(keys) for node, keys in other._edges_at.items()}
        self._initials = dict(other._initials) if initials else {}
        self._initials_at = {node: dict(keys) for node, keys in other._initials_at.items()} if initials else {}
        self.initials_size = other.initials_size if initials else 0

    def add_as(self, other: Graph, names: Mapping[str, str], *, initials: bool) -> list[tuple[Edge, Edge]]:
        """Add the parts of another graph, with other `names` of its nodes, and its packets if `initials`.

        Parts that are there stay; new nodes and edges have no metadata. Nothing is checked again. Returns each edge of
        the other graph behind the one that it is here.
        """
        both = []
        for node in other.nodes.values():
            self.nodes.setdefault(names[node.id], Node(names[node.id], node.component))
        for edge in other._edges.values():
            src, tgt = _named(edge.src, names), _named(edge.tgt, names)
            key = self._folded(src), self._folded(tgt)
            both.append((self._edges.setdefault(key, Edge(src, tgt, _BARE)), edge))
            for ref in (src, tgt):
                self._edges_at.setdefault(ref.node, {})[key] = None
        for (_, text), initial in other._initials.items() if initials else ():
            tgt = _named(initial.tgt, names)
            packet = self._folded(tgt), text
            self._initials[packet] = Initial(initial.data, tgt, initial.metadata)
            self._initials_at.setdefault(tgt.node, {})[packet] = None
        return both

    def copy(self) -> Graph:
        """Return a graph of its own with the same content."""
        other = Graph(properties=self.properties, case_sensitive=self.case_sensitive)
        other.take(self, initials=True)
        other.extra, other.header, other.groups = dict(self.extra), self.header, dict(self.groups)
        for side in ("inport", "outport"):
            for export in self.exports(side).by_public().values():
                other.exports(side).put(export)
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

    def clear(self) -> None:
        """Remove all nodes, edges, initial packets, groups and exported ports; properties stay."""
        self._empty()

    # -- nodes --

    def add_node(self, id: str, component: str, metadata: Mapping[str, Any] | None = None) -> Node:
        """Add a node; if it is there with the same component, merge the metadata; GraphError if with another."""
        old = self.nodes.get(check_name(id, "a node's id"))
        if old is not None and old.component != check_name(component, f"component of node {short(id)!r}"):
            there, other = short(old.component), short(component)
            raise GraphError(f"node {short(id)!r} exists with the component {there!r}, so it cannot be {other!r}")
        return self.put_node(_changed(old or Node(id, component), metadata))

    def change_node(self, id: str, metadata: Mapping[str, Any]) -> Node:
        """Merge `metadata` into the node's; a null value deletes its key."""
        return self.put_node(_changed(self.node(id), metadata))

    def remove_node(self, id: str) -> Removed:
        """Remove a node with all that is attached to it, and return that."""
        node = self.node(id)
        edges, initials = self.edges_at(id), self.initials_at(id)
        for edge in edges:
            self._drop_edge(edge)
        for initial in initials:
            self._drop_initial(initial)
        inports, outports = self._inports.drop_node(id), self._outports.drop_node(id)
        for group in list(self.groups.values()):
            if id in group.nodes:
                self.groups[group.name] = replace(group, nodes=tuple(n for n in group.nodes if n != id))
        self._edges_at.pop(id, None)
        self._initials_at.pop(id, None)
        del self.nodes[id]
        return Removed(node, edges, initials, inports, outports)

    def rename_node(self, old: str, new: str) -> Node:
        """Give a node another id, also in its edges, initial packets, exports and groups."""
        node = self.node(old)
        if new == old:
            return node
        if check_name(new, "a node's id") in self.nodes:
            raise GraphError(f"cannot rename node {short(old)!r}: a node {short(new)!r} exists already")
        renamed = self.put_node(replace(node, id=new))
        for edge in self.edges_at(old):
            self._drop_edge(edge)
            self.put_edge(replace(edge, src=_moved(edge.src, old, new), tgt=_moved(edge.tgt, old, new)))
        for initial in self.initials_at(old):
            self._drop_initial(initial)
            self.put_initial(replace(initial, tgt=_moved(initial.tgt, old, new)))
        self._inports.rename_node(old, new)
        self._outports.rename_node(old, new)
        for group in list(self.groups.values()):
            if old in group.nodes:
                self.groups[group.name] = replace(group, nodes=tuple(new if n == old else n for n in group.nodes))
        self._edges_at.pop(old, None)
        self._initials_at.pop(old, None)
        del self.nodes[old]
        return renamed

    # -- edges --

    def add_edge(self, src: PortRef, tgt: PortRef, metadata: Mapping[str, Any] | None = None) -> Edge:
        """Add an edge; if it is there, merge the metadata; GraphError if one of its nodes does not exist."""
        return self.put_edge(_changed(self._edges.get(self._edge_key(src, tgt)) or Edge(src, tgt), metadata))

    def change_edge(self, src: PortRef, tgt: PortRef, metadata: Mapping[str, Any]) -> Edge:
        """Merge `metadata` into the edge's; a null value deletes its key."""
        return self.put_edge(_changed(self.edge(src, tgt), metadata))

    def remove_edge(self, src: PortRef, tgt: PortRef) -> Edge:
        """Remove an edge and return it."""
        edge = self.edge(src, tgt)
        self._drop_edge(edge)
        return edge

    # -- initial packets --

    def add_initial(self, data: Any, tgt: PortRef, metadata: Mapping[str, Any] | None = None) -> Initial:
        """Add an initial packet; the same data to the same port is one packet, other data comes after it."""
        check_json(data, "initial packet")
        old = self._initials.get(self._initial_key(tgt, data))
        return self.put_initial(_changed(old or Initial(data, tgt), metadata))

    def remove_initial(self, tgt: PortRef, data: Any = ANY) -> list[Initial]:
        """Remove the initial packets of a port, or only the one with this `data`; return them."""
        key = self._ref_key(tgt)
        there = [initial for initial in self.initials_at(tgt.node) if self._ref_key(initial.tgt) == key]
        gone = there if data is ANY else [i for i in there if canonical(i.data) == canonical(data)]
        if not gone:
            near = dict.fromkeys(map(str, self.initials_at(tgt.node)))
            raise GraphError(
                f"no such initial packet at {short(str(tgt))}; {existing('initial packets of this node', near)}"
            )
        for initial in gone:
            self._drop_initial(initial)
        return gone

    # -- groups --

    def add_group(self, name: str, nodes: Iterable[str], metadata: Mapping[str, Any] | None = None) -> Group:
        """Add a group; if it is there, it gets these nodes and the metadata is merged."""
        old = self.groups.get(check_name(name, "a group's name"))
        return self.put_group(replace(_changed(old or Group(name, ()), metadata), nodes=tuple(nodes)))

    def change_group(self, name: str, metadata: Mapping[str, Any]) -> Group:
        """Merge `metadata` into the group's; a null value deletes its key."""
        return self.put_group(_changed(self.group(name), metadata))

    def rename_group(self, old: str, new: str) -> Group:
        """Give a group another name."""
        group = self.group(old)
        if new == old:
            return group
        if check_name(new, "a group's name") in self.groups:
            raise GraphError(f"cannot rename group {short(old)!r}: a group {short(new)!r} exists already")
        renamed = self.put_group(replace(group, name=new))
        del self.groups[old]
        return renamed

    def remove_group(self, name: str) -> Group:
        """Remove a group, not its nodes, and return it."""
        group = self.group(name)
        del self.groups[name]
        return group

    # -- keys of the tables --

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


class Exports:
    """The exported ports of one direction, found by public name."""

    def __init__(self, what: str, graph: Graph) -> None:
        self._what = what
        self._graph = graph
        self._exports: dict[str, Export] = {}

    def __len__(self) -> int:
        return len(self._exports)

    def by_public(self) -> dict[str, Export]:
        """Return all of them by public name."""
        return {export.public: export for export in self._exports.values()}

    def get(self, public: str) -> Export | None:
        """Return the export called `public`, or None."""
        return self._exports.get(self._graph.fold(check_name(public, f"an exported {self._what}'s public name")))

    def put(self, export: Export) -> Export:
        """Store an export as it is; GraphError if its node does not exist."""
        self.get(export.public)  # refuses names that are none
        check_name(export.port, f"port of exported {self._what} {short(export.public)!r}")
        self._graph.node(export.node)
        self._exports[self._graph.fold(export.public)] = export
        return export

    def add(self, public: str, node: str, port: str, metadata: Mapping[str, Any] | None = None) -> Export:
        """Add an export; if it is there with the same port, merge the metadata; GraphError if with another port."""
        old = self.get(public)
        check_name(port, f"port of exported {self._what} {short(public)!r}")
        if old is not None and (old.node, self._graph.fold(old.port)) != (node, self._graph.fold(port)):
            there, other = short(f"{old.node}.{old.port}"), short(f"{node}.{port}")
            raise GraphError(f"exported {self._what} {short(public)!r} exists for {there}, so it cannot be {other}")
        export = old or Export(public, node, port)
        return self.put(replace(export, metadata=merged(export.metadata, check_object(metadata or {}, "metadata"))))

    def remove(self, public: str) -> Export:
        """Remove and return an export; GraphError if there is none."""
        found = self.get(public)
        if found is None:
            raise GraphError(
                f"no exported {self._what} {short(public)!r}; {existing('exported ports', self.by_public())}"
            )
        del self._exports[self._graph.fold(public)]
        return found

    def rename(self, old: str, new: str) -> Export:
        """Give an export another public name; GraphError if that is taken."""
        export, taken = self.get(old), self.get(new)
        if export is not None and taken is not None and taken is not export:
            names = f"{short(old)!r}: {short(taken.public)!r}"
            raise GraphError(f"cannot rename exported {self._what} {names} exists already")
        return self.put(replace(self.remove(old), public=new))

    def drop_node(self, node: str) -> list[Export]:
        """Remove and return the exports of a node."""
        gone = [export for export in self._exports.values() if export.node == node]
        for export in gone:
            self.remove(export.public)
        return gone

    def rename_node(self, old: str, new: str) -> None:
        """Let the exports of node `old` be those of node `new`."""
        for key, export in self._exports.items():
            if export.node == old:
                self._exports[key] = replace(export, node=new)


def existing(what: str, names: Collection[str], limit: int = 12) -> str:
    """Return a sentence part that names the first of what exists."""
    if not names:
        return f"{what}: none"
    more = f" and {len(names) - limit} more" if len(names) > limit else ""
    return f"{what}: {', '.join(map(short, islice(names, limit)))}{more}"


def _changed(part: _Part, metadata: Mapping[str, Any] | None) -> _Part:
    if not metadata:
        return part
    return replace(part, metadata=merged(part.metadata, check_object(metadata, "metadata")))


def _moved(ref: PortRef, old: str, new: str) -> PortRef:
    return ref._replace(node=new) if ref.node == old else ref


def _named(ref: PortRef, names: Mapping[str, str]) -> PortRef:
    name = names[ref.node]
    return ref if name == ref.node else PortRef(name, ref.port, ref.index)
