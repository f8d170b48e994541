"""Separates how editors without a layout of their own draw a graph from edits that people make in them. Pure.

noflo-ui gets a place for every node, so that it draws none over another. It sends the whole metadata of a node with each
edit: a place that it got only for drawing, and the size that it draws, are no part of the graph.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from . import changes
from .auto_layout import laid_out, place_of
from .commands import AlreadyDoneError
from .elements import Node, canonical, kind, short
from .model import Graph

__all__ = ["MARKS", "drawn", "edited", "is_unplaced"]

MARKS = ("discovered", "unplaced")
"""Metadata by which editors know a node that is in no graph, and one whose place is not the graph's."""

_SIZES = ("width", "height")


def is_unplaced(node: Node) -> bool:
    """Return whether a node has its place only for drawing."""
    return node.metadata.get("unplaced") is True


def drawn(graph: Graph, before: Mapping[str, Node], shown: Mapping[str, Node]) -> dict[str, Node]:
    """Return the nodes that editors draw with other metadata: those without a place get one.

    They stay where they were `before`, and clear of nodes that are only `shown`.
    """
    known = {id: (node.metadata["x"], node.metadata["y"]) for id, node in before.items() if is_unplaced(node)}
    taken = [place for node in shown.values() if (place := place_of(node)) is not None]
    places = laid_out(graph, known, taken)
    found = {
        id: replace(graph.nodes[id], metadata={**graph.nodes[id].metadata, "unplaced": True, "x": x, "y": y})
        for id, (x, y) in places.items()
    }
    if graph.nodes and not found and not any(map(_is_seen, [*graph.nodes.values(), *shown.values()])):
        # noflo-ui takes a coordinate of 0 for none, and would lay out everything anew.
        node = next(iter(graph.nodes.values()))
        x, y = node.metadata["x"] or 1, node.metadata["y"] or 1
        found[node.id] = replace(node, metadata={**node.metadata, "x": x, "y": y})
    return found


def edited(graph: Graph, command: str, payload: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a command without an editor's metadata for drawing; AlreadyDoneError where nothing else is new."""
    metadata, id = payload.get("metadata"), payload.get("id")
    if command not in ("addnode", "changenode") or not isinstance(metadata, Mapping) or not isinstance(id, str):
        return payload
    left = {
        key: value
        for key, value in metadata.items()
        if key not in MARKS and (key not in _SIZES or kind(value) != "a number")
    }
    known = graph.nodes[id].metadata if id in graph.nodes else {}
    if left.get("label") == id and "label" not in known and any(key in metadata for key in _SIZES):
        del left["label"]  # as it is shown without one
    is_new = command == "addnode" or any(not _is_so(known, key, value) for key, value in left.items())
    if left.keys() < metadata.keys() and not is_new:
        shown = changes.changed(Node(id, id, dict(metadata)))
        raise AlreadyDoneError(f"node {short(id)!r} is only drawn so", shown)
    return {**payload, "metadata": left}


def _is_seen(node: Node) -> bool:
    """Return whether noflo-ui takes a node for placed."""
    return all(place_of(node) or (0, 0))


def _is_so(known: Mapping[str, Any], key: str, value: Any) -> bool:
    """Whether metadata holds a value already; null stands for none."""
    return key not in known if value is None else key in known and canonical([known[key]]) == canonical([value])
