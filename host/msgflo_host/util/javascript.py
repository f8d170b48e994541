"""Values as JavaScript has and writes them: what tools of flow-based programming print is compared by people and programs."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

__all__ = ["double", "json_text", "string"]

_LONE = re.compile("[\ud800-\udfff]")
_INDEX = re.compile(r"(?:0|[1-9]\d{0,9})\Z", re.ASCII)
_MAX_INDEX = 2**32 - 2


def double(value: int | float) -> float:
    """Return a number as JavaScript has it: whole ones that are too large for that are infinite."""
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def _digits(value: float) -> str:
    """Return a finite number as a text by the rules of Number::toString (ECMA-262); Python finds the shortest digits, too."""
    exact = Decimal(repr(value)).normalize()
    if not exact:
        return "0"
    if 1e-6 <= abs(value) < 1e21:
        return f"{exact:f}"
    mantissa, _, exponent = f"{exact:e}".partition("e")
    return f"{mantissa}e{int(exponent):+d}"


def json_text(value: Any) -> str:
    """Return what `JSON.stringify` makes of a JSON value (ECMA-262, §25.5.2)."""
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, int | float):
        number = double(value)
        return _digits(number) if math.isfinite(number) else "null"
    if isinstance(value, str):
        return _LONE.sub(lambda half: f"\\u{ord(half[0]):04x}", json.dumps(value, ensure_ascii=False))
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{json_text(key)}:{json_text(value[key])}" for key in _keys(value)) + "}"
    return "[" + ",".join(map(json_text, value)) + "]"


def string(value: Any) -> str:
    """Return what `String` makes of a JSON value (ECMA-262, §7.1.17)."""
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping):
        return "[object Object]"
    if isinstance(value, list):
        return ",".join("" if part is None else string(part) for part in value)
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isinf(double(value)):
        return "Infinity" if value > 0 else "-Infinity"
    return json_text(value)


def _keys(value: Mapping[str, Any]) -> list[str]:
    """Return the keys of an object in JavaScript's order: those that can be the index of an array come first."""
    indexes = [key for key in value if _INDEX.match(key) and int(key) <= _MAX_INDEX]
    return sorted(indexes, key=int) + [key for key in value if key not in set(indexes)] if indexes else list(value)
