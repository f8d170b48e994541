"""The graph that the user wants, and the commands that change it: pure data, no files, no network.

Commands follow the FBP network protocol: adding twice is adding once, metadata merges and null deletes a key, and
what does not exist is named in a GraphError. None takes a time that grows with the number of nodes or edges.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Final, TypeVar

from ..errors import GraphError
from ._exports import existing
from ._store import Store
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
    merged,
    short,
)

__all__ = ["ANY", "Edge", "Export", "Graph", "Group", "Initial", "Node", "PortRef", "Removed"]

_Part = TypeVar("_Part", Node, Edge, Initial, Group)


class _Any:
    """Stands for "whatever the data is", since None is data too."""


ANY: Final = _Any()


class Graph(Store):
    """Nodes, edges between their ports, initial packets, groups and exported ports.

    Port names keep their spelling; unless `case_sensitive`, names that differ only in case mean the same port.
    `properties` is free to use (name, description, icon, environment, …), `extra` holds top-level keys of a file
    that we do not know, `header` the comment lines at the head of an .fbp file.

        graph = Graph("demo")
        graph.add_node("button", "demo/Button")
        graph.add_node("lamp", "demo/Lamp")
        graph.add_edge(PortRef("button", "pressed"), PortRef("lamp", "on"))
    """

    def clear(self) -> None:
        """Remove all nodes, edges, initial packets, groups and exported ports; properties stay."""
        self._empty()

    # -- nodes --

    def add_node(self, id: str, component: str, metadata: Mapping[str, Any] | None = None) -> Node:
        """Add a node; if it is there with the same component, merge the metadata; GraphError if with another."""
        old = self.nodes.get(check_name(id, "a node's id"))
        if old is not None and old.component != check_name(component, f"component of node {short(id)!r}"):
            there, wanted = short(old.component), short(component)
            raise GraphError(f"node {short(id)!r} exists with the component {there!r}, so it cannot be {wanted!r}")
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
        """Give a node another id; edges, initial packets, exports and groups follow."""
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

    # -- exported ports --

    def add_inport(self, public: str, node: str, port: str, metadata: Mapping[str, Any] | None = None) -> Export:
        """Export an inport of a node; adding it again merges the metadata."""
        return self._inports.add(public, node, port, metadata)

    def remove_inport(self, public: str) -> Export:
        """Take an exported inport back and return it."""
        return self._inports.remove(public)

    def rename_inport(self, old: str, new: str) -> Export:
        """Give an exported inport another public name."""
        return self._inports.rename(old, new)

    def add_outport(self, public: str, node: str, port: str, metadata: Mapping[str, Any] | None = None) -> Export:
        """Export an outport of a node; adding it again merges the metadata."""
        return self._outports.add(public, node, port, metadata)

    def remove_outport(self, public: str) -> Export:
        """Take an exported outport back and return it."""
        return self._outports.remove(public)

    def rename_outport(self, old: str, new: str) -> Export:
        """Give an exported outport another public name."""
        return self._outports.rename(old, new)

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


def _changed(part: _Part, metadata: Mapping[str, Any] | None) -> _Part:
    if not metadata:
        return part
    return replace(part, metadata=merged(part.metadata, check_object(metadata, "metadata")))


def _moved(ref: PortRef, old: str, new: str) -> PortRef:
    return ref._replace(node=new) if ref.node == old else ref
