"""Stand-ins for components that only graphs name: noflo-ui draws no graph of which it does not know one. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from ..control.component_catalogue import Definition
from ..graph.elements import PortRef
from ..graph.model import Graph

__all__ = ["STAND_IN", "stand_ins"]

STAND_IN = "Nobody has announced this component: its ports are those that the graph uses."
"""The description of each, by which the page recognises them and leaves them out."""

_Ports = dict[str, Definition]
"""By their names, folded as the graph compares them."""


def stand_ins(graphs: Iterable[Graph], known: Collection[str]) -> dict[str, Definition]:
    """Define the components of nodes that are not `known`: with the ports of edges, initial packets and exports."""
    found: dict[str, tuple[_Ports, _Ports]] = {}
    for graph in graphs:
        unknown = {node.id: node.component for node in graph.nodes.values() if node.component not in known}
        for component in unknown.values():
            found.setdefault(component, ({}, {}))
        for ref, side in _named(graph, unknown) if unknown else ():
            port: Definition = {"id": ref.port, "type": "any", "required": False, "addressable": False}
            port = found[unknown[ref.node]][side].setdefault(graph.fold(ref.port), port)
            port["addressable"] = port["addressable"] or ref.index is not None
    return {
        name: {
            "name": name,
            "subgraph": False,
            "description": STAND_IN,
            "inPorts": [inports[port] for port in sorted(inports)],
            "outPorts": [outports[port] for port in sorted(outports)],
        }
        for name, (inports, outports) in sorted(found.items())
    }


def _named(graph: Graph, nodes: Collection[str]) -> Iterator[tuple[PortRef, int]]:
    """Yield each port of these nodes that a graph names, and its side: 0 for an inport, 1 for an outport."""
    for node in nodes:
        for edge in graph.edges_at(node):
            if edge.src.node == node:
                yield edge.src, 1
            if edge.tgt.node == node:
                yield edge.tgt, 0
        for initial in graph.initials_at(node):
            yield initial.tgt, 0
    for side, exports in enumerate((graph.inports, graph.outports)):
        for export in exports.values():
            if export.node in nodes:
                yield PortRef(export.node, export.port), side
