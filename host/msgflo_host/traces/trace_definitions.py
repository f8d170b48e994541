"""Derives the components of a trace: each has the ports that the graphs use."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..errors import GraphError, TraceError
from ..graph import json_format
from ..graph.json_format import ShapeError, described
from ..graph.model import Graph
from .flowtrace import Trace

__all__ = ["definitions", "graphs"]


def graphs(trace: Trace) -> dict[str, Graph]:
    """Return the graphs of a trace; TraceError if one is none, or if there is none."""
    if trace.main not in trace.graphs:
        known = ", ".join(trace.graphs) or "none"
        message = f"header.graphs: has no graph {trace.main!r}, which is the main one; there are: {known}"
        raise TraceError(message, file=trace.file)
    return {id: _graph(id, content, trace.file) for id, content in trace.graphs.items()}


def definitions(graphs: Mapping[str, Graph]) -> list[dict[str, Any]]:
    """Return the payload of component:component for each component in these graphs."""
    ports: dict[str, tuple[dict[str, None], dict[str, None]]] = {}
    for graph in graphs.values():
        for node in graph.nodes.values():
            ports.setdefault(node.component, ({}, {}))
        for edge in graph.edges:
            ports[graph.nodes[edge.src.node].component][1][edge.src.port] = None
            ports[graph.nodes[edge.tgt.node].component][0][edge.tgt.port] = None
        for initial in graph.initials:
            ports[graph.nodes[initial.tgt.node].component][0][initial.tgt.port] = None
        for side, exports in enumerate((graph.inports, graph.outports)):
            for export in exports.values():
                ports[graph.nodes[export.node].component][side][export.port] = None
    return [
        {"name": name, "subgraph": name in graphs, "inPorts": _any(inports), "outPorts": _any(outports)}
        for name, (inports, outports) in sorted(ports.items())
    ]


def _any(ports: Mapping[str, None]) -> list[dict[str, str]]:
    return [{"id": port, "type": "any"} for port in sorted(ports)]


def _graph(id: str, content: Mapping[str, Any], file: str | None) -> Graph:
    graph = Graph(case_sensitive=content.get("caseSensitive") is True)
    try:
        json_format.merge(graph, content)
    except GraphError as wrong:
        inside = wrong.path if isinstance(wrong, ShapeError) else ()
        raise TraceError(described(ShapeError(("header", "graphs", id, *inside), wrong.message)), file=file) from None
    return graph
