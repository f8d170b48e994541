"""Values as JavaScript compares and adds them: what the filters of a JSONPath are made of.

Values are those of JSON, and `UNDEFINED`. The rules: ECMA-262, "Abstract Operations".
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any, Final

from .._javascript import digits, double

__all__ = [
    "OPERATIONS",
    "UNDEFINED",
    "Method",
    "Thrown",
    "loosely_equal",
    "member",
    "number",
    "text",
    "truthy",
]


class Thrown(Exception):
    """JavaScript would throw a TypeError here."""


class Method(Exception):
    """A member is one of JavaScript's own functions; the argument is its name."""


class _Undefined:
    pass


UNDEFINED: Final = _Undefined()

_INDEX = re.compile(r"0|[1-9][0-9]{0,14}")
_SPACE = " \t\n\r\v\f\u00a0\ufeff\u2028\u2029"
_DECIMAL = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_OTHER_BASE = re.compile(r"0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO][0-7]+")

_OF_ALL = (
    "hasOwnProperty isPrototypeOf propertyIsEnumerable toLocaleString toString valueOf __defineGetter__ __defineSetter__ \
__lookupGetter__ __lookupSetter__"
)
_METHODS = {
    dict: _OF_ALL,
    list: f"{_OF_ALL} at concat copyWithin entries every fill filter find findIndex findLast findLastIndex flat flatMap forEach \
includes indexOf join keys lastIndexOf map pop push reduce reduceRight reverse shift slice some sort splice toReversed toSorted \
toSpliced unshift values with",
    str: f"{_OF_ALL} anchor at big blink bold charAt charCodeAt codePointAt concat endsWith fixed fontcolor fontsize includes \
indexOf isWellFormed italics lastIndexOf link localeCompare match matchAll normalize padEnd padStart repeat replace replaceAll \
search slice small split startsWith strike sub substr substring sup toLocaleLowerCase toLocaleUpperCase toLowerCase toUpperCase \
toWellFormed trim trimEnd trimLeft trimRight trimStart",
    bool: _OF_ALL,
    int: f"{_OF_ALL} toExponential toFixed toPrecision",
}  # fmt: skip
_METHODS_OF = {type_: frozenset(names.split()) for type_, names in _METHODS.items()}


def member(value: Any, name: str) -> Any:
    """`value[name]`; raises Method for a function that is there, and Thrown for a member of null or undefined."""
    if value is None or value is UNDEFINED:
        raise Thrown
    if isinstance(value, dict) and name in value:
        return value[name]
    if isinstance(value, (list, str)):
        parts = value if isinstance(value, list) else _units(value)
        if name == "length":
            return len(parts)
        if _INDEX.fullmatch(name) and int(name) < len(parts):
            return parts[int(name)]
    type_ = next(each for each in (dict, list, str, bool, object) if isinstance(value, each))
    if name in _METHODS_OF[int if type_ is object else type_]:
        raise Method(name)
    return UNDEFINED


def _units(text: str) -> list[str]:
    """The UTF-16 units of a text."""
    encoded = text.encode("utf-16-le", "surrogatepass")
    return [encoded[at : at + 2].decode("utf-16-le", "surrogatepass") for at in range(0, len(encoded), 2)]


def truthy(value: Any) -> bool:
    """Whether `if` takes a value for true."""
    if isinstance(value, (dict, list)):
        return True
    return value is not UNDEFINED and bool(value) and bool(value == value)


def number(value: Any) -> float:
    """`Number(value)`."""
    value = _primitive(value)
    if value is UNDEFINED:
        return math.nan
    if not isinstance(value, str):
        return double(value or 0)
    written = value.strip(_SPACE)
    if _OTHER_BASE.fullmatch(written):
        return double(int(written, 0))
    if written.lstrip("+-") == "Infinity" and len(written) <= len("+Infinity"):
        return -math.inf if written.startswith("-") else math.inf
    return float(written or 0) if not written or _DECIMAL.fullmatch(written) else math.nan


def _primitive(value: Any) -> Any:
    return text(value) if isinstance(value, (dict, list)) else value


def text(value: Any) -> str:
    """`String(value)`."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return ",".join("" if part is None else text(part) for part in value)
    if isinstance(value, dict):
        if "toString" in value:  # which hides the function of this name
            raise Thrown
        return "[object Object]"
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return digits(double(value))
    return "undefined" if value is UNDEFINED else {None: "null", True: "true", False: "false"}[value]


def loosely_equal(one: Any, other: Any) -> bool:
    """`one == other`."""
    nothing = [value is None or value is UNDEFINED for value in (one, other)]
    if any(nothing):
        return all(nothing)
    if isinstance(one, (dict, list)) and isinstance(other, (dict, list)):
        return one is other
    one, other = _primitive(one), _primitive(other)
    if isinstance(one, str) and isinstance(other, str):
        return one == other
    return number(one) == number(other)


def _equal(one: Any, other: Any) -> bool:
    """`one === other`."""
    kinds: tuple[type | tuple[type, ...], ...] = (bool, str, (int, float), dict, list, object)
    kind, other_kind = (next(kind for kind in kinds if isinstance(value, kind)) for value in (one, other))
    if kind is not other_kind:
        return False
    return one is other if kind is object else loosely_equal(one, other)


def _less(one: Any, other: Any) -> bool:
    one, other = _primitive(one), _primitive(other)
    if isinstance(one, str) and isinstance(other, str):
        return one.encode("utf-16-be", "surrogatepass") < other.encode("utf-16-be", "surrogatepass")
    return number(one) < number(other)


def _at_most(one: Any, other: Any) -> bool:
    one, other = _primitive(one), _primitive(other)
    if isinstance(one, str) and isinstance(other, str):
        return not _less(other, one)
    return number(one) <= number(other)


def _sum(one: Any, other: Any) -> Any:
    one, other = _primitive(one), _primitive(other)
    if isinstance(one, str) or isinstance(other, str):
        return text(one) + text(other)
    return number(one) + number(other)


def _quotient(one: Any, other: Any) -> float:
    above, below = number(one), number(other)
    if below:
        return above / below
    return above * math.copysign(math.inf, below) if above else math.nan


def _rest(one: Any, other: Any) -> float:
    try:
        return math.fmod(number(one), number(other))
    except ValueError:
        return math.nan


OPERATIONS: dict[str, tuple[int, Callable[[Any, Any], Any]]] = {
    "==": (3, loosely_equal),
    "!=": (3, lambda one, other: not loosely_equal(one, other)),
    "===": (3, _equal),
    "!==": (3, lambda one, other: not _equal(one, other)),
    "<": (4, _less),
    ">": (4, lambda one, other: _less(other, one)),
    "<=": (4, _at_most),
    ">=": (4, lambda one, other: _at_most(other, one)),
    "+": (5, _sum),
    "-": (5, lambda one, other: number(one) - number(other)),
    "*": (6, lambda one, other: number(one) * number(other)),
    "/": (6, _quotient),
    "%": (6, _rest),
}
"""By sign, how strongly it binds, and what it does; 1 and 2 are `||` and `&&`."""
