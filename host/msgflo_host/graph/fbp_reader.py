"""Graphs as .fbp text: the language of the npm package `fbp` 1.8, see fbp.lark.

Comments, which other readers skip, hold all that this language cannot express: `#: {…}` on a line of its own a piece of
the JSON form of the graph, `#: {…}` behind a node, connection or export its further keys. Two keys stand only there:
`caseSensitive`, and `keepCase` for port names in capital letters in a graph that is not case sensitive (otherwise port
names are read in small letters, as the npm package does).

Limits: where a graph is written anew (`dump`), of other comments only those at the head stay, and lines are sorted. Where
a file is changed (`fbp_edit`), all of them stay.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from lark import Token

from ..errors import GraphError
from . import json_format
from .elements import Edge, Initial, PortRef
from .fbp_nodes import Nodes
from .fbp_statements import Annotation, Chain, Export, Fragment, Packet, Place, Statement, fail, statements
from .fbp_writer import dump
from .model import Graph

__all__ = ["Links", "Reading", "dump", "parse", "read"]

_LITERALS = {"true": True, "false": False, "null": None}
_COMMENT = re.compile(r" *#(?!: *\{)(?! +@[A-Za-z0-9_-]+ +[A-Za-z0-9_.-][A-Za-z0-9_ .-]*$)")

_Step = tuple[Token | None, Token, Token | None]
"""Inport, node and outport of a place in a chain, as far as they are written."""


@dataclass(slots=True)
class Links:
    """The meaning of a chain: its places, and the edges between them, behind an initial packet if there is one."""

    steps: list[_Step]
    parts: list[Edge | Initial]


@dataclass(slots=True)
class Reading:
    """An .fbp text with the graph that it describes, and the meaning of each statement."""

    graph: Graph
    keep_case: bool
    statements: list[Statement]
    links: dict[int, Links]
    """Of chains, by their number among the statements."""
    exports: dict[int, tuple[str, str]]
    """Side and public name of exports, by their number; of those that set a default, nothing."""
    node_of: Callable[[Token], str]
    """Returns the name of the node that a word means."""


def parse(text: str, file: str | None = None) -> Graph:
    """Return the graph that an .fbp text describes; GraphError with file, line and column if it does not."""
    return read(text, file).graph


def read(text: str, file: str | None = None) -> Reading:
    """Return the meaning of an .fbp text, statement by statement; GraphError as of `parse`."""
    return _Builder(statements(text, file), _header(text), file).reading


class _Builder:
    """Makes a graph of statements: nodes first, because a bare word means a node only if one is declared."""

    def __init__(self, found: list[Statement], header: tuple[str, ...], file: str | None) -> None:
        self._file = file
        self._defaults = {"in": "IN", "out": "OUT"}
        fragments = [(each.token, self._object(each.token)) for each in found if isinstance(each, Fragment)]
        flags = [self._flags(token, document) for token, document in fragments]
        self.graph = Graph(case_sensitive=any("caseSensitive" in each for each in flags))
        self._keep_case = any("keepCase" in each for each in flags)
        self.graph.header = header
        self._nodes = Nodes(found, self.graph, file)
        for token, document in fragments:
            self._merge(token, {"processes": document.pop("processes", None)})
        self._nodes.check()
        self.reading = Reading(self.graph, self._keep_case, found, {}, {}, self._nodes.name)
        for number, statement in enumerate(found):
            if isinstance(statement, Chain):
                self.reading.links[number] = self._chain(statement)
            elif isinstance(statement, Export):
                self._export(number, statement)
            elif isinstance(statement, Annotation):
                self._annotation(statement)
        for token, document in fragments:
            self._merge(token, document)

    # -- statements --

    def _chain(self, chain: Chain) -> Links:
        packet, places = chain.packet, chain.places
        if packet is None and len(places) > 1 and self._is_literal(places[0]):
            packet, places = Packet(_LITERALS[places[0].words[0]]), places[1:]
        if packet is None and len(places) == 1:
            self._lone(places[0], chain.keys)
            return Links([(None, places[0].words[0], None)], [])
        last = len(places) - 1
        steps = [self._step(place, number == 0 and not packet, number == last) for number, place in enumerate(places)]
        parts: list[Edge | Initial] = []
        if packet is not None:
            parts.append(self._put(steps[0][1], Initial(packet.data, self._target(steps[0]))))
        for source, target in pairwise(steps):
            parts.append(self._put(target[1], Edge(self._source(source), self._target(target))))
        if chain.keys is not None:
            self._add_keys(chain.keys, parts)
        return Links(steps, parts)

    def _put(self, token: Token, part: Edge | Initial) -> Edge | Initial:
        try:
            if isinstance(part, Edge):
                self.graph.put_edge(part)
            else:
                self.graph.put_initial(part)
        except GraphError as wrong:
            fail(wrong.message, token, self._file)
        return part

    def _add_keys(self, keys: Token, parts: list[Edge | Initial]) -> None:
        if len(parts) != 1:
            fail("'#: {…}' may only stand behind a line with one connection", keys, self._file)
        stated = {"src": _json(parts[0].src)} if isinstance(parts[0], Edge) else {"data": parts[0].data}
        self._merge(keys, {"connections": [{**self._object(keys), **stated, "tgt": _json(parts[0].tgt)}]})

    def _lone(self, place: Place, keys: Token | None) -> None:
        if len(place.words) != 1:
            fail("a port without a connection; write '->' between two nodes", place.words[0], self._file)
        name = self._nodes.name(place.words[0])
        if keys is not None:
            node, more = self.graph.nodes[name], self._object(keys)
            if isinstance(more.get("metadata", {}), (dict, type(None))):
                more["metadata"] = {**node.metadata, **(more.get("metadata") or {})}
            self._merge(keys, {"processes": {name: {**more, "component": node.component}}})

    def _is_literal(self, place: Place) -> bool:
        words = place.words
        return len(words) == 1 and words[0] in _LITERALS and words[0] not in self.graph.nodes

    def _step(self, place: Place, at_start: bool, at_end: bool) -> _Step:
        """Return the inport, the node and the outport of a place in a chain."""
        words = place.words
        at = next((i for i, word in enumerate(words) if word.type in ("NODE", "ANONYMOUS")), None)
        if at is None:
            at = self._find_node(words, at_start, at_end)
        before, after = (words[at - 1] if at > 0 else None), (words[at + 1] if at + 1 < len(words) else None)
        if at_start and before is not None:
            fail(f"{before} stands before the first node; nothing leads there", before, self._file)
        if at_end and after is not None:
            fail(f"{after} stands behind the last node; nothing leads on", after, self._file)
        return before, words[at], after

    def _find_node(self, words: list[Token], at_start: bool, at_end: bool) -> int:
        if len(words) > 3:
            fail(
                f"{len(words)} words without '->' or a new line between them; at most PORT Node PORT",
                words[3],
                self._file,
            )
        if len(words) != 2 or at_start or at_end:
            return min(1, len(words) - 1) if at_end or not at_start else 0
        known = [number for number, word in enumerate(words) if word in self.graph.nodes]
        if len(known) == 2:
            fail(f"both {words[0]} and {words[1]} are nodes; write the node with '()'", words[0], self._file)
        return known[0] if known else 1

    def _export(self, number: int, export: Export) -> None:
        if export.node is None or export.public is None:
            self._defaults["in" if export.key == "DEFAULT_INPORT=" else "out"] = export.port
            return
        side = "inports" if export.key == "INPORT=" else "outports"
        more = self._object(export.keys) if export.keys is not None else {}
        value = {**more, "process": self._nodes.name(export.node), "port": self._port(export.port)}
        public = self._port(export.public)
        self.reading.exports[number] = side, public
        self._merge(export.keys or export.key, {side: {public: value}})

    def _annotation(self, found: Annotation) -> None:
        if found.key == "runtime":
            self.graph.properties["environment"] = {"type": found.value}
        else:
            self.graph.properties[found.key] = found.value

    # -- ports --

    def _source(self, step: _Step) -> PortRef:
        return self._ref(self._nodes.name(step[1]), step[2], self._defaults["out"])

    def _target(self, step: _Step) -> PortRef:
        return self._ref(self._nodes.name(step[1]), step[0], self._defaults["in"])

    def _ref(self, node: str, token: Token | None, default: str) -> PortRef:
        if token is None:
            return PortRef(node, default if self.graph.case_sensitive else default.lower())
        if token.type != "INDEXED":
            return PortRef(node, self._port(token))
        port, index = token[:-1].split("[")
        if len(index) > 15:
            fail(f"index of {token[:30]}… is too large", token, self._file)
        return PortRef(node, self._port(token, port), int(index))

    def _port(self, token: Token, name: str | None = None) -> str:
        port = name or str(token)
        if "-" in port:
            fail(f"port {port!r} may hold only letters, digits, '_' and '.'", token, self._file)
        return port if self.graph.case_sensitive or self._keep_case else port.lower()

    # -- comments with structure --

    def _object(self, token: Token) -> dict[str, Any]:
        text = token[2:]
        try:
            found = json_format.parse_json(text, None)
        except GraphError as wrong:
            column = (token.column or 1) + 1 + (wrong.column or 1)
            raise GraphError(wrong.message, file=self._file, line=token.line, column=column) from None
        return dict(found)

    def _flags(self, token: Token, document: dict[str, Any]) -> set[str]:
        """Take the flags of the .fbp form out of a piece of the JSON form, and return those that are set."""
        values = {key: document.pop(key) for key in ("caseSensitive", "keepCase") if key in document}
        for key, value in values.items():
            if not isinstance(value, bool):
                fail(f"{key} must be true or false", token, self._file)
        return {key for key, value in values.items() if value}

    def _merge(self, token: Token, document: dict[str, Any]) -> None:
        try:
            json_format.merge(self.graph, document)
        except GraphError as wrong:
            fail(json_format.described(wrong), token, self._file)


def _json(ref: PortRef) -> dict[str, Any]:
    found: dict[str, Any] = {"process": ref.node, "port": ref.port}
    return found if ref.index is None else {**found, "index": ref.index}


def _header(text: str) -> tuple[str, ...]:
    """Return the comment lines before the first statement, without annotations and structured comments."""
    found: list[str] = []
    for line in re.split("\r\n|[\r\n\u2028\u2029]", text):
        if _COMMENT.match(line):
            found.append(line.strip(" "))
        elif not line.strip(" "):
            found.append("")
        elif not line.lstrip(" ").startswith("#"):
            break
    lines = "\n".join(found).strip("\n")
    return tuple(re.sub("\n{3,}", "\n\n", lines).split("\n")) if lines else ()
