"""What is read from the payload of a request, which may hold anything."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from .._text import FORBIDDEN, shown
from ..errors import GraphError, RequestError
from ..graph.elements import PortRef
from ..graphs import Graphs, Network

__all__ = ["end", "graph_id", "network_of", "text", "uri"]

MAX_ID = 200  # characters


def text(payload: Mapping[str, Any], key: str, *, default: str | None = None) -> str:
    """Return a text of the payload; raises RequestError where it is none, and where it is missing without a default."""
    value = payload.get(key, default)
    if not isinstance(value, str):
        raise RequestError(f'"{key}" is {shown(value) if key in payload else "missing"}; a text is needed')
    return value


def uri(payload: Mapping[str, Any], key: str) -> str:
    """Return a URI of the payload; raises RequestError where it is none."""
    value = text(payload, key)
    try:
        if urlsplit(value).scheme:
            return value
    except ValueError:
        pass
    raise RequestError(f'"{key}" is {shown(value)}; a URI is needed')


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
