"""Values as JavaScript writes them: what tools of flow-based programming print is compared by people and by programs."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Any

from .._javascript import digits, double

__all__ = ["json_text", "string"]

_LONE = re.compile("[\ud800-\udfff]")
_INDEX = re.compile(r"(?:0|[1-9]\d{0,9})\Z", re.ASCII)
_MAX_INDEX = 2**32 - 2


def json_text(value: Any) -> str:
    """Return what `JSON.stringify` makes of a JSON value (ECMA-262, §25.5.2)."""
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, int | float):
        number = double(value)
        return digits(number) if math.isfinite(number) else "null"
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
