"""Writes a changed graph into the .fbp text that held it before: comments, order, spacing and chains stay.

What is gone leaves its statement, and a chain is split where a link of it is gone; what has changed is written anew where it
stands; what is new comes at the end.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from lark import Token

from ..errors import GraphError
from .elements import Edge, Initial, canonical
from .fbp_lines import on_one_line, replaced, spans
from .fbp_reader import Links, Reading, read
from .fbp_rename import names, rename
from .fbp_statements import Annotation, Chain, Export, Fragment
from .fbp_words import changed_nodes, declares, may_name, span
from .fbp_writer import PartWriter, declaration, line, packet_text, piece
from .json_edit import connection, document_of, kept_initials, key_of, rewritten, same
from .json_format import form
from .model import Graph

__all__ = ["edit"]


def edit(text: str, graph: Graph, renames: Iterable[tuple[str, str]] = ()) -> str | None:
    """Return an .fbp text, changed so that it holds `graph`; None where that fails. GraphError where it has a mistake.

    edit("a(x/A) OUT -> IN b(x/B)  # joined\\n", Graph())  # "# joined\\n"

    `renames` are the nodes that were given other names since, in order: (old, new).
    """
    reading = _read(text)
    called = names(renames, reading.graph, graph)
    for explicit in (False, True):
        edited = _try(text, reading, graph, called, explicit)
        if edited is not None:
            return edited
    return None


@lru_cache(maxsize=1)
def _read(text: str) -> Reading:
    """Return what a text says; it takes long, and the text that was written last is mostly the next to be changed."""
    return read(text)


def _try(text: str, reading: Reading, graph: Graph, called: Mapping[str, str], explicit: bool) -> str | None:
    if reading.graph.case_sensitive != graph.case_sensitive:
        return None
    try:
        if called:
            text = rename(text, reading, called)
            reading = read(text)
        edited = _Edit(text, reading, graph, explicit=explicit).text()
        return edited if _read(edited).graph == graph else None
    except GraphError:
        return None


class _Edit:
    """One edit of a text. `explicit` leaves nothing to what other statements say: names of nodes without one, say."""

    def __init__(self, text: str, reading: Reading, graph: Graph, *, explicit: bool) -> None:
        self._text = text
        self._reading = reading
        self._old, self._new = reading.graph, graph
        self._explicit = explicit
        self._writer = PartWriter(graph, keep_case=reading.keep_case)
        self._newline = "\r\n" if "\r\n" in text else "\n"
        self._kept = kept_initials(self._old, graph)
        self._olds = {key_of(each, graph): each for each in self._old.initials}
        self._written: set[object] = set()
        self._in_pieces = self._from_pieces()
        self._nodes = changed_nodes(reading, graph, self._in_pieces[0])

    def text(self) -> str:
        """Return the new text."""
        found, last = [], 0
        for start, end, new in self._groups():
            found += [self._text[last:start], new]
            last = end
        edited = "".join(found) + self._text[last:]
        new_lines = self._new_lines()
        if not new_lines:
            return edited
        ended = not edited or edited.endswith(("\n", "\r"))
        added = self._newline.join(new_lines)
        return f"{edited}{added}{self._newline}" if ended else f"{edited}{self._newline}{added}"

    # -- what the text says already --

    def _from_pieces(self) -> tuple[set[str], set[object]]:
        """Return the nodes, and the ports with initial packets, that stand in pieces of the JSON form."""
        nodes: set[str] = set()
        ports: set[object] = set()
        for statement in self._reading.statements:
            if isinstance(statement, Fragment):
                document = json.loads(statement.token[2:])
                nodes |= (document.get("processes") or {}).keys()
                for each in document.get("connections") or []:
                    ports.add((each["tgt"]["process"], self._new.fold(each["tgt"]["port"])))
        return nodes, ports

    def _name(self, token: Token) -> str:
        return self._reading.node_of(token)

    # -- statements --

    def _groups(self) -> Iterator[tuple[int, int, str]]:
        """Yield what is to be put in place of what: start, end, text. Statements on one line go together."""
        where = spans(self._text, self._reading.statements)
        first = 0
        while first < len(where):
            last = first
            while last + 1 < len(where) and on_one_line(self._text, where[last], where[last + 1]):
                last += 1
            news = [self._statement(number, *where[number]) for number in range(first, last + 1)]
            if any(new is not None for new in news):
                yield replaced(self._text, self._newline, where[first : last + 1], news)
            first = last + 1

    def _statement(self, number: int, start: int, end: int) -> list[str] | None:
        """Return the lines that stand for a statement now; None where it stays as it is."""
        statement = self._reading.statements[number]
        if isinstance(statement, Fragment):
            return self._fragment(statement)
        if isinstance(statement, Annotation):
            return self._annotation(statement)
        if isinstance(statement, Export):
            return self._export(number, statement, start, end)
        return self._chain(number, statement, start, end)

    def _fragment(self, statement: Fragment) -> list[str] | None:
        start, end = span(statement.token)
        text = self._text[start + 2 : end]
        document = json.loads(text)
        new = document_of(document, self._old, self._new, whole=False)
        self._note_written(new)
        if canonical(new) == canonical(document):
            return None
        return ["#:" + rewritten(text, document, new)] if new else []

    def _note_written(self, document: dict[str, Any]) -> None:
        """What stands in a piece of the JSON form need not be added."""
        for key in document.get("properties") or {}:
            self._written.add(("property", key))
        for key in document:
            self._written.add(("extra", key))
        for value in document.get("connections") or []:
            self._written.add(key_of(connection(value), self._new))
        for value in document.get("groups") or []:
            self._written.add(("group", value["name"]))
        for side in ("inports", "outports"):
            for public in document.get(side) or {}:
                self._written.add((side, public))

    def _annotation(self, statement: Annotation) -> list[str] | None:
        key = "environment" if statement.key == "runtime" else statement.key
        if key not in self._new.properties:
            return []
        value = self._new.properties[key]
        if canonical([value]) == canonical([self._old.properties[key]]):
            self._written.add(("property", key))
            return None
        text = self._writer.property(key, value)
        if text.startswith("#:") or ("property", key) in self._written:
            return []
        self._written.add(("property", key))
        return [text]

    def _export(self, number: int, statement: Export, start: int, end: int) -> list[str] | None:
        if number not in self._reading.exports or statement.node is None:
            return None
        side, public = self._reading.exports[number]
        exports = (
            (self._old.inports, self._new.inports) if side == "inports" else (self._old.outports, self._new.outports)
        )
        old, new = (each.get(public) for each in exports)
        token = self._token(statement.node)
        if new is None:
            return [token] if declares(token) and self._name(statement.node) in self._new.nodes else []
        self._written.add((side, public))
        if not same(old, new):
            lone = [token] if declares(token) and self._name(statement.node) in self._new.nodes else []
            return [*lone, self._writer.export(side, public, form(new))]
        if token == statement.node:
            return None
        return [self._slice(start, end, [statement.node])]

    # -- chains --

    def _chain(self, number: int, statement: Chain, start: int, end: int) -> list[str] | None:
        links = self._reading.links[number]
        words = [word for _, word, _ in links.steps]
        if not links.parts:
            return self._lone(number, statement, words[0], start, end)
        states = [self._state(part) for part in links.parts]
        if all(state is None for state in states):
            if not self._touched(links):
                return None
            return [self._slice(start, end, words, packet=links)]
        return list(self._split(links, states, start))

    def _lone(self, number: int, statement: Chain, word: Token, start: int, end: int) -> list[str] | None:
        id = self._name(word)
        if id not in self._new.nodes:
            return []
        declared = self._nodes.get(id)
        if declared is None:
            return None if self._token(word) == word else [self._slice(start, end, [word])]
        token = self._token(word)
        rest = declared.rest if declared.lone == number else {}
        if declared.lone == number:
            declared.lone = -1  # written
        if not rest and not declares(token):
            return [] if statement.keys else None
        if statement.keys and rest:
            space = self._text[span(word)[1] : span(statement.keys)[0]]
            return [f"{token}{space}#:{rewritten(statement.keys[2:], json.loads(statement.keys[2:]), rest)}"]
        return [line(token, rest)]

    def _state(self, part: Edge | Initial) -> Edge | Initial | bool | None:
        """Return None where a link stays as it is, False where it is gone, or what it is now."""
        if isinstance(part, Edge):
            key: object = key_of(part, self._new)
            old: Edge | Initial | None = self._old.find_edge(part.src, part.tgt)
            new: Edge | Initial | None = self._new.find_edge(part.src, part.tgt)
        else:
            old, new = self._olds.get(key_of(part, self._new)), self._kept.get(key_of(part, self._new))
            key = key_of(new, self._new) if new is not None else None
        if new is None:
            return False
        known = key in self._written
        self._written.add(key)
        if same(old, new):
            return None
        return False if known else new

    def _split(self, links: Links, states: list[Edge | Initial | bool | None], start: int) -> Iterator[str]:
        """Yield the pieces of a chain of which some links are gone or have changed."""
        has_packet = isinstance(links.parts[0], Initial)
        into = states if has_packet else [False, *states]  # the state of the link into each place

        def begins_chain(run: list[int]) -> bool:
            return run[:1] == [0] and has_packet and into[0] is None

        run: list[int] = []
        for number, state in enumerate(into):
            if state is None:
                run.append(number)
                continue
            changed = state if isinstance(state, Edge | Initial) else None
            part = links.parts[number if has_packet else number - 1]
            whole = changed is not None and len(links.parts) == 1 and _is_spelt_as(part, changed)
            if not whole:
                yield from self._run(links, run, start if begins_chain(run) else None)
            if changed is not None:
                yield self._rewritten(links, number, part, changed, start, whole)
            run = [] if whole else [number]
        yield from self._run(links, run, start if begins_chain(run) else None)

    def _run(self, links: Links, run: list[int], start: int | None) -> Iterator[str]:
        """Yield the piece of a chain that stays together; `start` is that of the initial packet before it."""
        words = [links.steps[number][1] for number in run]
        if start is not None:
            yield self._slice(start, span(words[-1])[1], words, packet=links)
        elif len(words) > 1:
            yield self._slice(span(words[0])[0], span(words[-1])[1], words)
        elif words and declares(token := self._token(words[0])) and self._name(words[0]) in self._new.nodes:
            yield token

    def _rewritten(
        self, links: Links, number: int, old: Edge | Initial, now: Edge | Initial, start: int, whole: bool
    ) -> str:
        """Return a link that has changed as a line of its own; it is the `whole` chain where that has no other."""
        value = form(now)
        rest = {key: each for key, each in value.items() if key not in ("src", "tgt", "data")}
        if not _is_spelt_as(old, now):
            return self._writer.connection(value)
        words = [links.steps[number][1]]
        if isinstance(now, Edge):
            words.insert(0, links.steps[number - 1][1])
        tokens = [self._token(word) if whole else self._plain(word) for word in words]
        if isinstance(now, Edge):
            return line(self._slice(span(words[0])[0], span(words[-1])[1], words, tokens), rest)
        arrow = self._text.rindex("->", start, span(links.steps[0][0] or words[0])[0])
        behind = self._slice(arrow, span(words[0])[1], words, tokens)
        before = self._text[start:arrow]
        packet = before.rstrip()
        if canonical(now.data) != canonical(old.data):  # type: ignore[union-attr]  # both are initial packets
            packet = packet_text(now.data, quoted=packet.startswith("'"))
        return line(f"{packet}{before[len(before.rstrip()) :]}{behind}", rest)

    # -- words --

    def _slice(
        self, start: int, end: int, words: list[Token], tokens: list[str] | None = None, *, packet: Links | None = None
    ) -> str:
        """Return a piece of the text, with each of the `words` in it as it is to be written now."""
        replaced = [(*span(word), new) for word, new in zip(words, tokens or map(self._token, words), strict=True)]
        found, last = [], start
        if self._explicit and packet is not None and isinstance(packet.parts[0], Initial):
            found = ["\t"] if self._text[start:].startswith(("true", "false", "null")) else []
        for at, to, new in replaced:
            found += [self._text[last:at], new]
            last = to
        return "".join(found) + self._text[last:end]

    def _plain(self, word: Token) -> str:
        """Return a word of a link that is written apart from its chain, whose places say themselves what they declare."""
        token = self._token(word)
        return token if token.startswith("(") else token.partition("(")[0]

    def _touched(self, links: Links) -> bool:
        literal = self._explicit and isinstance(links.parts[0], Initial) and links.parts[0].data in (True, False, None)
        return literal or any(self._token(word) != word for _, word, _ in links.steps)

    def _token(self, word: Token) -> str:
        """Return how a node is written where `word` stands."""
        id = self._name(word)
        declared = self._nodes.get(id)
        if declared is not None and declares(word) and not declared.in_piece:
            if declared.token is word:
                return declaration("" if self._stays_anonymous(word) else id, declared.component, declared.values)
            return f"{id}()"
        if word.type == "ANONYMOUS":
            return str(word) if self._stays_anonymous(word) else f"{id}{word}"
        if word.type != "NODE" and self._explicit and may_name(word):
            return f"{word}()"
        return str(word)

    def _stays_anonymous(self, word: Token) -> bool:
        return word.type == "ANONYMOUS" and not (self._explicit and may_name(self._name(word)))

    # -- what is new --

    def _new_lines(self) -> list[str]:
        """Return the lines that the text lacks."""
        new, old, writer = self._new, self._old, self._writer
        lines = [
            writer.property(key, value)
            for key, value in new.properties.items()
            if ("property", key) not in self._written
        ]
        lines += [piece({key: value}) for key, value in new.extra.items() if ("extra", key) not in self._written]
        for id, node in new.nodes.items():
            declared = self._nodes.get(id)
            if id not in old.nodes:
                lines.append(writer.node(node))
            elif declared is not None and not declared.in_piece:
                if declared.needs_piece or (declared.rest and not may_name(id)):
                    lines.append(piece({"processes": {id: form(node)}}))
                elif declared.rest and declared.lone != -1:
                    lines.append(line(id, declared.rest))
        lines += [writer.connection(form(edge)) for edge in new.edges if key_of(edge, new) not in self._written]
        for initial in new.initials:
            if key_of(initial, new) not in self._written:
                behind = (initial.tgt.node, new.fold(initial.tgt.port)) in self._in_pieces[1]
                lines.append(piece({"connections": [form(initial)]}) if behind else writer.connection(form(initial)))
        for side, exports in (("inports", new.inports), ("outports", new.outports)):
            for public, export in exports.items():
                if (side, public) not in self._written:
                    lines.append(writer.export(side, public, form(export)))
        lines += [
            piece({"groups": [form(group)]})
            for name, group in new.groups.items()
            if ("group", name) not in self._written
        ]
        return lines


def _is_spelt_as(one: Edge | Initial, other: Edge | Initial) -> bool:
    """Whether two links, which are the same, are also called the same."""
    return (one.tgt, getattr(one, "src", None)) == (other.tgt, getattr(other, "src", None))
