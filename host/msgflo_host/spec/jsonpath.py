"""JSONPaths as npm's fbp-spec reads them: with the package jsonpath, which is older than RFC 9535 and differs from it.

https://github.com/dchester/jsonpath, version 1.3.0, of fbp-spec 0.8.0. What differs most: `[-1]` finds nothing, names
have only letters, digits and `_`, `.length` is that of a list, and there are no spaces outside of filters.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache, partial
from typing import Any

from .filters import UNSAFE, Expression, NotAPath, NotUnderstood, compiled, passes
from .javascript import UNDEFINED, Method, Thrown, loosely_equal, member

__all__ = ["NotAPath", "NotUnderstood", "check", "find"]

LONGEST = 300
"""Characters of a path, so few that no filter is nested too deeply."""

Found = Iterable[tuple[str | int, Any]]
Step = Callable[[Any], Found]
"""What a part of a path finds in a value, each with its key or index there."""

_INT = "-?(?:0|[1-9][0-9]*)"
_TOKEN = re.compile(
    rf"""
    (?P<root>\$) | (?P<deep>\.\.) | (?P<dot>\.) | (?P<all>\*) | (?P<name>[a-zA-Z_][a-zA-Z0-9_]*)
  | (?P<open>\[) | (?P<close>\]) | (?P<comma>,) | (?P<slice>(?:{_INT})?:(?:{_INT})?(?::(?:{_INT})?)?) | (?P<index>{_INT})
  | (?P<text>"(?:\\["bfnrt/\\]|\\u[a-fA-F0-9]{{4}}|[^"\\])*"|'(?:\\['bfnrt/\\]|\\u[a-fA-F0-9]{{4}}|[^'\\])*')
  | (?P<script>\(.+?\)(?=\])) | (?P<filter>\?\(.+?\)(?=\]))
    """,
    re.VERBOSE,
)
_SCRIPT = re.compile(r"\( *(?:@\.length *- *)?(?:0|[1-9][0-9]{0,14}) *\)")
_LARGE = re.compile(r"[0-9]{16}")

Token = tuple[str, str]


def check(path: str) -> None:
    """Raise NotAPath for one that npm's reader refuses, too, and NotUnderstood for one that only ours cannot read."""
    _steps(path)


def find(path: str, value: Any) -> list[Any]:
    """Return all that a path finds in a map or a list; raises as `check` does."""
    found = [value]
    try:
        for step in _steps(path):
            found = [part for each in found for _, part in step(each)]
    except Method as method:
        raise NotUnderstood(f"{method} is there a function of JavaScript's own") from None
    return found


@lru_cache(256)
def _steps(path: str) -> tuple[Step, ...]:
    if len(path) > LONGEST:
        raise NotUnderstood(f"it has {len(path)} characters; at most {LONGEST} are allowed")
    if re.search("[\n\r\u2028\u2029]", path):
        raise NotUnderstood("it has more than one line")
    return tuple(_Parser(list(_tokens(path))).steps())


def _tokens(path: str) -> Iterator[Token]:
    at = 0
    while at < len(path):
        token = _TOKEN.match(path, at)
        if token is None:
            raise NotAPath(_why_no_token(path, at))
        if token.lastgroup in ("slice", "index") and _LARGE.search(token[0]):
            raise NotUnderstood(f"{token[0]} is too large")
        yield str(token.lastgroup), token[0]
        at = token.end()


def _why_no_token(path: str, at: int) -> str:
    rest = re.match(r"[\w-]*", path[at:])
    name = re.search(r"[\w-]*$", path[:at])
    if path[at] == "-" or path[at].isalpha():
        whole = (name[0] if name else "") + (rest[0] if rest else "")
        return f"names with other characters than a-z, 0-9 and _ are written ['{whole}']"
    if path[at] == " ":
        return f"a space at character {at + 1}; they are allowed in filters only"
    if path[at] == "?":
        return "a filter is written [?(…)], without spaces around it"
    return f"{path[at]!r} at character {at + 1} is not expected"


