"""What is marked as secure in a graph, as those see it who may not change the graph."""

from __future__ import annotations

import json
from typing import Any

from ..graph.commands import Change

__all__ = ["MASKED", "masked_change", "masked_graph", "masked_message"]

MASKED = "DATA"
"""What stands for data that is marked as secure."""


def masked_change(change: Change) -> dict[str, Any] | None:
    """The payload of a change without the data of a secure initial packet; None where it holds none."""
    return {**change.payload, "src": {"data": MASKED}} if change.is_secure else None


def masked_graph(code: str) -> dict[str, Any]:
    """A graph, given as JSON, without the data of secure initial packets."""
    graph: dict[str, Any] = json.loads(code)
    for connection in graph["connections"]:
        if "data" in connection and _is_secure(connection):
            connection["data"] = MASKED
    return graph


def masked_message(protocol: str, command: str, payload: dict[str, Any]) -> dict[str, Any]:
    """What another runtime says of its graph, alike; what it removes is left out, for nobody knows whether that was secure."""
    if (protocol, command) == ("graph", "addinitial") and _is_secure(payload):
        return {**payload, "src": {"data": MASKED}}
    if (protocol, command) == ("graph", "removeinitial"):
        return {key: value for key, value in payload.items() if key != "src"}
    if (protocol, command) == ("component", "source") and payload["language"] == "json":
        try:
            return {**payload, "code": json.dumps(masked_graph(payload["code"]), ensure_ascii=False)}
        except (ValueError, RecursionError, TypeError, KeyError, AttributeError):  # no graph
            return {**payload, "code": "{}"}
    return payload


def _is_secure(holder: dict[str, Any]) -> bool:
    metadata = holder.get("metadata")
    return isinstance(metadata, dict) and bool(metadata.get("secure"))
