"""Readers of the payload of a request, which may hold anything."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..errors import GraphError, RequestError
from ..graph.elements import PortRef
from ..model.graphs import Graphs, Network
from ..util.quoting import shown
from ..util.text_checks import FORBIDDEN, is_uri

__all__ = ["MOST_SELECTED", "end", "graph_id", "network_of", "selected", "selection", "text", "uri"]

MAX_ID = 200  # characters
MOST_SELECTED = 10_000
"""Edges that a client can select in a graph."""


def text(payload: Mapping[str, Any], key: str, *, default: str | None = None) -> str:
    """Return a text of the payload; raises RequestError where it is none, and where it is missing without a default."""
    value = payload.get(key, default)
    if not isinstance(value, str):
        raise RequestError(f'"{key}" is {shown(value) if key in payload else "missing"}; a text is needed')
    return value


def uri(payload: Mapping[str, Any], key: str) -> str:
    """Return a URI of the payload; raises RequestError where it is none."""
    value = text(payload, key)
    if not is_uri(value):
        raise RequestError(f'"{key}" is {shown(value)}; a URI is needed')
    return value


def graph_id(payload: Mapping[str, Any], key: str) -> str:
    """Return the id for a graph, which topics may hold; raises RequestError where it cannot be one."""
    id = text(payload, key)
    if not 0 < len(id) <= MAX_ID or FORBIDDEN.search(id):
        raise RequestError(f'"{key}" is {shown(id)}; 1 to {MAX_ID} characters are needed, each allowed in MQTT topics')
    return id


def network_of(graphs: Graphs, payload: Mapping[str, Any]) -> Network:
    """Return the graph that a request is about; raises GraphError with the texts that editors know."""
    id = payload.get("graph")
    if id is None or id == "":
        raise GraphError("No graph specified")
    if not isinstance(id, str):
        raise RequestError(f'"graph" is {shown(id)}; the id of a graph is needed')
    return graphs.network(id)


def end(value: Any, where: str) -> PortRef:
    """Return one end of an edge; raises RequestError."""
    if not isinstance(value, Mapping):
        raise RequestError(f'{where} is {shown(value)}; an object with "node" and "port" is needed')
    index = value.get("index")
    if isinstance(index, bool) or not (index is None or isinstance(index, int | str)):
        raise RequestError(f'"index" of {where} is {shown(index)}; a whole number or a text is needed')
    return PortRef(text(value, "node"), text(value, "port"), index)


def selected(payload: Mapping[str, Any]) -> list[tuple[PortRef, PortRef]]:
    """Return the edges that a client selects, as their ends; raises RequestError."""
    edges = payload.get("edges")
    if not isinstance(edges, list) or len(edges) > MOST_SELECTED:
        raise RequestError(f'"edges" is {shown(edges)}; a list of at most {MOST_SELECTED} edges is needed')
    chosen = []
    for i, edge in enumerate(edges):
        if not isinstance(edge, dict):
            raise RequestError(f'edges[{i}] is {shown(edge)}; an object with "src" and "tgt" is needed')
        chosen.append((end(edge.get("src"), f'"src" of edges[{i}]'), end(edge.get("tgt"), f'"tgt" of edges[{i}]')))
    return chosen


def selection(edges: Iterable[tuple[PortRef, PortRef]]) -> list[dict[str, Any]]:
    """Return edges as `network:edges` names them."""
    return [{"src": src.as_end(), "tgt": tgt.as_end()} for src, tgt in edges]
