"""What is marked as secure in a graph, as those see it who may not change the graph."""

from __future__ import annotations

import json
from typing import Any

from ..graph.commands import Change

__all__ = ["MASKED", "masked_change", "masked_graph"]

MASKED = "DATA"
"""What stands for data that is marked as secure."""


def masked_change(change: Change) -> dict[str, Any] | None:
    """The payload of a change without the data of a secure initial packet; None where it holds none."""
    return {**change.payload, "src": {"data": MASKED}} if change.is_secure else None


def masked_graph(code: str) -> dict[str, Any]:
    """A graph, given as JSON, without the data of secure initial packets."""
    graph: dict[str, Any] = json.loads(code)
    for connection in graph["connections"]:
        if "data" in connection and connection.get("metadata", {}).get("secure"):
            connection["data"] = MASKED
    return graph