class _Parser:
    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = [*tokens, ("end", "")]

    def steps(self) -> Iterator[Step]:
        kind, text = self._take("root", "name", "all", "index")
        if kind != "root":
            # Before other parts, any first word is a key, even * and 0.
            yield _member(kind, text) if len(self._tokens) == 1 else _member("name", text)
        while self._tokens[0][0] != "end":
            yield self._part()

    def _take(self, *kinds: str) -> Token:
        if self._tokens[0][0] not in kinds:
            kind, text = self._tokens[0]
            raise NotAPath("it ends too early" if kind == "end" else f"{text!r} is not expected there")
        return self._tokens.pop(0)

    def _part(self) -> Step:
        deep = self._take("dot", "deep", "open")[0]
        if deep == "open":
            return self._subscript()
        if deep == "deep" and self._tokens[0][0] == "open":
            self._take("open")
            return self._subscript(deep=True)
        return _member(*self._take("name", "all", "index"), deep=deep == "deep")

    def _subscript(self, *, deep: bool = False) -> Step:
        kind, text = self._take("all", "script", "filter", "index", "text", "slice")
        if kind in ("index", "text", "slice"):
            return self._list((kind, text), deep=deep)
        self._take("close")
        if kind == "all":
            return _descendants if deep else _children
        if kind == "filter":
            return partial(_filtered, compiled(text[2:-1]), _descendants if deep else _children)
        if deep:
            raise NotAPath("behind .. there is no [(…)]")
        if not _SCRIPT.fullmatch(text):
            raise NotUnderstood("of […] with parentheses, only [(@.length-1)] and [(0)] are understood")
        return partial(_computed, compiled(text[1:-1]))

    def _list(self, first: Token, *, deep: bool) -> Step:
        members = [first]
        while self._tokens[0][0] == "comma":
            self._take("comma")
            members.append(self._take("index", "text", "slice"))
        self._take("close")
        if len(members) == 1 and first[0] == "index" and first[1].lstrip("-0") and first[1].startswith("-"):
            raise NotAPath(f"[{first[1]}] never finds anything; counted from the end it is [{first[1]}:] and the like")
        if deep and len(members) > 1:
            raise NotUnderstood("behind .. there can be only one key or index; write ..*[…]")
        steps = [_subscripted(*each, deep=deep) for each in members]
        return steps[0] if len(steps) == 1 else partial(_union, steps)


def _member(kind: str, text: str, *, deep: bool = False) -> Step:
    if kind == "all":
        return _descendants if deep else _children
    if kind == "index":
        ref = int(text)
        if deep:
            return partial(_where, lambda key: loosely_equal(key, ref), _descendants)
        return partial(_where, lambda key: str(key) == str(ref), _children)
    _refuse_unsafe(text)
    return partial(_where, lambda key: loosely_equal(key, text), _descendants) if deep else partial(_named, text)


def _subscripted(kind: str, text: str, *, deep: bool) -> Step:
    if kind == "text":
        return _member("name", text[1:-1], deep=deep)
    if kind == "index":
        ref = int(text)
        return partial(_where, lambda key: isinstance(key, int) and key == ref, _descendants if deep else _children)
    if deep:
        raise NotAPath("behind .. there is no range of a list")
    bounds = [int(each) if each else None for each in text.split(":")]
    if len(bounds) == 3 and bounds[2] is not None and bounds[2] < 1:
        raise NotUnderstood("ranges of a list with a step below 1 are not understood")
    return partial(_sliced, slice(*bounds))


def _refuse_unsafe(name: str) -> None:
    if name in UNSAFE:
        raise NotAPath(f"it cannot look at {name!r}")


def _children(value: Any) -> Found:
    return enumerate(value) if isinstance(value, list) else value.items() if isinstance(value, dict) else ()


def _descendants(value: Any) -> Found:
    waiting = [value]
    while waiting:
        for key, part in _children(waiting.pop()):
            yield key, part
            waiting.append(part)


def _where(test: Callable[[str | int], bool], among: Step, value: Any) -> Found:
    return [(key, part) for key, part in among(value) if test(key)]


def _filtered(test: Expression, among: Step, value: Any) -> Found:
    return [(key, part) for key, part in among(value) if passes(test, part)]


def _named(name: str, value: Any) -> Found:
    found = member(value, name) if isinstance(value, (dict, list)) else UNDEFINED
    return [] if found is UNDEFINED else [(name, found)]


def _sliced(bounds: slice, value: Any) -> Found:
    return list(enumerate(value))[bounds] if isinstance(value, list) else []


def _union(steps: list[Step], value: Any) -> Found:
    return {str(key): (key, part) for step in steps for key, part in step(value)}.values()


def _computed(script: Expression, value: Any) -> Found:
    """What is at an index that is computed; where that is none, or there is no list or map, npm's reader fails."""
    if not isinstance(value, (dict, list)):
        raise NotAPath("[(…)] looks into what is no map or list")
    try:
        index = script(value)
    except Thrown:
        index = math.nan
    if not float(index).is_integer() or abs(index) >= 1e21:
        raise NotAPath("[(…)] computes no index")
    return [(int(index), value[int(index)])] if isinstance(value, list) and 0 <= index < len(value) else []
