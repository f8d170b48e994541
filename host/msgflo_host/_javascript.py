"""Numbers as JavaScript has them, and as it writes them."""

from __future__ import annotations

import math
from decimal import Decimal

__all__ = ["digits", "double"]


def double(value: int | float) -> float:
    """Return a number as JavaScript has it: whole ones that are too large for that are infinite."""
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def digits(value: float) -> str:
    """Return a number as a text by the rules of Number::toString (ECMA-262); the shortest digits are those that Python finds."""
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    exact = Decimal(repr(value)).normalize()
    if not exact:
        return "0"
    if 1e-6 <= abs(value) < 1e21:
        return f"{exact:f}"
    mantissa, _, exponent = f"{exact:e}".partition("e")
    return f"{mantissa}e{int(exponent):+d}"
