"""How an editor draws a graph, told apart from what a person does in it. Pure.

Editors such as noflo-ui send a place and a size for every node when they open a graph: where they have laid it out, or on
their grid, 72 pixels wide. That is no edit, and must change no file.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import Any, TypeGuard

from . import _changes
from .commands import AlreadyDoneError
from .elements import Node, canonical, kind, short
from .model import Graph

__all__ = ["HALF_GRID", "Drawing"]

HALF_GRID = 36
"""So far a node may be drawn from its place on a grid of 72 pixels."""

_Place = tuple[float, float]
_SIZES = ("width", "height")


class Drawing:
    """Where one editor has drawn the nodes of a graph since it has opened it.

    drawing = Drawing()
    drawing.edit(graph, "changenode", {"id": "lamp", "metadata": {"x": 72, "y": 0, "width": 72, "height": 72}})  # raises
    """

    def __init__(self) -> None:
        self._drawn: dict[str, tuple[_Place, _Place | None]] = {}  # by node, with the place that it had then

    def edit(self, graph: Graph, command: str, payload: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return what of a command is somebody's edit; AlreadyDoneError where all of it is only how a node is drawn.

        The first place that comes with a size is none for a node without a place, nor where it is next to the node's.
        Sizes are none at all.
        """
        metadata, id = payload.get("metadata"), payload.get("id")
        if command not in ("addnode", "changenode") or not isinstance(metadata, Mapping) or not isinstance(id, str):
            return payload
        node = graph.nodes.get(id)
        known: Mapping[str, Any] = node.metadata if node is not None else {}
        left = {key: value for key, value in metadata.items() if key not in _SIZES or kind(value) != "a number"}
        left.pop("discovered", None)  # as it is marked for editors
        if command == "addnode":
            return {**payload, "metadata": left}
        is_sized = any(key in metadata for key in _SIZES)
        if is_sized and left.get("label") == id and "label" not in known:
            del left["label"]  # as it is shown without one
        sent = _place(metadata)
        if node is None:
            # A participant that the graph does not name: a place does not make it a part of it.
            left = {key: value for key, value in left.items() if key not in ("x", "y")}
        elif sent is not None and is_sized:
            if self._is_drawn(id, sent, _place(known)):
                del left["x"], left["y"]
            else:
                self._drawn[id] = sent, sent
        if left.keys() < metadata.keys() and all(_is_so(known, key, value) for key, value in left.items()):
            drawn = _changes.changed_node(Node(id, id, dict(metadata)))
            raise AlreadyDoneError(f"node {short(id)!r} is only drawn so", drawn)
        return {**payload, "metadata": left}

    def _is_drawn(self, id: str, sent: _Place, kept: _Place | None) -> bool:
        """Whether a place is only where the editor draws a node."""
        drawn, then = self._drawn.get(id, (None, None))
        if drawn is None or then != kept:
            if kept is not None and max(abs(sent[0] - kept[0]), abs(sent[1] - kept[1])) > HALF_GRID:
                return False
        elif drawn != sent:
            return False
        self._drawn[id] = sent, kept
        return True


def _is_so(known: Mapping[str, Any], key: str, value: Any) -> bool:
    """Whether metadata holds a value already; null stands for none."""
    return key not in known if value is None else key in known and canonical([known[key]]) == canonical([value])


def _place(metadata: Mapping[str, Any]) -> _Place | None:
    x, y = metadata.get("x"), metadata.get("y")
    return (round(x), round(y)) if _is_finite(x) and _is_finite(y) else None


def _is_finite(value: Any) -> TypeGuard[float]:
    return kind(value) == "a number" and isfinite(value)
