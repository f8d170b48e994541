"""What a packet must be, by the type of its port: the one place where texts of devices become switches and numbers.

Devices say the same in many ways: a switch sends `true`, `"ON"` or `1`, a thermometer 21.5 or `"21.5"`. What can be
meant in one way only is taken; everything else is refused with ComponentError, which says what is allowed.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from math import isfinite
from typing import Any

import msgspec

from .. import _text
from ..errors import ComponentError

__all__ = [
    "CONVERSIONS",
    "MAX_TEXT",
    "array",
    "boolean",
    "check_size",
    "is_released",
    "number",
    "shown",
    "size",
    "string",
    "text_of",
]

MAX_TEXT = 64 * 1024  # characters that a component may make
MAX_PARTS = 10_000  # values within one value that a component makes
_MAX_DEPTH = 32
_SWITCHES = {"true": True, "on": True, "yes": True, "1": True, "false": False, "off": False, "no": False, "0": False}
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?\Z")
_MAX_DIGITS = 400  # more stand for no finite number
_EXACT = 2**53  # whole numbers beyond are floats, as in most programs that read JSON


def boolean(value: Any) -> bool:
    """Return true or false: a JSON boolean, 1 or 0, or a text such as "ON", "off", "true", "no", "1" in any case."""
    if isinstance(value, bool):
        return value
    known = _SWITCHES.get(value.strip().lower()) if isinstance(value, str) else None
    if known is None and isinstance(value, int | float) and value in (0, 1):
        return value == 1
    if known is None:
        raise ComponentError(f'{shown(value)}; allowed: true, false, 1, 0, "on", "off", "yes", "no"')
    return known


def number(value: Any) -> float:
    """Return a finite number: a JSON number, or a text of one such as "21.5"."""
    if isinstance(value, str):
        digits = value.strip()
        if len(digits) <= _MAX_DIGITS and _NUMBER.match(digits):
            value = int(digits) if digits.lstrip("+-").isdigit() else float(digits)
    if isinstance(value, int | float) and not isinstance(value, bool):
        try:
            found = float(value) if abs(value) > _EXACT else value
            if isfinite(found):
                return found
        except OverflowError:
            pass  # refused below
    raise ComponentError(f'{shown(value)}; a finite number is needed, such as 21.5 or "21.5"')


def string(value: Any) -> str:
    """Return a text; a number or a boolean is one, too, as JSON writes it."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool | int | float):
        return text_of(value)
    raise ComponentError(f"{shown(value)}; a text is needed")


def array(value: Any) -> list[Any]:
    """Return a list."""
    if isinstance(value, list):
        return value
    raise ComponentError(f"{shown(value)}; a list is needed")


def _object(value: Any) -> dict[str, Any]:
    if isinstance(value, dict):
        return value
    raise ComponentError(f"{shown(value)}; an object is needed")


def _anything(value: Any) -> Any:
    return value


CONVERSIONS: dict[str, Callable[[Any], Any]] = {
    "boolean": boolean,
    "number": number,
    "string": string,
    "array": array,
    "object": _object,
    "any": _anything,
    "bang": _anything,
}
"""By type of port: what makes a packet fit, or raises ComponentError."""


def is_released(value: Any) -> bool:
    """Tell whether a packet means false: what a button sends when it is let go, which triggers nothing."""
    try:
        return not boolean(value)
    except ComponentError:
        return False


def text_of(value: Any) -> str:
    """Return a value as a text: a text as it is, anything else as JSON."""
    try:
        return value if isinstance(value, str) else msgspec.json.encode(value).decode()
    except (ValueError, RecursionError, TypeError) as wrong:
        raise ComponentError(f"cannot be written as JSON: {wrong}") from None


def size(value: Any) -> int:
    """Return about how many bytes a value takes: those of its text, or of its JSON; 0 of what has none."""
    if isinstance(value, str):
        return len(value)
    try:
        return len(msgspec.json.encode(value)) if isinstance(value, dict | list) else 0
    except (ValueError, RecursionError, TypeError):
        return 0


def shown(value: Any) -> str:
    """Return a value for a message to the user, shortened."""
    return "null" if value is None else _text.shown(value)


def check_size(value: Any) -> Any:
    """Return a value that a component made of others, or raise ComponentError if it has grown too large to be sent.

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
                raise ComponentError(f"the result is too large; at most {MAX_PARTS} parts and {MAX_TEXT} characters")
        if not inner:
            return value
        parts += len(inner)
        level = inner
    raise ComponentError(f"the result is nested more than {_MAX_DEPTH} deep")
