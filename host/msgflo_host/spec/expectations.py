"""The operators of fbp-spec that check a value, with the verdicts of its Node.js runner.

That runner judges with chai's assertions, whose less obvious rules hold here: `contains` compares parts of lists and maps
only when they are plain, and a map contains another when it has all its values.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..graph.json_format import compact
from ..util.quoting import quoted
from . import jsonpath

__all__ = ["OPERATORS", "TYPES", "Expectation", "Unfulfilled", "shown"]

_SHOWN = 300
TYPES = ("string", "number", "boolean", "array", "object", "null")


def shown(value: Any) -> str:
    """Return a value for a message: its JSON, at most 300 characters of it."""
    whole = compact(value)
    return whole if len(whole) <= _SHOWN else f"{whole[:_SHOWN]}…"


class Unfulfilled(Exception):
    """A value is not as expected; the text has the expected value and the actual one."""


@dataclass(frozen=True, slots=True)
class Expectation:
    """One check of a value, or of all that a JSONPath finds in it; one with a `problem` always fails."""

    operator: str
    operand: Any
    path: str | None = None
    problem: str | None = None

    def check(self, value: Any) -> None:
        """Raise Unfulfilled if the value is not as expected."""
        if self.problem is not None:
            raise Unfulfilled(self.problem)
        for found in [value] if not self.path else _find(self.path, value):
            if not OPERATORS[self.operator](found, self.operand):
                at = f" at {self.path}" if self.path else ""
                raise Unfulfilled(f"expected {self._description()}{at}, got {shown(found)}")

    def _description(self) -> str:
        text = "no error" if self.operator == "noterror" else f"{_WORDS[self.operator]} {shown(self.operand)}"
        if self.operator in ("above", "below") and not _are_numbers(self.operand):
            text += " (which must be a number)"
        if self.operator == "type" and self.operand not in TYPES:
            text += f" (which must be one of {', '.join(TYPES)})"
        return text


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


def _equals(actual: Any, expected: Any) -> bool:
    if _kind(actual) != _kind(expected):
        return False
    if isinstance(actual, list):
        return len(actual) == len(expected) and all(map(_equals, actual, expected))
    if isinstance(actual, dict):
        return actual.keys() == expected.keys() and all(_equals(actual[key], expected[key]) for key in actual)
    return bool(actual == expected)


def _is_plain_and_equal(one: Any, other: Any) -> bool:
    """Compare as JavaScript's `===` does: lists and maps are never equal."""
    return not isinstance(one, list | dict) and _equals(one, other)


def _contains(actual: Any, expected: Any) -> bool:
    if isinstance(actual, str):
        return (expected if isinstance(expected, str) else compact(expected)) in actual
    if isinstance(actual, list):
        return any(_is_plain_and_equal(each, expected) for each in actual)
    if not isinstance(expected, dict) or not isinstance(actual, dict):
        return False
    return all(name in actual and _is_plain_and_equal(actual[name], value) for name, value in expected.items())


def _includes_keys(actual: Any, keys: Any) -> bool:
    return bool(_names(keys)) and _names(keys) <= _members(actual)


OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "equals": _equals,
    "type": lambda actual, type_: isinstance(type_, str) and _kind(actual) == type_.lower(),
    "above": lambda actual, limit: _are_numbers(actual, limit) and actual > limit,
    "below": lambda actual, limit: _are_numbers(actual, limit) and actual < limit,
    "contains": _contains,
    "haveKeys": lambda actual, keys: _includes_keys(actual, keys) and _names(keys) == _members(actual),
    "includeKeys": _includes_keys,
    "noterror": lambda actual, _: not (isinstance(actual, dict) and actual.get("message")),
}
"""Functions by name; each returns whether a value is as expected by an operand."""

_WORDS = {
    "equals": "a value equal to", "type": "the type", "above": "a number above", "below": "a number below",
    "contains": "a value with", "haveKeys": "exactly the keys", "includeKeys": "the keys",
}  # fmt: skip


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    kinds = {int: "number", float: "number", str: "string", list: "array", dict: "object"}
    return kinds.get(type(value), "null")


def _are_numbers(*values: Any) -> bool:
    return all(_kind(value) == "number" for value in values)


def _members(value: Any) -> set[str]:
    return (
        set(value)
        if isinstance(value, dict)
        else set(map(str, range(len(value))))
        if isinstance(value, list)
        else set()
    )


def _names(keys: Any) -> set[str]:
    return {str(key) for key in (keys if isinstance(keys, list | dict) else [keys])}
