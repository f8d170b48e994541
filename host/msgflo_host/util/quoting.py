"""Values as they are quoted in messages: shortened, and harmless in a terminal."""

from __future__ import annotations

from math import isfinite, isnan
from typing import Any

import msgspec

__all__ = ["MOST_SHOWN", "quoted", "shown"]

MOST_SHOWN = 60
"""Characters of a value in a message."""


def shown(value: Any) -> str:
    """Return a value for a message, shortened."""
    if isinstance(value, bytes):
        return quoted(value.decode(errors="replace"))
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, dict):
        return f"an object with {len(value)} keys" if value else "an empty object"
    if isinstance(value, list):
        return f"a list of {len(value)}" if value else "an empty list"
    if value is None:
        return "missing"
    if isinstance(value, float) and not isfinite(value):  # 1e400, too, where it was read as one
        return "NaN" if isnan(value) else f"{'-' if value < 0 else ''}Infinity"
    return msgspec.json.encode(value).decode() if isinstance(value, bool | float) else _short(_digits(value))


def _digits(value: int) -> str:
    # Python refuses to print very long numbers.
    return str(value) if abs(value) < 10**MOST_SHOWN else "a number of more than 60 digits"


def quoted(text: str) -> str:
    """Return a text in quotes, shortened, with nothing in it that moves a terminal's cursor or turns its text around."""
    beginning = text[: MOST_SHOWN + 1]
    if not beginning.isprintable():
        beginning = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in beginning)
    escaped = msgspec.json.encode(beginning).decode()
    return _short(escaped) + '"' if len(text) > MOST_SHOWN else escaped


def _short(text: str) -> str:
    return text if len(text) <= MOST_SHOWN + 2 else text[:MOST_SHOWN] + "…"
