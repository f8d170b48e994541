"""Finds nodes that may hold secure data, which their output and errors may reveal."""

from __future__ import annotations

from ..graph.elements import Edge, Initial
from .graphs import Graphs

__all__ = ["holds_secure", "is_secure"]


def is_secure(part: Edge | Initial) -> bool:
    """Return whether the data of an edge or an initial packet is not for everybody."""
    return bool(part.metadata.get("secure"))


def holds_secure(graphs: Graphs, role: str) -> bool:
    """Return whether an edge or initial packet at a node is secure: an error at one port may quote data of another."""
    for id, node in graphs.desired.places_of(role):
        if graphs.has(id):
            graph = graphs.network(id).graph
            parts: list[Edge | Initial] = [*graph.edges_at(node), *graph.initials_at(node)]
            if any(is_secure(part) for part in parts):
                return True
    return False
