"""Gives nodes of an .fbp text other names: each word for them is changed where it stands."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from lark import Token

from .fbp_reader import Reading
from .fbp_statements import Chain, Export, Fragment
from .fbp_words import may_name, span
from .json_edit import rewritten
from .model import Graph

__all__ = ["names", "rename"]


def names(renames: Iterable[tuple[str, str]], old: Graph, new: Graph) -> dict[str, str]:
    """Return what nodes of `old` are called in `new`, after some renames in order; without names that an .fbp text cannot say."""
    now = {id: id for id in old.nodes}
    was = dict(now)
    for before, after in renames:
        if before in was:
            id = was.pop(before)
            now[id], was[after] = after, id
    return {
        id: name
        for id, name in now.items()
        if id not in new.nodes and name in new.nodes and name not in old.nodes and may_name(name)
    }


def rename(text: str, reading: Reading, names: Mapping[str, str]) -> str:
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
            written = "#:" + rewritten(word[2:], document, _renamed_in(document, names))
        elif (new := names.get(reading.node_of(word))) is None:
            continue
        else:
            written = new if word.type in ("WORD", "NODE_NAME") else new + word[word.index("(") :]
        found += [text[last:start], written]
        last = end
    return "".join(found) + text[last:]


def _renamed_in(document: dict[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """Return a piece of the JSON form with the nodes' new names."""

    def name(id: str) -> str:
        return names.get(id, id)

    def ref(value: Any) -> Any:
        return {**value, "process": name(value["process"])} if isinstance(value, dict) and "process" in value else value

    found = dict(document)
    if document.get("processes"):
        found["processes"] = {name(id): value for id, value in document["processes"].items()}
    if document.get("connections"):
        found["connections"] = [
            {key: ref(part) if key in ("src", "tgt") else part for key, part in value.items()}
            for value in document["connections"]
        ]
    if document.get("groups"):
        found["groups"] = [{**value, "nodes": list(map(name, value["nodes"]))} for value in document["groups"]]
    for side in ("inports", "outports"):
        if document.get(side):
            found[side] = {public: ref(value) for public, value in document[side].items()}
    return found
