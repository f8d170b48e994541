"""The filters of a JSONPath, such as `?(@.on && @.level > 3)`: a part of JavaScript, with its meaning.

npm's jsonpath lets a filter look at `@`, its members and literals, and calls nothing. Of what else it allows, such as
conditions with `?` and regular expressions, nothing is understood here.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NoReturn

from .javascript import OPERATIONS, Thrown, member, number, truthy

__all__ = ["UNSAFE", "Expression", "NotAPath", "NotUnderstood", "compiled", "passes"]

UNSAFE = ("constructor", "__proto__", "prototype")
"""Members at which npm's jsonpath does not look."""

Expression = Callable[[Any], Any]

_TOKEN = re.compile(
    r"""[ \t]*(?:
    (?P<number>(?:(?:0|[1-9][0-9]*)(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?(?![\w.$]))
  | (?P<text>"[^"\\]*"|'[^'\\]*')
  | (?P<name>@?[A-Za-z_$][A-Za-z0-9_$]*|@)
  | (?P<sign>===|!==|==|!=|<=|>=|&&|\|\||\+\+|--|<<|>>|/[/*]|[-+*/%<>!().\[\]=,])
  | (?P<end>$)
  )""",
    re.VERBOSE,
)
_WORDS = (
    "in",
    "instanceof",
    "typeof",
    "void",
    "delete",
    "new",
    "this",
    "function",
    "if",
    "for",
    "while",
    "do",
    "return",
    "var",
)
_NOT_OURS = ("++", "--", "<<", ">>", "//", "/*", ".", "[", *_WORDS)
"""What may follow a value in JavaScript, and is not understood here."""

_ALLOWED = f"@, its members, texts, numbers, true, false, null, parentheses, ! && || {' '.join(OPERATIONS)}"
_LITERALS = {"true": True, "false": False, "null": None}
_NEVER_FIRST = ("", ")", "]", ".", ",", "=", *(sign for sign in OPERATIONS if sign not in "+-/"), "&&", "||")


class NotAPath(Exception):
    """npm's jsonpath refuses this, or never finds anything with it; the text says why."""


class NotUnderstood(Exception):
    """npm's jsonpath may understand this, ours does not; the text says what."""


def compiled(source: str) -> Expression:
    """What a filter makes of an element; raises NotAPath or NotUnderstood.

    To evaluate one may raise `javascript.Method`.
    """
    return _Parser(source).whole()


def passes(test: Expression, element: Any) -> bool:
    """Whether an element passes a filter."""
    try:
        return truthy(test(element))
    except Thrown:
        return False


class _Parser:
    def __init__(self, source: str) -> None:
        self._source = source
        self._at = 0
        self._kind = ""
        self._token = ""
        self._next()

    def whole(self) -> Expression:
        found = self._expression(1)
        if self._kind != "end":
            self._refuse()
        return found

    def _next(self) -> str:
        """Step to the next token; returns the one that was there."""
        before = self._token
        found = _TOKEN.match(self._source, self._at)
        if found is None:
            self._token = self._source[self._at :].lstrip(" \t")[:10]
            self._not_understood()
        self._at, self._kind = found.end(), str(found.lastgroup)
        self._token = found[self._kind]
        return before

    def _not_understood(self) -> NoReturn:
        raise NotUnderstood(f"there is {self._token!r} in a filter; allowed are {_ALLOWED}")

    def _refuse(self) -> NoReturn:
        """Say what is wrong with a token behind a value."""
        if self._token in _NOT_OURS:
            self._not_understood()
        if self._token == "(":
            raise NotAPath("a filter calls nothing")
        if self._token == "=":
            raise NotAPath("a filter compares with ==, not with =")
        raise NotAPath(
            f"{self._token!r} is not expected there in a filter" if self._token else "a filter ends too early"
        )

    def _expression(self, binding: int) -> Expression:
        """An expression of operators that bind as strongly as this."""
        left = self._operand()
        while True:
            sign = self._token if self._kind == "sign" else ""
            if sign in ("||", "&&") and (strength := 1 if sign == "||" else 2) >= binding:
                self._next()
                left = _either(left, self._expression(strength + 1), stops_at=sign == "||")
            elif sign in OPERATIONS and OPERATIONS[sign][0] >= binding:
                self._next()
                strength, operation = OPERATIONS[sign]
                left = _applied(operation, left, self._expression(strength + 1))
            else:
                return left

    def _operand(self) -> Expression:
        kind, token = self._kind, self._token
        if kind in ("end", "sign") and token in _NEVER_FIRST:
            raise NotAPath(f"a value is missing before {token!r} in a filter" if token else "a filter ends too early")
        if kind == "number":
            return _always(float(self._next()))
        if kind == "text":
            return _always(self._next()[1:-1])
        if kind == "name":
            return self._named()
        if token == "(":
            self._next()
            inside = self._expression(1)
            self._expect(")")
            return inside
        if token not in _UNARY:
            self._not_understood()
        self._next()
        return _unary(_UNARY[token], self._operand())

    def _named(self) -> Expression:
        name = self._next()
        if name in _LITERALS:
            return _always(_LITERALS[name])
        if name in _WORDS:
            self._token = name
            self._not_understood()
        if name != "@":
            raise NotAPath(f"{name!r} in a filter: it can look only at @, the element, as in @.on")
        names: list[str] = []
        while self._kind == "sign" and self._token in (".", "["):
            names.append(self._member_name())
        return lambda element: _walk(element, names)

    def _member_name(self) -> str:
        if self._next() == ".":
            if self._token.startswith("@"):
                self._not_understood()
            if self._kind != "name":
                raise NotAPath(f"{self._token!r} is no name of a member in a filter")
            name = self._next()
        else:
            if self._kind not in ("text", "number") or (self._kind == "number" and not self._token.isdecimal()):
                raise NotUnderstood("[…] in a filter may hold a text in quotes or an index, nothing else")
            name = self._token[1:-1] if self._kind == "text" else self._token
            self._next()
            self._expect("]")
        if name in UNSAFE:
            raise NotAPath(f"a filter cannot look at {name!r}")
        return name

    def _expect(self, sign: str) -> None:
        if self._token != sign or self._kind != "sign":
            self._refuse()
        self._next()


def _always(value: Any) -> Expression:
    return lambda _: value


def _walk(value: Any, names: list[str]) -> Any:
    for name in names:
        value = member(value, name)
    return value


def _either(left: Expression, right: Expression, *, stops_at: bool) -> Expression:
    def evaluate(element: Any) -> Any:
        found = left(element)
        return found if truthy(found) == stops_at else right(element)

    return evaluate


def _applied(operation: Callable[[Any, Any], Any], left: Expression, right: Expression) -> Expression:
    return lambda element: operation(left(element), right(element))


def _unary(operation: Callable[[Any], Any], inner: Expression) -> Expression:
    return lambda element: operation(inner(element))


_UNARY: dict[str, Callable[[Any], Any]] = {
    "!": lambda value: not truthy(value),
    "-": lambda value: -number(value),
    "+": number,
}
