"""What is read from the payload of a request, which may hold anything."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._text import shown
from ..errors import GraphError, RequestError
from ..graphs import Graphs, Network

__all__ = ["end", "network_of", "text"]


def text(payload: Mapping[str, Any], key: str, *, default: str | None = None) -> str:
    """Return a text of the payload; raises RequestError where it is none, and where it is missing without a default."""
    value = payload.get(key, default)
    if not isinstance(value, str):
        raise RequestError(f'"{key}" is {shown(value) if key in payload else "missing"}; a text is needed')
    return value


def network_of(graphs: Graphs, payload: Mapping[str, Any]) -> Network:
    """Return the graph that a request is about; raises GraphError with the texts that editors know."""
    id = payload.get("graph")
    if id is None or id == "":
        raise GraphError("No graph specified")
    if not isinstance(id, str):
        raise RequestError(f'"graph" is {shown(id)}; the id of a graph is needed')
    return graphs.network(id)


def end(value: Any, where: str) -> tuple[str, str]:
    """Return node and port of one end of an edge; raises RequestError."""
    if not isinstance(value, Mapping):
        raise RequestError(f'{where} is {shown(value)}; an object with "node" and "port" is needed')
    return text(value, "node"), text(value, "port")
