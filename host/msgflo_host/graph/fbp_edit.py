"""Writes a changed graph into the .fbp text that held it before: comments, order and unchanged statements stay.

Parts that are gone leave their statement, and a chain is split where a link of it is gone. Changed parts are written anew
where they stand; new ones come at the end.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from functools import lru_cache
from typing import Any, NamedTuple

from lark import Token

from ..errors import GraphError
from .elements import Edge, Initial, Node, PortRef
from .fbp_lines import on_one_line, replaced, span, spans
from .fbp_reader import Links, Reading, read
from .fbp_statements import Annotation, Chain, Export, Fragment
from .fbp_writer import PartWriter, declaration, is_component, is_inline, line, piece, split
from .json_edit import rewritten, updated
from .json_format import form
from .model import Graph
from .part_changes import Key, PartChanges

__all__ = ["edit"]

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


def edit(text: str, graph: Graph, renames: Iterable[tuple[str, str]] = ()) -> str | None:
    """Return an .fbp text, changed so that it holds `graph`; None where that fails. GraphError where it has a mistake.

    edit("a(x/A) OUT -> IN b(x/B)  # joined\\n", Graph())  # "# joined\\n"

    `renames` are the nodes that were given other names since, in order: (old, new).
    """
    reading = _read(text)
    names = _names(renames, reading.graph, graph)
    for explicit in (False, True):
        with suppress(GraphError):
            edited = _Edit(text, reading, graph, names, explicit=explicit).text()
            if _read(edited).graph == graph:
                return edited
    return None


@lru_cache(maxsize=1)
def _read(text: str) -> Reading:
    """Return the reading of a text; it takes long, and the text that was written last is mostly the next to be changed."""
    return read(text)


def _names(renames: Iterable[tuple[str, str]], old: Graph, new: Graph) -> dict[str, str]:
    """Return the new names of nodes of `old`, except for those that an .fbp text cannot express."""
    former = {id: id for id in old.nodes}  # by name now
    for before, after in renames:
        if before in former:
            former[after] = former.pop(before)
    return {
        id: name
        for name, id in former.items()
        if id not in new.nodes and name in new.nodes and name not in old.nodes and _NAME.fullmatch(name)
    }


class _Declared(NamedTuple):
    """A node that has changed: the word that declares it, and the further keys behind the lone statement `lone`."""

    node: Node
    word: Token
    lone: int | None
    inline: dict[str, Any]
    rest: dict[str, Any]


class _Edit:
    """One edit of a text. With `explicit`, nodes without a name get the one that was derived for them."""

    def __init__(self, text: str, reading: Reading, graph: Graph, names: Mapping[str, str], *, explicit: bool) -> None:
        self._text = text
        self._reading = reading
        self._nodes = graph.nodes
        self._names = names
        self._explicit = explicit
        old = reading.graph.copy()
        for before, after in names.items():
            old.rename_node(before, after)
        self._changes = PartChanges(old, graph)
        self._writer = PartWriter(graph, keep_case=reading.keep_case)
        self._newline = "\r\n" if "\r\n" in text else "\n"
        self._declared = dict(self._changed_nodes())

    def text(self) -> str:
        """Return the new text."""
        found, last = [], 0
        for start, end, new in self._groups():
            found += [self._text[last:start], new]
            last = end
        edited = "".join(found) + self._text[last:]
        new_lines = self._newline.join(self._new_lines())
        if not new_lines:
            return edited
        ended = not edited or edited.endswith(("\n", "\r"))
        return f"{edited}{new_lines}{self._newline}" if ended else f"{edited}{self._newline}{new_lines}"

    def _changed_nodes(self) -> Iterator[tuple[str, _Declared]]:
        words: dict[str, Token] = {}
        lones: dict[str, int] = {}
        with_keys: dict[str, int] = {}
        for number, statement in enumerate(self._reading.statements):
            for word in _node_words(statement):
                if _inside(word).partition(":")[0]:
                    words.setdefault(self._id(word), word)
            if isinstance(statement, Chain) and not self._reading.links[number].parts:
                (with_keys if statement.keys else lones).setdefault(self._id(statement.places[0].words[0]), number)
        for id, word in words.items():
            if id in self._nodes and not self._changes.is_same(("processes", id)):
                node = self._nodes[id]
                inline = {key for key, value in node.metadata.items() if is_inline(key, value)}
                yield id, _Declared(node, word, with_keys.get(id, lones.get(id)), *split(node, inline))

    # -- statements --

    def _groups(self) -> Iterator[tuple[int, int, str]]:
        """Yield the pieces to replace: start, end, text. Statements on one line go together."""
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
            key = "properties", "environment" if statement.key == "runtime" else statement.key
            state = self._changes.state(key)
            return None if state == "same" else [self._property(key)] if state == "changed" else []
        if isinstance(statement, Export):
            return self._export(number, statement, start, end)
        links = self._reading.links[number]
        return self._chain(links, start, end) if links.parts else self._lone(number, statement, start, end)

    def _fragment(self, statement: Fragment) -> list[str] | None:
        text = statement.token[2:]
        document = json.loads(text)
        new = updated(document, self._changes, whole=False)
        if new == document and repr(new) == repr(document):
            return None
        return ["#:" + rewritten(text, document, new)] if new else []

    def _export(self, number: int, statement: Export, start: int, end: int) -> list[str] | None:
        if number not in self._reading.exports or statement.node is None:
            return None
        side, public = self._reading.exports[number]
        key = self._changes.entry_key(side, public, None)
        state = self._changes.state(key)
        if state == "same":
            return self._sliced(start, end, [statement.node])
        lone = self._declaration(statement.node)
        return [*lone, self._writer.export(side, *self._changes.entry(key))] if state == "changed" else lone

    def _lone(self, number: int, statement: Chain, start: int, end: int) -> list[str] | None:
        word = statement.places[0].words[0]
        id, token = self._id(word), self._token(word)
        if id not in self._nodes:
            return []
        declared = self._declared.get(id)
        if declared is None:
            return self._sliced(start, end, [word])
        rest = declared.rest if declared.lone == number else {}
        return [line(token, rest)] if rest or _inside(token) else []

    def _chain(self, links: Links, start: int, end: int) -> list[str] | None:
        words = [word for _, word, _ in links.steps]
        keys = [self._key(part) for part in links.parts]
        states = [self._changes.state(key) for key in keys]
        if all(state == "same" for state in states):
            return self._sliced(start, end, words)
        if states == ["changed"] and isinstance(edge := self._changes.new[keys[0]], Edge):
            old = self._changes.old[keys[0]]
            if (old.src, old.tgt) == (edge.src, edge.tgt):
                metadata = {"metadata": form(edge)["metadata"]} if edge.metadata else {}
                return [line(self._slice(start, span(words[-1])[1], words), metadata)]
        # The link with a number leads from the place with that number to the next; the first place may be a packet.
        places: list[Token | None] = [None, *words] if isinstance(links.parts[0], Initial) else [*words]
        lines, first = [], 0
        for number, (key, state) in enumerate(zip(keys, states, strict=True)):
            if state != "same":
                lines += self._run(places[first : number + 1], start)
                lines += [self._writer.connection(self._changes.entry(key)[1])] if state == "changed" else []
                first = number + 1
        return lines + self._run(places[first:], start)

    def _run(self, places: list[Token | None], start: int) -> list[str]:
        """Return the piece of a chain that stays together; None stands for the packet that begins at `start`."""
        words = [word for word in places if word is not None]
        if len(places) > 1:
            return [self._slice(start if places[0] is None else span(words[0])[0], span(words[-1])[1], words)]
        return [each for word in words for each in self._declaration(word)]

    def _key(self, part: Edge | Initial) -> Key:
        tgt = self._renamed(part.tgt)
        if isinstance(part, Edge):
            return self._changes.edge(self._renamed(part.src), tgt)
        return self._changes.packet(tgt, part.data)

    def _renamed(self, ref: PortRef) -> PortRef:
        return ref._replace(node=self._names.get(ref.node, ref.node))

    def _property(self, key: Key) -> str:
        return self._writer.property(*self._changes.entry(key))

    # -- words --

    def _sliced(self, start: int, end: int, words: list[Token]) -> list[str] | None:
        """Return a whole statement with its `words` as they are now; None where they are as they were."""
        new = self._slice(start, end, words)
        return None if new == self._text[start:end] else [new]

    def _slice(self, start: int, end: int, words: list[Token]) -> str:
        found, last = [], start
        for word in words:
            at, to = span(word)
            found += [self._text[last:at], self._token(word)]
            last = to
        return "".join(found) + self._text[last:end]

    def _declaration(self, word: Token) -> list[str]:
        """Return a word on its own, where it declares a node that is still there."""
        token = self._token(word)
        return [token] if _inside(token) and self._id(word) in self._nodes else []

    def _id(self, word: Token) -> str:
        id = self._reading.node_of(word)
        return self._names.get(id, id)

    def _token(self, word: Token) -> str:
        """Return how a node is written where `word` stands."""
        id = self._id(word)
        is_anonymous = word.type == "ANONYMOUS" and id not in self._names.values()
        name = "" if is_anonymous and not (self._explicit and _NAME.fullmatch(id)) else id
        declared = self._declared.get(id)
        if declared is not None and _inside(word):
            if declared.word is word and is_component(declared.node.component):
                return declaration(name, declared.node.component, declared.inline)
            return f"{id}()"
        return name + word[word.index("(") :] if "(" in word else name

    # -- new lines --

    def _new_lines(self) -> list[str]:
        """Return the lines that the text lacks."""
        changes, writer = self._changes, self._writer
        lines = [self._property(key) for key in changes.unwritten("properties")]
        lines += [piece(dict([changes.entry(key)])) for key in changes.unwritten("extra")]
        lines += [
            writer.node(self._nodes[id])
            for _, id in changes.unwritten("processes")
            if ("processes", id) not in changes.old
        ]
        for id, declared in self._declared.items():
            if not is_component(declared.node.component) or (declared.rest and not _NAME.fullmatch(id)):
                lines.append(piece({"processes": {id: form(declared.node)}}))
            elif declared.rest and declared.lone is None:
                lines.append(line(id, declared.rest))
        lines += [writer.connection(changes.entry(key)[1]) for key in changes.unwritten("connections")]
        for side in ("inports", "outports"):
            lines += [writer.export(side, *changes.entry(key)) for key in changes.unwritten(side)]
        return lines + [piece({"groups": [changes.entry(key)[1]]}) for key in changes.unwritten("groups")]


def _node_words(statement: object) -> list[Token]:
    """Return the words of a statement that may declare a node."""
    if isinstance(statement, Chain):
        return [word for place in statement.places for word in place.words if word.type in ("NODE", "ANONYMOUS")]
    return [statement.node] if isinstance(statement, Export) and statement.node is not None else []


def _inside(word: str) -> str:
    """Return the text in the parentheses of a word."""
    return word[word.index("(") + 1 : -1] if word.endswith(")") else ""
