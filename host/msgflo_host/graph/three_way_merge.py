"""Merges the changes of somebody's copy of a graph into the graph that others have changed meanwhile. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import astuple, replace
from typing import Any, TypeVar

from .elements import Edge, Export, Group, Initial, Node, PortRef, canonical
from .model import Graph

__all__ = ["merge"]

_Key = TypeVar("_Key")
_Part = TypeVar("_Part")
_Attached = TypeVar("_Attached", Node, Edge, Export, Group)


def merge(ours: Graph, base: Graph, theirs: Graph) -> Graph:
    """Return `ours` with the changes from `base` to `theirs`; none of the three is changed.

    A change of one side stays; where both have changed the same thing, `theirs` wins. One thing is: a node's component,
    one key of metadata or of properties, the initial packets of one port, the nodes of a group. A node that ours has
    removed stays if theirs has attached something to it; parts that ours has attached to a node that theirs has removed
    go with it.
    """
    changed_case = base.case_sensitive != theirs.case_sensitive
    merged = Graph(case_sensitive=theirs.case_sensitive if changed_case else ours.case_sensitive)
    merged.properties = _keys(ours.properties, base.properties, theirs.properties)
    merged.extra = _keys(ours.extra, base.extra, theirs.extra)
    merged.header = ours.header if base.header == theirs.header else theirs.header
    for node in _merged([ours.nodes, base.nodes, theirs.nodes], _node):
        merged.put_node(node)
    graphs = (ours, base, theirs)
    edges = list(_merged([_edges(graph, merged.fold) for graph in graphs], _newer))
    packets = [
        initial
        for port in _merged([_packets(graph, merged.fold) for graph in graphs], lambda mine, before, new: new)
        for initial in port
    ]
    inports = list(_merged([_exports(graph.inports, merged.fold) for graph in graphs], _export))
    outports = list(_merged([_exports(graph.outports, merged.fold) for graph in graphs], _export))
    groups = list(_merged([ours.groups, base.groups, theirs.groups], _group))
    named = {ref.node for edge in edges for ref in (edge.src, edge.tgt)} | {each.tgt.node for each in packets}
    named |= {export.node for export in (*inports, *outports)}
    for id in theirs.nodes.keys() & named - merged.nodes.keys():
        merged.put_node(theirs.nodes[id])
    there = merged.nodes
    for edge in edges:
        if edge.src.node in there and edge.tgt.node in there:
            merged.put_edge(edge)
    for initial in packets:
        if initial.tgt.node in there:
            merged.put_initial(initial)
    for put, exports in ((merged.exports("inport").put, inports), (merged.exports("outport").put, outports)):
        for export in exports:
            if export.node in there:
                put(export)
    for group in groups:
        merged.put_group(replace(group, nodes=tuple(node for node in group.nodes if node in there)))
    return merged


def _merged(three: list[Mapping[_Key, _Part]], both: Callable[[_Part, _Part | None, _Part], _Part]) -> Iterator[_Part]:
    """Yield the merged parts; `both` merges one that both sides have changed."""
    ours, base, theirs = three
    for key in {**ours, **theirs}:
        mine, before, new = ours.get(key), base.get(key), theirs.get(key)
        if mine is not None and new is not None and not _same(mine, before) and not _same(new, before):
            yield both(mine, before, new)
        elif (found := mine if _same(new, before) else new) is not None:
            yield found


def _same(one: object, other: object) -> bool:
    """Compare two parts; unlike ==, this distinguishes 1, 1.0 and true."""
    if one is other or repr(one) == repr(other):
        return True
    # Keys may come in another order.
    return one is not None and one == other and canonical(_plain(one)) == canonical(_plain(other))


def _plain(part: Any) -> Any:
    return [_plain(each) for each in part] if isinstance(part, list) else astuple(part)


def _keys(ours: Mapping[str, Any], base: Mapping[str, Any], theirs: Mapping[str, Any]) -> dict[str, Any]:
    """Merge key by key; a value that is null is there all the same."""
    found = {}
    for key in {**ours, **theirs}:
        texts = [canonical([each[key]]) if key in each else None for each in (ours, base, theirs)]
        side = ours if texts[2] == texts[1] else theirs
        if key in side:
            found[key] = side[key]
    return found


def _newer(mine: _Attached, before: _Attached | None, new: _Attached) -> _Attached:
    known = before.metadata if before is not None else {}
    return replace(new, metadata=_keys(mine.metadata, known, new.metadata))


def _node(mine: Node, before: Node | None, new: Node) -> Node:
    is_same = before is not None and before.component == new.component
    extra = _keys(mine.extra, before.extra if before is not None else {}, new.extra)
    return replace(_newer(mine, before, new), component=mine.component if is_same else new.component, extra=extra)


def _export(mine: Export, before: Export | None, new: Export) -> Export:
    if before is not None and (before.node, before.port) == (new.node, new.port):
        new = replace(new, node=mine.node, port=mine.port)
    return _newer(mine, before, new)


def _group(mine: Group, before: Group | None, new: Group) -> Group:
    is_same = before is not None and before.nodes == new.nodes
    return replace(_newer(mine, before, new), nodes=mine.nodes if is_same else new.nodes)


def _edges(graph: Graph, fold: Callable[[str], str]) -> dict[tuple[PortRef, PortRef], Edge]:
    return {(_folded(edge.src, fold), _folded(edge.tgt, fold)): edge for edge in graph.edges}


def _packets(graph: Graph, fold: Callable[[str], str]) -> dict[PortRef, list[Initial]]:
    """The packets of each port, in order: they are one thing, because a later one counts more than an earlier."""
    found: dict[PortRef, list[Initial]] = {}
    for initial in graph.initials:
        found.setdefault(_folded(initial.tgt, fold), []).append(initial)
    return found


def _exports(exports: Mapping[str, Export], fold: Callable[[str], str]) -> dict[str, Export]:
    return {fold(public): export for public, export in exports.items()}


def _folded(ref: PortRef, fold: Callable[[str], str]) -> PortRef:
    return ref._replace(port=fold(ref.port))
