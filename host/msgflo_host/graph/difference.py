"""The changes between two graphs, for clients that hold a copy of the one and are to hold the other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Set
from dataclasses import replace
from itertools import takewhile

from . import changes
from .changes import Change
from .elements import Edge, Export, Group, Initial, Node, PortRef, canonical
from .model import Graph

__all__ = ["changes_of", "difference", "renamed"]

_Steps = tuple[list[Change], list[Change]]
"""The changes before nodes come and go, and those after."""


def changes_of(graph: Graph) -> list[Change]:
    """Return the changes that make `graph` out of an empty one."""
    return difference(Graph(case_sensitive=graph.case_sensitive), graph)


def difference(old: Graph, new: Graph) -> list[Change]:
    """Return the changes that make `new` out of `old`, in order.

    The FBP network protocol cannot express some differences, which are none here: properties, unknown keys of files,
    case sensitivity, nulls in metadata, fractions of positions. A renamed node is another node, as is one with another
    component.
    """
    gone = {id for id, node in old.nodes.items() if id not in new.nodes or new.nodes[id].component != node.component}
    steps = (
        _edges(old, new, gone),
        _initials(old, new, gone),
        _ports("inport", old.inports, new.inports, gone),
        _ports("outport", old.outports, new.outports, gone),
        _groups(old, new, gone),
    )
    fresh = [node for id, node in new.nodes.items() if id not in old.nodes or id in gone]
    staying = [(old.nodes[id], node) for id, node in new.nodes.items() if id in old.nodes and id not in gone]
    nodes = {node.id: changes.added(node) for node in fresh}
    nodes |= {node.id: changes.changed(node) for before, node in staying if _differ(before, node)}
    return [
        *(change for before, _ in steps for change in before),
        *(changes.removed(old.nodes[id]) for id in old.nodes if id in gone),
        *(nodes[id] for id in new.nodes if id in nodes),
        *(change for _, after in steps for change in after),
    ]


def renamed(old: Graph, new: Graph) -> dict[str, str]:
    """Return the new names of nodes that are in all else as they were: a guess, for files that were edited by hand."""
    gone = [id for id in old.nodes if id not in new.nodes]
    come = {_nameless(new, id): id for id in new.nodes if gone and id not in old.nodes}
    found = {id: come.pop(_nameless(old, id), None) for id in gone}
    return {id: name for id, name in found.items() if name is not None}


def _nameless(graph: Graph, id: str) -> str:
    """Return all about a node but its name, as a text."""

    def ref(ref: PortRef) -> PortRef:
        return ref._replace(node="") if ref.node == id else ref

    node = graph.nodes[id]
    edges = sorted(canonical([ref(edge.src), ref(edge.tgt), edge.metadata]) for edge in graph.edges_at(id))
    initials = [[initial.data, initial.tgt[1:], initial.metadata] for initial in graph.initials_at(id)]
    return canonical([node.component, node.metadata, node.extra, edges, initials])


def _edges(old: Graph, new: Graph, gone: Set[str]) -> _Steps:
    there = {(edge.src, edge.tgt) for edge in new.edges}
    staying = {
        (edge.src, edge.tgt): edge
        for edge in old.edges
        if (edge.src, edge.tgt) in there and gone.isdisjoint((edge.src.node, edge.tgt.node))
    }
    after = []
    for edge in new.edges:
        before = staying.get((edge.src, edge.tgt))
        if before is None or _differ(before, edge):
            after.append(changes.added(edge) if before is None else changes.changed(edge))
    return [changes.removed(edge) for edge in old.edges if (edge.src, edge.tgt) not in staying], after


def _initials(old: Graph, new: Graph, gone: Set[str]) -> _Steps:
    """Compare port by port, because the packets to one port come in an order and new ones are the last."""
    olds, news = _by_port(old.initials, new.fold), _by_port(new.initials, new.fold)
    before, after = [], []
    for port in olds | news:
        has, gets = olds.get(port, {}), news.get(port, {})
        staying = [text for text in has if text in gets] if port.node not in gone else []
        same = {text for text, _ in takewhile(lambda pair: pair[0] == pair[1], zip(gets, staying, strict=False))}
        before += [changes.removed(initial) for text, initial in has.items() if text not in same]
        after += [changes.added(initial) for text, initial in gets.items() if text not in same]
    return before, after


def _ports(side: str, old: Mapping[str, Export], new: Mapping[str, Export], gone: Set[str]) -> _Steps:
    """There is no command that changes an exported port: it goes and comes again."""
    texts = {public: _text(changes.added(export, side)) for public, export in new.items()}
    same = {
        public
        for public, export in old.items()
        if export.node not in gone and texts.get(public) == _text(changes.added(export, side))
    }
    return (
        [changes.removed(export, side) for public, export in old.items() if public not in same],
        [changes.added(export, side) for public, export in new.items() if public not in same],
    )


def _groups(old: Graph, new: Graph, gone: Set[str]) -> _Steps:
    before, after, staying = [], [], {}
    for name, group in old.groups.items():
        if name not in new.groups:
            before.append(changes.removed(group))
            continue
        staying[name] = replace(group, nodes=tuple(node for node in group.nodes if node not in gone))
        if staying[name].nodes != group.nodes:
            before.append(changes.added(staying[name]))
    for name, group in new.groups.items():
        known = staying.get(name)
        if known is None or known.nodes != group.nodes:
            after.append(changes.added(group))
        if known is not None and _differ(known, group):
            after.append(changes.changed(group))
    return before, after


def _differ(old: Node | Edge | Group, new: Node | Edge | Group) -> bool:
    """Compare metadata as the protocol expresses it; most of a large graph is alike at a glance."""
    if repr(old.metadata) == repr(new.metadata):
        return False
    return _text(changes.changed(old)) != _text(changes.changed(new))


def _by_port(initials: Iterable[Initial], fold: Callable[[str], str]) -> dict[PortRef, dict[str, Initial]]:
    """Return the packets of each port, in order, by the text of their change."""
    found: dict[PortRef, dict[str, Initial]] = {}
    for initial in initials:
        port = initial.tgt._replace(port=fold(initial.tgt.port))
        found.setdefault(port, {})[_text(changes.added(initial))] = initial
    return found


def _text(change: Change) -> str:
    return canonical(change.payload)
