"""The file with the places of an .fbp file's nodes, so that the graph's text stays as it is.

`home.fbp` has its places in `home.places.json`, a node a line, to be read, edited and committed like the graph. Places
in the text itself, as in `lamp(demo/Lamp:x=5,y=7)`, stay there.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..errors import GraphError
from .elements import Node, kind
from .json_format import ShapeError, compact, located, parse_json
from .model import Graph

__all__ = ["KEYS", "Places", "dump", "joined", "of", "parse", "parted", "path_of"]

KEYS = ("x", "y", "dashboard")
"""Metadata of a node for its place."""

Places = dict[str, dict[str, Any]]


def path_of(graph: str | os.PathLike[str]) -> Path | None:
    """Return the path of the places of a graph file; None for JSON, which holds them itself."""
    path = Path(graph)
    return path.with_suffix(".places.json") if path.suffix.lower() == ".fbp" else None


def parse(text: str, file: str) -> Places:
    """Return the places in a text; GraphError with file, line and column if it holds none."""
    found = parse_json(text, file)
    try:
        if not isinstance(found, dict):
            raise ShapeError((), f"must be an object, not {kind(found)}")
        for id, place in found.items():
            _check(id, place)
    except ShapeError as wrong:
        raise located(wrong, text, file) from None
    return found


def _check(id: str, place: Any) -> None:
    if not isinstance(place, dict):
        raise ShapeError((id,), f'must be an object, as in {{"x": 100, "y": 200}}, not {kind(place)}')
    for key, value in place.items():
        if key not in KEYS:
            raise ShapeError((id, key), f"unknown key; allowed are {', '.join(KEYS)}")
        allowed = "an object" if key == "dashboard" else "a number"
        if kind(value) != allowed:
            raise ShapeError((id, key), f"must be {allowed}, not {kind(value)}")


def dump(places: Places) -> str:
    """Return places as text: sorted, a node a line, so that few lines differ after a change."""
    lines = [f"  {compact(id)}: {compact(dict(sorted(place.items())))}" for id, place in sorted(places.items())]
    return "{\n" + ",\n".join(lines) + "\n}\n" if lines else "{}\n"


def of(node: Node) -> dict[str, Any]:
    """Return the place of a node."""
    return {key: node.metadata[key] for key in KEYS if key in node.metadata}


def joined(graph: Graph, places: Mapping[str, Mapping[str, Any]]) -> Graph:
    """Return a copy of `graph`, with these places; those in the graph itself take precedence."""
    found = graph.copy()
    for id, place in places.items():
        if id in found.nodes:
            node = found.nodes[id]
            found.put_node(replace(node, metadata={**place, **node.metadata}))
    return found


def parted(graph: Graph, text: Graph) -> tuple[Graph, Places]:
    """Return a copy of `graph` without the places that `text`, the graph in the file, does not have, and these."""
    found = graph.copy()
    places: Places = {}
    for id, node in graph.nodes.items():
        known = text.nodes[id].metadata if id in text.nodes else {}
        place = {key: value for key, value in of(node).items() if key not in known}
        if place and not _is_sound(place):
            continue  # a file that others have written: it stays in the text
        if place:
            places[id] = place
            rest = {key: value for key, value in node.metadata.items() if key not in place}
            found.put_node(replace(node, metadata=rest))
    return found, places


def _is_sound(place: dict[str, Any]) -> bool:
    try:
        _check("", place)
    except GraphError:
        return False
    return True
