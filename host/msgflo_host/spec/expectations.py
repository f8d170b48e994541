"""What a suite expects of a value: the operators of fbp-spec, with the verdicts of its Node.js runner.

That one judges with chai's assertions, whose less obvious rules are kept here: numbers are doubles, `contains` compares
parts of lists and maps only when they are plain, a map contains another when it has all its values.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..graph.json_format import compact
from ..util.javascript import double, string
from ..util.text_checks import quoted
from . import jsonpath

__all__ = ["OPERATORS", "TYPES", "Expectation", "Unfulfilled", "shown"]

_SHOWN = 300
TYPES = ("string", "number", "boolean", "array", "object", "null")


def shown(value: Any) -> str:
    """A value for a message: its JSON, at most 300 characters of it."""
    whole = compact(value)
    return whole if len(whole) <= _SHOWN else f"{whole[:_SHOWN]}…"


class Unfulfilled(Exception):
    """A value is not as expected; the text says what was expected, and what came."""


@dataclass(frozen=True, slots=True)
class Expectation:
    """One check of a value, or of all that a JSONPath finds in it; with a `problem`, it is one that nothing fulfils."""

    operator: str
    operand: Any
    path: str | None = None
    problem: str | None = None

    def check(self, value: Any) -> None:
        """Raise Unfulfilled if the value is not as expected."""
        if self.problem is not None:
            raise Unfulfilled(self.problem)
        for found in [value] if not self.path else _find(self.path, value):
            if not self._holds(found):
                at = f" at {self.path}" if self.path else ""
                raise Unfulfilled(f"expected {self._wanted()}{at}, got {shown(found)}")

    def _holds(self, value: Any) -> bool:
        return OPERATORS[self.operator](value, self.operand)

    def _wanted(self) -> str:
        wanted = "no error" if self.operator == "noterror" else f"{_WORDS[self.operator]} {shown(self.operand)}"
        if self.operator in ("above", "below") and not _is_number(self.operand):
            wanted += " (which must be a number)"
        if self.operator == "type" and self.operand not in TYPES:
            wanted += f" (which must be one of {', '.join(TYPES)})"
        return wanted


def _find(path: str, value: Any) -> list[Any]:
    """Return all that a JSONPath finds; Unfulfilled if that is nothing."""
    if not isinstance(value, (dict, list)):
        raise Unfulfilled(f"expected a map or a list to look into with {path}, got {shown(value)}")
    try:
        found = jsonpath.find(path, value)
    except jsonpath.NotAPath as wrong:
        raise Unfulfilled(f"{quoted(path)} cannot be looked up in {shown(value)}: {wrong}") from None
    if not found:
        raise Unfulfilled(f"expected {path} to find something, got {shown(value)}")
    return found


def _type(actual: Any, wanted: Any) -> bool:
    return isinstance(wanted, str) and _kind(actual) == wanted.lower()


def _equals(actual: Any, wanted: Any) -> bool:
    if _kind(actual) != _kind(wanted):
        return False
    if _is_number(actual):
        one, other = double(actual), double(wanted)
        return one == other and math.copysign(1, one) == math.copysign(1, other)
    if isinstance(actual, list):
        return len(actual) == len(wanted) and all(map(_equals, actual, wanted))
    if isinstance(actual, dict):
        return actual.keys() == wanted.keys() and all(_equals(actual[key], wanted[key]) for key in actual)
    return bool(actual == wanted)


def _above(actual: Any, limit: Any) -> bool:
    return _is_number(actual) and _is_number(limit) and double(actual) > double(limit)


def _below(actual: Any, limit: Any) -> bool:
    return _is_number(actual) and _is_number(limit) and double(actual) < double(limit)


def _have_keys(actual: Any, wanted: Any) -> bool:
    return _include_keys(actual, wanted) and len(_names(wanted)) == len(_members(actual))


def _include_keys(actual: Any, wanted: Any) -> bool:
    return bool(_names(wanted)) and all(name in _members(actual) for name in _names(wanted))


def _contains(actual: Any, wanted: Any) -> bool:
    if isinstance(actual, str):
        return string(wanted) in actual
    if isinstance(actual, list):
        return any(_same(each, wanted) for each in actual)
    if not isinstance(wanted, (dict, list)) or actual is None:
        return False
    members = _members(actual)
    return all(name in members and _same(members[name], value) for name, value in _members(wanted).items())


def _no_error(actual: Any, _: Any) -> bool:
    message = actual.get("message") if isinstance(actual, dict) else None
    return not message and not isinstance(message, (dict, list))  # in JavaScript, even empty ones are true


OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "equals": _equals,
    "type": _type,
    "above": _above,
    "below": _below,
    "contains": _contains,
    "haveKeys": _have_keys,
    "includeKeys": _include_keys,
    "noterror": _no_error,
}
"""By name, whether a value is as expected by an operand."""

_WORDS = {
    "equals": "a value equal to", "type": "the type", "above": "a number above", "below": "a number below",
    "contains": "a value with", "haveKeys": "exactly the keys", "includeKeys": "the keys",
}  # fmt: skip


def _kind(value: Any) -> str:
    if value is None:
        return "null"
    kinds: list[tuple[type | tuple[type, ...], str]] = [
        (bool, "boolean"), ((int, float), "number"), (str, "string"), (list, "array"), (dict, "object"),
    ]  # fmt: skip
    return next(name for type_, name in kinds if isinstance(value, type_))


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _same(one: Any, other: Any) -> bool:
    """Whether two values are the same to JavaScript's `===`: lists and maps never are."""
    if isinstance(one, (list, dict)) or _kind(one) != _kind(other):
        return False
    return double(one) == double(other) if _is_number(one) else bool(one == other)


def _members(value: Any) -> dict[str, Any]:
    if isinstance(value, dict):
        return value
    return {str(index): part for index, part in enumerate(value)} if isinstance(value, (list, str)) else {}


def _names(wanted: Any) -> list[str]:
    if isinstance(wanted, dict):
        return list(wanted)
    names = wanted if isinstance(wanted, list) else [wanted]
    return [string(name) for name in names]
