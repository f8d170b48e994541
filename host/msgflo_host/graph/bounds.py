"""How much a graph may hold that is edited from outside: whoever may edit should not be able to fill memory.

Files are bounded by their size (see `files`).
"""

from __future__ import annotations

from typing import Any

from ..errors import GraphError
from ._store import LEAST_INITIAL
from .elements import PortRef, canonical, short
from .model import Graph

__all__ = [
    "MOST_EDGES",
    "MOST_INITIALS",
    "MOST_NODES",
    "MOST_OTHERS",
    "ONE_INITIAL",
    "room_for_edge",
    "room_for_group",
    "room_for_initial",
    "room_for_node",
    "room_for_port",
]

MOST_NODES = 10_000
MOST_EDGES = 50_000
MOST_OTHERS = 10_000
"""Groups, and exported ports of each direction."""
ONE_INITIAL = 1024 * 1024
"""Characters of one initial packet, as JSON."""
MOST_INITIALS = 16 * 1024 * 1024
"""Characters of all initial packets together; each counts as at least 256."""


def room_for_node(graph: Graph, id: str) -> None:
    """Raise GraphError where a node would be one too many; so do the others."""
    if len(graph.nodes) >= MOST_NODES and id not in graph.nodes:
        raise GraphError(_full(f"node {short(id)!r}", MOST_NODES, "nodes"))


def room_for_edge(graph: Graph, src: PortRef, tgt: PortRef) -> None:
    """See `room_for_node`."""
    if graph.edge_count >= MOST_EDGES and graph.find_edge(src, tgt) is None:
        raise GraphError(_full(f"edge {short(str(src))} -> {short(str(tgt))}", MOST_EDGES, "edges"))


def room_for_initial(graph: Graph, tgt: PortRef, data: Any) -> None:
    """See `room_for_node`."""
    size = len(canonical(data))
    if size > ONE_INITIAL:
        raise GraphError(
            f"the initial packet to {short(str(tgt))} has {size} characters; at most {ONE_INITIAL} are kept"
        )
    if graph.initials_size + max(size, LEAST_INITIAL) > MOST_INITIALS:
        raise GraphError(
            f"the initial packet to {short(str(tgt))} is not added: those of the graph would have "
            f"more than {MOST_INITIALS} characters"
        )


def room_for_port(graph: Graph, side: str, public: str) -> None:
    """See `room_for_node`; `side` is inport or outport."""
    there = graph.exports(side)
    if len(there) >= MOST_OTHERS and there.get(public) is None:
        raise GraphError(_full(f"exported {side} {short(public)!r}", MOST_OTHERS, "of them"))


def room_for_group(graph: Graph, name: str) -> None:
    """See `room_for_node`."""
    if len(graph.groups) >= MOST_OTHERS and name not in graph.groups:
        raise GraphError(_full(f"group {short(name)!r}", MOST_OTHERS, "groups"))


def _full(what: str, most: int, kind: str) -> str:
    return f"{what} is not added: the graph has {most} {kind}, and no more are kept"
