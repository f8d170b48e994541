"""The words of an .fbp text that mean nodes: where they stand, and what they say of them."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

from lark import Token

from .elements import Node
from .fbp_reader import Reading
from .fbp_statements import Chain, Export, Statement
from .fbp_writer import is_inline, split
from .json_edit import same
from .model import Graph

__all__ = ["Declared", "changed_nodes", "declares", "declaring", "inside", "may_name", "span"]

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_COMPONENT = re.compile(r"[A-Za-z0-9_/-]+")


def may_name(id: str) -> bool:
    """Whether a node may be called so in the text itself."""
    return _NAME.fullmatch(id) is not None


def declaring(statement: Statement) -> list[Token]:
    """Return the words of a statement that may declare a node."""
    if isinstance(statement, Chain):
        return [word for place in statement.places for word in place.words if word.type in ("NODE", "ANONYMOUS")]
    return [statement.node] if isinstance(statement, Export) and statement.node is not None else []


def inside(word: str) -> str:
    """Return what stands in the parentheses of a word."""
    return word[word.index("(") + 1 : -1] if word.endswith(")") else ""


def declares(token: str) -> bool:
    """Whether a word says what a node is."""
    return inside(token) != ""


def span(token: Token) -> tuple[int, int]:
    """Return where a word starts and ends."""
    return token.start_pos or 0, token.end_pos or 0


class Declared:
    """A node that has changed, and where the text says what of it."""

    def __init__(self, old: Node, new: Node) -> None:
        self.new = new
        self.old = old
        self.inline: dict[str, None] = {}
        self.token: Token | None = None
        self.lone: int | None = None
        self.has_keys = False
        self.in_piece = self.needs_piece = False
        self.component = new.component
        self.values: dict[str, Any] = {}
        self.rest: dict[str, Any] = {}

    def place(self, *, in_piece: bool) -> None:
        """Decide what stands in the parentheses, in their order there, and what behind them as JSON."""
        self.in_piece = in_piece
        metadata = self.new.metadata
        may = {key for key in metadata if is_inline(key, metadata[key])}
        inline = [key for key in self.inline if key in may]
        inline += sorted(key for key in may if key not in self.inline and key not in self.old.metadata)
        if not _COMPONENT.fullmatch(self.component):
            self.component, self.needs_piece = self.old.component, True
        _, self.rest = split(self.new, inline)
        self.values = {key: metadata[key] for key in inline}
        if in_piece or self.needs_piece:
            self.rest = {}


def changed_nodes(reading: Reading, graph: Graph, in_pieces: Collection[str]) -> dict[str, Declared]:
    """Return what the text says of each node that has changed in `graph`; some are declared in pieces of the JSON form."""
    there = reading.graph.nodes
    nodes = {
        id: Declared(there[id], node) for id, node in graph.nodes.items() if id in there and not same(there[id], node)
    }
    for number, statement in enumerate(reading.statements):
        for token in declaring(statement):
            found = nodes.get(reading.node_of(token))
            if found is not None and declares(token):
                component, _, metadata = inside(token).partition(":")
                items = filter(None, metadata.split(","))
                keys = (item.partition("=")[0] if "=" in item else "routes" for item in items)
                found.inline.update(dict.fromkeys(keys))
                if component and found.token is None:
                    found.token = token
        if isinstance(statement, Chain) and not reading.links[number].parts:
            found = nodes.get(reading.node_of(statement.places[0].words[0]))
            if found is not None and (found.lone is None or (statement.keys and not found.has_keys)):
                found.lone, found.has_keys = number, statement.keys is not None
    for id, declared in nodes.items():
        declared.place(in_piece=id in in_pieces)
    return nodes
