"""Parses .fbp text to statements, by the grammar in fbp.lark; `fbp_reader` interprets them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, NoReturn

from lark import Lark, Token, Transformer
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from ..errors import GraphError
from .json_positions import line_column

__all__ = ["Annotation", "Chain", "Export", "Fragment", "Packet", "Place", "Statement", "fail", "spaced", "statements"]

_NAMES = {
    "_ARROW": "'->'", "NODE": "a node or port", "ANONYMOUS": "a node or port", "WORD": "a node or port",
    "INDEXED": "a node or port", "NODE_NAME": "a node", "PORT_NAME": "a port", "DOT": "'.'", "COLON": "':'",
    "_NEWLINE": "a new line", "QUOTED": "a value", "STRING": "a value", "NUMBER": "a value", "RBRACE": "'}'",
    "RSQB": "']'",
}  # fmt: skip
_DOTTED = re.compile(r" *([A-Za-z_][A-Za-z0-9_-]*(?:\([^()]*\))?)\.([A-Za-z_][A-Za-z0-9_.]*(?:\[[0-9]+\])?) *")


@dataclass(frozen=True, slots=True)
class Packet:
    """The value of an initial packet."""

    data: Any


@dataclass(frozen=True, slots=True)
class Place:
    """The words between two arrows, one of them perhaps a NODE or ANONYMOUS token."""

    words: list[Token]


@dataclass(frozen=True, slots=True)
class Chain:
    """Places joined by arrows, perhaps behind a packet; `keys` is the `#: {…}` behind them."""

    packet: Packet | None
    places: list[Place]
    keys: Token | None


@dataclass(frozen=True, slots=True)
class Export:
    """INPORT= or OUTPORT=, and the same with DEFAULT_, where only `port` is set."""

    key: Token
    node: Token | None
    port: Token
    public: Token | None
    keys: Token | None


@dataclass(frozen=True, slots=True)
class Annotation:
    """`# @key value`."""

    key: str
    value: str
    token: Token


@dataclass(frozen=True, slots=True)
class Fragment:
    """`#: {…}` on a line of its own."""

    token: Token


Statement = Chain | Export | Annotation | Fragment


def statements(text: str, file: str | None) -> list[Statement]:
    """Return the statements of an .fbp text; GraphError with file, line and column if it is none."""
    try:
        found: list[Statement] = _parser().parse(text)  # type: ignore[assignment]  # the transformer makes it a list
    except UnexpectedInput as wrong:
        raise _unexpected(wrong, text, file) from None
    except _Bad as wrong:
        fail(wrong.message, wrong.token, file)
    return found


def fail(message: str, token: Token, file: str | None) -> NoReturn:
    """Raise the GraphError that points at `token`."""
    raise GraphError(message, file=file, line=token.line, column=token.column)


def spaced(parts: Iterable[str]) -> str:
    """Return a hint how a chain is written whose ports hang on their nodes by dots, and "" where none does.

    `parts` are the texts between its arrows, as in `machine.LOAD -> lamp.LEVEL`.
    """
    written, has_dots = [], False
    for number, part in enumerate(parts):
        dotted = _DOTTED.fullmatch(part)
        has_dots = has_dots or dotted is not None
        node, port = dotted.groups() if dotted else (part.strip(), "")
        written.append(f"{node} {port}".strip() if number == 0 else f"{port} {node}".strip())
    return f"a space divides node and port; write {' -> '.join(written)}" if has_dots else ""


class _Bad(Exception):
    def __init__(self, message: str, token: Token) -> None:
        super().__init__(message)
        self.message = message
        self.token = token


class _ToStatements(Transformer[Token, list[Statement]]):
    """Called by the parser while it reads, so that depth of nesting costs no recursion."""

    def start(self, children: list[Statement]) -> list[Statement]:
        return children

    def chain(self, children: list[Any]) -> Chain:
        packet = children[0] if isinstance(children[0], Packet) else None
        keys = children[-1] if isinstance(children[-1], Token) else None
        return Chain(packet, [child for child in children if isinstance(child, Place)], keys)

    def explicit(self, children: list[Token]) -> Place:
        return Place([word for word in children if word is not None])

    bare = explicit

    def export(self, children: list[Token]) -> Export:
        key, node, port, public, *keys = children
        return Export(key, node, port, public, keys[0] if keys else None)

    def default(self, children: list[Token]) -> Export:
        return Export(children[0], None, children[1], None, None)

    def annotation(self, children: list[Token]) -> Annotation:
        _, key, value = children[0].split(maxsplit=2)
        return Annotation(key[1:], value.rstrip(" "), children[0])

    def fragment(self, children: list[Token]) -> Fragment:
        return Fragment(children[0])

    def old_export(self, children: list[Token]) -> NoReturn:
        raise _Bad(
            "EXPORT= is no longer in use; write INPORT=Node.PORT:PUBLIC or OUTPORT=Node.PORT:PUBLIC", children[0]
        )

    def quoted(self, children: list[Token]) -> Packet:
        return Packet(children[0][1:-1].replace("\\'", "'"))

    def json(self, children: list[Any]) -> Packet:
        return Packet(_value(children[0]))

    def object(self, children: list[tuple[Token, Any]]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for token, value in children:
            key = _value(token)
            if key in found:
                raise _Bad(f"key {token} is there twice", token)
            found[key] = value
        return found

    def member(self, children: list[Any]) -> tuple[Token, Any]:
        return children[0], _value(children[1])

    def array(self, children: list[Any]) -> list[Any]:
        return [_value(child) for child in children]


def _value(child: Any) -> Any:
    if not isinstance(child, Token):
        return child
    try:
        return json.loads(child)
    except ValueError:  # Python's limit for whole numbers
        raise _Bad("a whole number has more than 4300 digits", child) from None


@cache
def _parser() -> Lark:
    grammar = (resources.files(__package__) / "fbp.lark").read_text(encoding="utf-8")
    return Lark(grammar, parser="lalr", lexer="contextual", transformer=_ToStatements())


def _unexpected(wrong: UnexpectedInput, text: str, file: str | None) -> GraphError:
    offset = wrong.pos_in_stream
    if offset is None or offset < 0 or (isinstance(wrong, UnexpectedToken) and wrong.token.type == "$END"):
        offset = len(text)
    expected: Iterable[str] = ()
    if isinstance(wrong, UnexpectedToken):
        expected = wrong.accepts or wrong.expected
    elif isinstance(wrong, UnexpectedCharacters):
        expected = wrong.allowed or ()
    names = sorted({_NAMES[name] for name in expected if name in _NAMES})
    line, column = line_column(text, offset)
    hint = f"expected {' or '.join(names)}" if names else ""
    if text[offset : offset + 1] == ".":
        hint = spaced(text.split("\n")[line - 1].split("#")[0].rstrip().split("->")) or hint
    message = f"{_seen(text, offset)}; {hint}" if hint else _seen(text, offset)
    return GraphError(message, file=file, line=line, column=column)


def _seen(text: str, offset: int) -> str:
    rest = text[offset : offset + 30].split("\n")[0].rstrip("\r")
    if offset >= len(text):
        return "the text ends too early"
    if rest.startswith("\t"):
        return "a tab; only spaces may stand here"
    if rest.startswith(("'", '"')):
        return f"the text that begins with {rest} does not end, or cannot stand here"
    if rest.startswith("(") and ")" not in rest:
        return f"{rest} is not closed"
    return f"unexpected {rest!r}" if rest else "unexpected end of line"
