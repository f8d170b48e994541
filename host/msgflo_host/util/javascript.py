"""Values as programs in JavaScript have them."""

from __future__ import annotations

from typing import Any

__all__ = ["whole_numbers"]


def whole_numbers(value: Any) -> Any:
    """Return a JSON value as JavaScript sends it: 1.0 as 1."""
    if isinstance(value, dict):
        return {key: whole_numbers(part) for key, part in value.items()}
    if isinstance(value, list):
        return [whole_numbers(part) for part in value]
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < 2**53 else value
