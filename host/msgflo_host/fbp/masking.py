"""Masks data that is marked as secure, for clients that may not change the graph."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from ..graph.commands import Change
from ..graph.elements import Initial
from ..model.secrecy import is_secure

__all__ = ["MASKED", "masked_change", "masked_graph", "masked_initial", "masked_message"]

MASKED = "DATA"
"""The text in place of secure data."""


def masked_initial(initial: Initial) -> Initial:
    """Return an initial packet, without its data if that is secure."""
    return replace(initial, data=MASKED) if is_secure(initial) else initial


def masked_change(change: Change) -> dict[str, Any] | None:
    """Return the payload of a change without the data of a secure initial packet; None where it holds none."""
    return {**change.payload, "src": {"data": MASKED}} if change.is_secure else None


def masked_graph(code: str) -> dict[str, Any]:
    """Return a graph, given as JSON, without the data of secure initial packets."""
    graph: dict[str, Any] = json.loads(code)
    for connection in graph["connections"]:
        if "data" in connection and _is_secure(connection):
            connection["data"] = MASKED
    return graph


def masked_message(protocol: str, command: str, payload: dict[str, Any]) -> dict[str, Any]:
    """Return the payload of another runtime, masked; removed data is left out, for it may have been secure."""
    match protocol, command:
        case "graph", "addinitial" if _is_secure(payload):
            return {**payload, "src": {"data": MASKED}}
        case "graph", "removeinitial":
            return {key: value for key, value in payload.items() if key != "src"}
        case "component", "source" if payload["language"] == "json":
            try:
                return {**payload, "code": json.dumps(masked_graph(payload["code"]), ensure_ascii=False)}
            except (ValueError, RecursionError, TypeError, KeyError, AttributeError):  # no graph
                return {**payload, "code": "{}"}
    return payload


def _is_secure(holder: dict[str, Any]) -> bool:
    metadata = holder.get("metadata")
    return isinstance(metadata, dict) and bool(metadata.get("secure"))
