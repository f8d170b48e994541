"""Writes a changed graph into the .fbp text that held it before: comments, order, spacing and chains stay.

What is gone leaves its statement, and a chain is split where a link of it is gone; what has changed is written anew where it
stands; what is new comes at the end.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from lark import Token

from ..errors import GraphError
from ._fbp_parser import Annotation, Chain, Export, Fragment, Statement
from ._fbp_writer import PartWriter, declaration, dump, is_inline, line, piece, split
from ._json_splice import splice
from .elements import Edge, Initial, Node, PortRef, canonical
from .fbp_format import Links, Reading, read
from .json_edit import document_of, kept_initials, same
from .json_format import compact, form
from .model import Graph

__all__ = ["edit"]

_GAP = re.compile(r"(?:[ \t\r\n\u2028\u2029,]|#[^\r\n\u2028\u2029]*)*")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_END = re.compile(r"[\r\n\u2028\u2029]")


def edit(text: str, graph: Graph) -> str:
    """Return an .fbp text, changed so that it holds `graph`; GraphError where it has a mistake.

    edit("a(x/A) OUT -> IN b(x/B)  # joined\\n", Graph())  # "# joined\\n"
    """
    reading = _read(text)
    for explicit in (False, True):
        edited = _try(text, reading, graph, explicit)
        if edited is not None:
            return edited
    return dump(graph)  # rather the graph than its looks


@lru_cache(maxsize=1)
def _read(text: str) -> Reading:
    """Return what a text says; it takes long, and the text that was written last is mostly the next to be changed."""
    return read(text)


def _try(text: str, reading: Reading, graph: Graph, explicit: bool) -> str | None:
    if reading.graph.case_sensitive != graph.case_sensitive:
        return None
    try:
        for old, new in _renamed(reading.graph, graph):
            text = _rename(text, reading, old, new)
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
        self._olds = {_packet(each, graph): each for each in self._old.initials}
        self._written: set[object] = set()
        self._in_pieces = self._from_pieces()
        self._nodes = {
            id: _Declared(self._old.nodes[id], node)
            for id, node in graph.nodes.items()
            if id in self._old.nodes and not same(self._old.nodes[id], node)
        }
        self._note_declarations()

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

    def _note_declarations(self) -> None:
        """Find for each node that has changed what the text says of it, and where."""
        for number, statement in enumerate(self._reading.statements):
            for token in _tokens(statement):
                found = self._nodes.get(self._name(token))
                if found is not None and (inside := _inside(token)):
                    component, _, metadata = inside.partition(":")
                    items = filter(None, metadata.split(","))
                    keys = (item.partition("=")[0] if "=" in item else "routes" for item in items)
                    found.inline.update(dict.fromkeys(keys))
                    if component and found.token is None:
                        found.token = token
            if isinstance(statement, Chain) and not self._reading.links[number].parts:
                found = self._nodes.get(self._name(statement.places[0].words[0]))
                if found is not None and (found.lone is None or (statement.keys and not found.has_keys)):
                    found.lone, found.has_keys = number, statement.keys is not None
        for id, declared in self._nodes.items():
            declared.place(in_piece=id in self._in_pieces[0])

    def _name(self, token: Token) -> str:
        return self._reading.node_of(token)

    # -- statements --

    def _groups(self) -> Iterator[tuple[int, int, str]]:
        """Yield what is to be put in place of what: start, end, text. Statements on one line go together."""
        spans = self._spans()
        first = 0
        while first < len(spans):
            last = first
            while last + 1 < len(spans) and not _END.search(self._text, spans[last][1], spans[last + 1][0]):
                last += 1
            news = [self._statement(number, *spans[number]) for number in range(first, last + 1)]
            if any(new is not None for new in news):
                yield self._group(first, spans[first : last + 1], news)
            first = last + 1

    def _spans(self) -> list[tuple[int, int]]:
        """Return where each statement starts and ends."""
        found: list[tuple[int, int]] = []
        at = 0
        for statement in self._reading.statements:
            at = _skip(self._text, at)
            if isinstance(statement, Annotation | Fragment):
                start, end = _span(statement.token)
            elif isinstance(statement, Export):
                start = _span(statement.key)[0]
                end = _span(statement.keys or statement.public or statement.port)[1]
            else:
                end = _span(statement.keys or statement.places[-1].words[-1])[1]
                start = _span(statement.places[0].words[0])[0]
                if statement.packet is not None:
                    # Behind a tab only a packet may stand.
                    start = _tab_before(self._text, at)
            found.append((start, end))
            at = end
        return found

    def _group(self, first: int, spans: list[tuple[int, int]], news: list[list[str] | None]) -> tuple[int, int, str]:
        start, end = spans[0][0], spans[-1][1]
        line_start = max((found.end() for found in _END.finditer(self._text, 0, start)), default=0)
        indent = re.match("[ \t]*", self._text[line_start:start])
        between = self._newline + (indent[0] if indent else "")
        written = ""
        for number, (span, new) in enumerate(zip(spans, news, strict=True)):
            pieces = [self._text[slice(*span)]] if new is None else new
            if not pieces:
                continue
            if written:
                gap = self._text[spans[number - 1][1] : span[0]]
                written += between if _ends_in_keys(written) else gap
            written += between.join(pieces)
        stop = _END.search(self._text, end)
        line_end = stop.start() if stop else len(self._text)
        rest = self._text[end:line_end]
        if written:
            if rest.strip(" \t") and _ends_in_keys(written):
                written += between
                end = line_end - len(rest.lstrip(" \t,"))
            return start, end, written
        if "#" in rest:
            return start, end + rest.index("#"), ""
        if stop is None:
            before = re.search("(?:\r\n|[\r\n\u2028\u2029])$", self._text[:line_start])
            return (before.start() if before else line_start), line_end, ""
        return line_start, line_end + (2 if self._text.startswith("\r\n", line_end) else 1), ""

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
        start, end = _span(statement.token)
        text = self._text[start + 2 : end]
        document = json.loads(text)
        new = document_of(document, self._old, self._new, whole=False)
        self._note_written(new)
        if canonical(new) == canonical(document):
            return None
        return ["#:" + splice(text, document, new)] if new else []

    def _note_written(self, document: dict[str, Any]) -> None:
        """What stands in a piece of the JSON form need not be added."""
        for key in document.get("properties") or {}:
            self._written.add(("property", key))
        for key in document:
            self._written.add(("extra", key))
        for value in document.get("connections") or []:
            part = _connection(value)
            key = _edge(part, self._new) if isinstance(part, Edge) else _packet(part, self._new)
            self._written.add(key)
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
            return [token] if _declares(token) and self._name(statement.node) in self._new.nodes else []
        self._written.add((side, public))
        if not same(old, new):
            lone = [token] if _declares(token) and self._name(statement.node) in self._new.nodes else []
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
        if not rest and not _declares(token):
            return [] if statement.keys else None
        if statement.keys and rest:
            space = self._text[_span(word)[1] : _span(statement.keys)[0]]
            return [f"{token}{space}#:{splice(statement.keys[2:], json.loads(statement.keys[2:]), rest)}"]
        return [line(token, rest)]

    def _state(self, part: Edge | Initial) -> Edge | Initial | bool | None:
        """Return None where a link stays as it is, False where it is gone, or what it is now."""
        if isinstance(part, Edge):
            key: object = _edge(part, self._new)
            old: Edge | Initial | None = self._old.find_edge(part.src, part.tgt)
            new: Edge | Initial | None = self._new.find_edge(part.src, part.tgt)
        else:
            old, new = self._olds.get(_packet(part, self._new)), self._kept.get(_packet(part, self._new))
            key = _packet(new, self._new) if new is not None else None
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
            yield self._slice(start, _span(words[-1])[1], words, packet=links)
        elif len(words) > 1:
            yield self._slice(_span(words[0])[0], _span(words[-1])[1], words)
        elif words and _declares(token := self._token(words[0])) and self._name(words[0]) in self._new.nodes:
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
            return line(self._slice(_span(words[0])[0], _span(words[-1])[1], words, tokens), rest)
        arrow = self._text.rindex("->", start, _span(links.steps[0][0] or words[0])[0])
        behind = self._slice(arrow, _span(words[0])[1], words, tokens)
        before = self._text[start:arrow]
        packet = before.rstrip()
        if canonical(now.data) != canonical(old.data):  # type: ignore[union-attr]  # both are initial packets
            packet = _written(now.data, quoted=packet.startswith("'"))
        return line(f"{packet}{before[len(before.rstrip()) :]}{behind}", rest)

    # -- words --

    def _slice(
        self, start: int, end: int, words: list[Token], tokens: list[str] | None = None, *, packet: Links | None = None
    ) -> str:
        """Return a piece of the text, with each of the `words` in it as it is to be written now."""
        replaced = [(*_span(word), new) for word, new in zip(words, tokens or map(self._token, words), strict=True)]
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
        inside = _inside(word)
        if declared is not None and inside and not declared.in_piece:
            if declared.token is word:
                return declaration("" if self._stays_anonymous(word) else id, declared.component, declared.values)
            return f"{id}()"
        if word.type == "ANONYMOUS":
            return str(word) if self._stays_anonymous(word) else f"{id}{word}"
        if word.type != "NODE" and self._explicit and _NAME.fullmatch(word):
            return f"{word}()"
        return str(word)

    def _stays_anonymous(self, word: Token) -> bool:
        return word.type == "ANONYMOUS" and not (self._explicit and _NAME.fullmatch(self._name(word)))

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
                if declared.needs_piece or (declared.rest and not _NAME.fullmatch(id)):
                    lines.append(piece({"processes": {id: form(node)}}))
                elif declared.rest and declared.lone != -1:
                    lines.append(line(id, declared.rest))
        lines += [writer.connection(form(edge)) for edge in new.edges if _edge(edge, new) not in self._written]
        for initial in new.initials:
            if _packet(initial, new) not in self._written:
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


class _Declared:
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
        if not re.fullmatch("[A-Za-z0-9_/-]+", self.component):
            self.component, self.needs_piece = self.old.component, True
        _, self.rest = split(self.new, inline)
        self.values = {key: metadata[key] for key in inline}
        if in_piece or self.needs_piece:
            self.rest = {}


def _tokens(statement: Statement) -> list[Token]:
    """Return the words of a statement that may declare a node."""
    if isinstance(statement, Chain):
        return [word for place in statement.places for word in place.words if word.type in ("NODE", "ANONYMOUS")]
    return [statement.node] if isinstance(statement, Export) and statement.node is not None else []


def _inside(word: str) -> str:
    """Return what stands in the parentheses of a word."""
    return word[word.index("(") + 1 : -1] if word.endswith(")") else ""


def _declares(token: str) -> bool:
    return _inside(token) != ""


def _span(token: Token) -> tuple[int, int]:
    return token.start_pos or 0, token.end_pos or 0


def _skip(text: str, at: int) -> int:
    """Return where the next statement begins; comments with structure are statements."""
    found = _GAP.match(text, at)
    return found.end() if found else at


def _tab_before(text: str, at: int) -> int:
    """Return where the space before a statement begins that holds a tab: only an initial packet may stand behind one."""
    begin = len(text[:at].rstrip(" \t"))
    tab = text.find("\t", begin, at)
    return at if tab < 0 else tab


def _ends_in_keys(text: str) -> bool:
    """Whether a line ends in a comment with structure, which takes all that stands behind it."""
    return re.search("#(?:: *\\{| +@)[^\r\n\u2028\u2029]*$", text) is not None


def _is_spelt_as(one: Edge | Initial, other: Edge | Initial) -> bool:
    """Whether two links, which are the same, are also called the same."""
    return (one.tgt, getattr(one, "src", None)) == (other.tgt, getattr(other, "src", None))


def _connection(value: dict[str, Any]) -> Edge | Initial:
    src, tgt = value.get("src"), value["tgt"]
    target = PortRef(tgt["process"], tgt["port"], tgt.get("index"))
    if src is None:
        return Initial(value["data"], target)
    return Edge(PortRef(src["process"], src["port"], src.get("index")), target)


def _edge(edge: Edge, graph: Graph) -> tuple[PortRef, PortRef]:
    return edge.src._replace(port=graph.fold(edge.src.port)), edge.tgt._replace(port=graph.fold(edge.tgt.port))


def _packet(initial: Initial, graph: Graph) -> tuple[PortRef, str]:
    return initial.tgt._replace(port=graph.fold(initial.tgt.port)), canonical(initial.data)


def _written(data: Any, *, quoted: bool) -> str:
    """Return the data of an initial packet; a text in single quotes where that is how the one before was written."""
    if quoted and isinstance(data, str) and not re.search("[\\\\\r\n\u2028\u2029]", data):
        return "'" + data.replace("'", "\\'") + "'"
    text = compact(data)
    return f"\t{text}" if text in ("true", "false", "null") else text


# -- renamed nodes --


def _renamed(old: Graph, new: Graph) -> Iterator[tuple[str, str]]:
    """Yield the nodes that have another name now, and all else as it was."""
    gone = [id for id in old.nodes if id not in new.nodes]
    come = [id for id in new.nodes if id not in old.nodes and _NAME.fullmatch(id)]
    for id in gone:
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


def _rename(text: str, reading: Reading, old: str, new: str) -> str:
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
        start, end = _span(word)
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
