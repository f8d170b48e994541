"""What has changed between two graphs, for clients that hold a copy of the one and are to hold the other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from dataclasses import replace
from itertools import takewhile

from . import changes
from .changes import Change
from .elements import Edge, Export, Initial, Node, PortRef, canonical
from .model import Graph

__all__ = ["changes_of", "difference", "renamed"]

_Steps = tuple[list[Change], list[Change]]
"""What has to be said before nodes come and go, and what after."""


def changes_of(graph: Graph) -> list[Change]:
    """Return the changes that make `graph` out of an empty one."""
    return difference(Graph(case_sensitive=graph.case_sensitive), graph)


def difference(old: Graph, new: Graph) -> list[Change]:
    """Return the changes that make `new` out of `old`, in order.

    What the FBP network protocol cannot say is no change: properties, keys of files that we do not know, whether case
    counts, nulls in metadata, fractions of positions. A renamed node is another node, as is one with another component.
    """
    gone = {id for id, node in old.nodes.items() if id not in new.nodes or new.nodes[id].component != node.component}
    steps = (
        _edges(old, new, gone),
        _initials(old, new, gone),
        _ports("inport", old.inports, new.inports, gone),
        _ports("outport", old.outports, new.outports, gone),
        _groups(old, new, gone),
    )
    return [
        *(change for before, _ in steps for change in before),
        *(changes.removed_node(id) for id in old.nodes if id in gone),
        *_nodes(old, new, gone),
        *(change for _, after in steps for change in after),
    ]


def renamed(old: Graph, new: Graph) -> dict[str, str]:
    """Return the nodes that have another name in `new` and are in all else as they were: a guess, where nobody has said so."""
    gone = [id for id in old.nodes if id not in new.nodes]
    come = {_looks(new, id): id for id in new.nodes if gone and id not in old.nodes}
    found = {id: come.pop(_looks(old, id), None) for id in gone}
    return {id: name for id, name in found.items() if name is not None}


def _looks(graph: Graph, id: str) -> str:
    """Return all that is said of a node but its name, as a text."""

    def ref(ref: PortRef) -> PortRef:
        return ref._replace(node="") if ref.node == id else ref

    node = graph.nodes[id]
    edges = sorted(canonical([ref(edge.src), ref(edge.tgt), edge.metadata]) for edge in graph.edges_at(id))
    initials = [[initial.data, initial.tgt[1:], initial.metadata] for initial in graph.initials_at(id)]
    return canonical([node.component, node.metadata, node.extra, edges, initials])


def _nodes(old: Graph, new: Graph, gone: Set[str]) -> list[Change]:
    found = []
    for id, node in new.nodes.items():
        if id not in old.nodes or id in gone:
            found.append(changes.added_node(node))
        elif _may_differ(old.nodes[id], node):
            change = changes.changed_node(node)
            if _said(change) != _said(changes.changed_node(old.nodes[id])):
                found.append(change)
    return found


def _edges(old: Graph, new: Graph, gone: Set[str]) -> _Steps:
    wanted = {_ends(edge) for edge in new.edges}
    kept = {_ends(edge): edge for edge in old.edges if _ends(edge) in wanted and not _touches(edge, gone)}
    after = []
    for edge in new.edges:
        before = kept.get(_ends(edge))
        if before is None:
            after.append(changes.added_edge(edge))
        elif _may_differ(before, edge):
            change = changes.changed_edge(edge)
            if _said(change) != _said(changes.changed_edge(before)):
                after.append(change)
    return [changes.removed_edge(edge) for edge in old.edges if _ends(edge) not in kept], after


def _initials(old: Graph, new: Graph, gone: Set[str]) -> _Steps:
    """Compare port by port, because the packets to one port come in an order and new ones are the last."""
    there = _by_port(old.initials, new)
    wanted = _by_port(new.initials, new)
    before, after = [], []
    for port in there | wanted:
        has, wants = there.get(port, {}), wanted.get(port, {})
        staying = [said for said in has if said in wants] if port.node not in gone else []
        kept = {said for said, _ in takewhile(lambda pair: pair[0] == pair[1], zip(wants, staying, strict=False))}
        before += [changes.removed_initial(initial) for said, initial in has.items() if said not in kept]
        after += [changes.added_initial(initial) for said, initial in wants.items() if said not in kept]
    return before, after


def _ports(side: str, old: Mapping[str, Export], new: Mapping[str, Export], gone: Set[str]) -> _Steps:
    """There is no command that changes an exported port: it goes and comes again."""
    said = {public: _said(changes.added_port(side, export)) for public, export in new.items()}
    kept = {
        public
        for public, export in old.items()
        if export.node not in gone and said.get(public) == _said(changes.added_port(side, export))
    }
    return (
        [changes.removed_port(side, public) for public in old if public not in kept],
        [changes.added_port(side, export) for public, export in new.items() if public not in kept],
    )


def _groups(old: Graph, new: Graph, gone: Set[str]) -> _Steps:
    before, after, kept = [], [], {}
    for name, group in old.groups.items():
        if name not in new.groups:
            before.append(changes.removed_group(name))
            continue
        kept[name] = replace(group, nodes=tuple(node for node in group.nodes if node not in gone))
        if kept[name].nodes != group.nodes:
            before.append(changes.added_group(kept[name]))
    for name, group in new.groups.items():
        known, change = kept.get(name), changes.changed_group(group)
        if known is None or known.nodes != group.nodes:
            after.append(changes.added_group(group))
        if known is not None and _said(change) != _said(changes.changed_group(known)):
            after.append(change)
    return before, after


def _may_differ(old: Node | Edge, new: Node | Edge) -> bool:
    """Whether more than a glance is needed; most of a large graph stays as it was. Unlike ==, this tells 1 from 1.0 and true."""
    return repr(old.metadata) != repr(new.metadata)


def _ends(edge: Edge) -> tuple[PortRef, PortRef]:
    return edge.src, edge.tgt


def _touches(edge: Edge, nodes: Set[str]) -> bool:
    return edge.src.node in nodes or edge.tgt.node in nodes


def _by_port(initials: Iterable[Initial], graph: Graph) -> dict[PortRef, dict[str, Initial]]:
    """Return the packets of each port, in order, by everything that is said of them."""
    found: dict[PortRef, dict[str, Initial]] = {}
    for initial in initials:
        port = initial.tgt._replace(port=graph.fold(initial.tgt.port))
        found.setdefault(port, {})[_said(changes.added_initial(initial))] = initial
    return found


def _said(change: Change) -> str:
    return canonical(change.payload)
