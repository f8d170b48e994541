"""The size of a value, and limits for values that a component makes."""

from __future__ import annotations

from typing import Any

import msgspec

from msgflo import Error

__all__ = ["MAX_PARTS", "MAX_TEXT", "check_size", "size"]

MAX_TEXT = 64 * 1024  # characters that a component may make
MAX_PARTS = 10_000  # values within one value that a component makes
_MAX_DEPTH = 32


def size(value: Any) -> int:
    """Return about how many bytes a value takes: those of its text, or of its JSON; 0 of what has none."""
    if isinstance(value, str):
        return len(value)
    try:
        return len(msgspec.json.encode(value)) if isinstance(value, dict | list) else 0
    except (ValueError, RecursionError, TypeError):
        return 0


def check_size(value: Any) -> Any:
    """Return a value that a component made of others, or raise Error if it has grown too large to be sent.

    In a loop of nodes such a value could grow without end.
    """
    parts, level, text = 0, [value], 0
    for _ in range(_MAX_DEPTH):
        inner: list[Any] = []
        for each in level:
            if isinstance(each, str):
                text += len(each)
            elif isinstance(each, dict | list):
                inner.extend(each.values() if isinstance(each, dict) else each)
            if len(inner) + parts > MAX_PARTS or text > MAX_TEXT:
                raise Error(f"the result is too large; at most {MAX_PARTS} parts and {MAX_TEXT} characters")
        if not inner:
            return value
        parts += len(inner)
        level = inner
    raise Error(f"the result is nested more than {_MAX_DEPTH} deep")
