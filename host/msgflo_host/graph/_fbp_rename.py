"""Gives a node of an .fbp text another name: each word for it is changed where it stands."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from lark import Token

from ._fbp_parser import Chain, Export, Fragment
from ._fbp_words import may_name, span
from ._json_splice import splice
from .elements import PortRef, canonical
from .fbp_format import Reading
from .model import Graph

__all__ = ["rename", "renamed"]

_MOST = 10  # somebody has renamed them one by one; each takes a look at the whole text


def renamed(old: Graph, new: Graph) -> Iterator[tuple[str, str]]:
    """Yield the nodes that have another name now, and all else as it was; of many at once none."""
    gone = [id for id in old.nodes if id not in new.nodes]
    come = [id for id in new.nodes if id not in old.nodes and may_name(id)]
    for id in gone if len(gone) <= _MOST else ():
        for name in come:
            if _looks(old, id, id) == _looks(new, name, id):
                come.remove(name)
                yield id, name
                break


def _looks(graph: Graph, id: str, name: str) -> str:
    """Return all that is said of a node, called `name`, as a text."""
    node = graph.nodes[id]
    edges = [[_named(edge.src, id, name), _named(edge.tgt, id, name), edge.metadata] for edge in graph.edges_at(id)]
    initials = [[initial.data, initial.tgt[1:], initial.metadata] for initial in graph.initials_at(id)]
    return canonical([node.component, node.metadata, node.extra, sorted(map(canonical, edges)), initials])


def _named(ref: PortRef, id: str, name: str) -> PortRef:
    return ref._replace(node=name) if ref.node == id else ref


def rename(text: str, reading: Reading, old: str, new: str) -> str:
    """Return the text in which each word for a node says its new name, and each piece of JSON."""
    found, last = [], 0
    words: list[Token] = []
    for number, statement in enumerate(reading.statements):
        if isinstance(statement, Chain):
            words += [word for _, word, _ in reading.links[number].steps]
        elif isinstance(statement, Export) and statement.node is not None:
            words.append(statement.node)
        elif isinstance(statement, Fragment):
            words.append(statement.token)
    for word in words:
        start, end = span(word)
        if word.type == "KEYS":
            document = json.loads(word[2:])
            written = "#:" + splice(word[2:], document, _renamed_in(document, old, new))
        elif reading.node_of(word) != old:
            continue
        else:
            written = new if word.type in ("WORD", "NODE_NAME") else new + word[word.index("(") :]
        found += [text[last:start], written]
        last = end
    return "".join(found) + text[last:]


def _renamed_in(document: dict[str, Any], old: str, new: str) -> dict[str, Any]:
    """Return a piece of the JSON form with a node's new name."""

    def ref(value: Any) -> Any:
        return {**value, "process": new} if isinstance(value, dict) and value.get("process") == old else value

    found = dict(document)
    if old in (document.get("processes") or {}):
        found["processes"] = {new if id == old else id: value for id, value in document["processes"].items()}
    if document.get("connections"):
        found["connections"] = [
            {key: ref(part) if key in ("src", "tgt") else part for key, part in value.items()}
            for value in document["connections"]
        ]
    if document.get("groups"):
        found["groups"] = [
            {**value, "nodes": [new if id == old else id for id in value["nodes"]]} for value in document["groups"]
        ]
    for side in ("inports", "outports"):
        if document.get(side):
            found[side] = {public: ref(value) for public, value in document[side].items()}
    return found
