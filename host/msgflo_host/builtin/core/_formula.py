"""Formulas as functions of their values: read by a grammar, and computed within bounds."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from msgflo import Error
from msgflo.values import boolean, number, shown, text_of

from ..sizes import MAX_TEXT
from . import _paths

if TYPE_CHECKING:
    from lark import Lark

__all__ = ["MAX_DEPTH", "MAX_LENGTH", "VARIABLES", "Formula", "compiled"]

MAX_LENGTH = 500  # characters
MAX_DEPTH = 50
VARIABLES = ("in", "a", "b", "c", "d")

_GRAMMAR = r"""
?start: either
?either: both | either _OR both -> or_
?both: negation | both _AND negation -> and_
?negation: comparison | _NOT negation -> not_
?comparison: sum | sum COMPARE sum -> compare
?sum: product | sum SIGN product -> calculate
?product: signed | product TIMES signed -> calculate
?signed: power | SIGN signed -> signed
?power: value | value POWER signed -> calculate
?value: NUMBER -> number
    | STRING -> text
    | _TRUE -> true
    | _FALSE -> false
    | _NULL -> null
    | NAME -> variable
    | NAME "(" [either ("," either)*] ")" -> call
    | value "." NAME -> member
    | value "[" (STRING | NUMBER) "]" -> member
    | "(" either ")"

_OR.2: /or\b/
_AND.2: /and\b/
_NOT.2: /not\b/
_TRUE.2: /true\b/
_FALSE.2: /false\b/
_NULL.2: /null\b/
COMPARE: "==" | "!=" | "<=" | ">=" | "<" | ">"
POWER.2: "**"
TIMES: "*" | "/" | "%"
SIGN: "+" | "-"
NUMBER: /[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?/
STRING: /"[^"]*"|'[^']*'/
NAME: /[A-Za-z_][A-Za-z0-9_]*/
%ignore /[ \t\r\n]+/
"""


class Formula(NamedTuple):
    """A formula or a part of one: the values that it names, and how deep it is nested."""

    compute: Callable[[Mapping[str, Any]], Any]
    names: frozenset[str] = frozenset()
    depth: int = 1


def compiled(text: str) -> Formula:
    """Return a formula; raise Error with the place of a mistake."""
    from lark.exceptions import UnexpectedCharacters, UnexpectedEOF, UnexpectedInput  # takes memory, so only here

    where = 'inport "expression"'
    if len(text) > MAX_LENGTH:
        raise Error(f"{where}: {len(text)} characters; at most {MAX_LENGTH} are allowed")
    try:
        formula: Formula = _parser().parse(text)  # type: ignore[assignment]
    except UnexpectedInput as wrong:
        at = getattr(wrong, "pos_in_stream", None)
        token = getattr(wrong, "token", None)
        if isinstance(wrong, UnexpectedEOF) or at is None or at >= len(text) or getattr(token, "type", "") == "$END":
            raise Error(f"{where}: {shown(text)} is not complete") from None
        what = text[at] if isinstance(wrong, UnexpectedCharacters) else str(token)
        raise Error(f"{where}, character {at + 1}: {shown(what)} makes no sense here") from None
    except Error as wrong:
        raise Error(f"{where}: {wrong}") from None
    return formula


@functools.cache
def _parser() -> Lark:
    from lark import Lark, Transformer, v_args

    # The parser builds the formula as it reads, without recursion: no nesting is too deep for it.
    build = v_args(inline=True)(type("Build", (Transformer,), {name: staticmethod(f) for name, f in _BUILD.items()}))()
    return Lark(_GRAMMAR, parser="lalr", transformer=build, maybe_placeholders=False)


def _joined(compute: Callable[[Mapping[str, Any]], Any], *parts: Formula) -> Formula:
    depth = 1 + max((part.depth for part in parts), default=0)
    if depth > MAX_DEPTH:
        raise Error(f"it is nested more than {MAX_DEPTH} deep")
    return Formula(compute, frozenset().union(*(part.names for part in parts)), depth)


def _constant(value: Any) -> Formula:
    return Formula(lambda values: value)


def _variable(name: str) -> Formula:
    if name not in VARIABLES:
        raise Error(f"there is no {shown(str(name))}; there are {', '.join(VARIABLES)}")
    key = str(name)
    return Formula(lambda values: values[key], frozenset({key}))


def _member(whole: Formula, key: str) -> Formula:
    step = key[1:-1] if key[0] in "\"'" else str(key)

    def compute(values: Mapping[str, Any]) -> Any:
        value = whole.compute(values)
        found = _paths.find(value, (step,))
        if found is _paths.MISSING:
            raise Error(f"no {shown(step)} in {shown(value)}")
        return found

    return _joined(compute, whole)


def _calculate(left: Formula, operator: str, right: Formula) -> Formula:
    apply = _OPERATORS[operator]

    def compute(values: Mapping[str, Any]) -> Any:
        one, other = number(left.compute(values)), number(right.compute(values))
        return _result(apply, one, other, as_text=lambda: f"{shown(one)} {operator} {shown(other)}")

    return _joined(compute, left, right)


def _compare(left: Formula, operator: str, right: Formula) -> Formula:
    apply = _COMPARISONS[operator]
    return _joined(lambda values: apply(left.compute(values), right.compute(values)), left, right)


def _signed(sign: str, part: Formula) -> Formula:
    factor = -1 if sign == "-" else 1
    return _joined(lambda values: factor * number(part.compute(values)), part)


def _and(left: Formula, right: Formula) -> Formula:
    return _joined(lambda values: boolean(left.compute(values)) and boolean(right.compute(values)), left, right)


def _or(left: Formula, right: Formula) -> Formula:
    return _joined(lambda values: boolean(left.compute(values)) or boolean(right.compute(values)), left, right)


def _not(part: Formula) -> Formula:
    return _joined(lambda values: not boolean(part.compute(values)), part)


def _call(name: str, *arguments: Formula) -> Formula:
    if name == "if" and len(arguments) == 3:
        condition, yes, no = arguments
        return _joined(lambda values: (yes if boolean(condition.compute(values)) else no).compute(values), *arguments)
    function = _FUNCTIONS.get(name)
    if function is None and name != "if":
        raise Error(f"there is no {name}(…); there are if, {', '.join(_FUNCTIONS)}")
    if function is None or not function.least <= len(arguments) <= function.most:
        raise Error(f"{name}(…) does not take {len(arguments)} values")
    apply = function.apply

    def compute(values: Mapping[str, Any]) -> Any:
        found = [argument.compute(values) for argument in arguments]
        return _result(apply, *found, as_text=lambda: f"{name}({', '.join(map(shown, found))})")

    return _joined(compute, *arguments)


def _result(apply: Callable[..., Any], *arguments: Any, as_text: Callable[[], str]) -> Any:
    """Return the result of a function, or raise Error where there is no such number."""
    try:
        result = apply(*arguments)
        if isinstance(result, float) and not math.isfinite(result):
            raise OverflowError
        return float(result) if isinstance(result, int) and abs(result) > 2**53 else result
    except ZeroDivisionError:
        raise Error(f"{as_text()}: division by 0") from None
    except OverflowError:
        raise Error(f"{as_text()}: the result is too large") from None
    except ValueError:
        raise Error(f"{as_text()}: there is no such number") from None


def _equal(one: Any, other: Any) -> bool:
    """Tell whether two values mean the same: "21.5" and 21.5, "ON" and true."""
    for convert, kinds in ((boolean, (bool,)), (number, (int, float))):
        if isinstance(one, kinds) or isinstance(other, kinds):
            try:
                return bool(convert(one) == convert(other))
            except Error:
                return False
    return bool(one == other)


def _round(value: Any, digits: Any = 0) -> float:
    places = number(digits)
    if places not in range(11):
        raise Error(f"round(…): {shown(digits)} digits; allowed: 0 to 10")
    rounded: float = round(number(value), int(places) or None)
    return rounded


def _concat(*parts: Any) -> str:
    text = "".join(map(text_of, parts))
    if len(text) > MAX_TEXT:
        raise Error(f"concat(…): the text is too long; at most {MAX_TEXT} characters are allowed")
    return text


class _Function(NamedTuple):
    apply: Callable[..., Any]
    least: int = 1
    most: int = 1


def _numeric(apply: Callable[..., Any], least: int = 1, most: int = 1) -> _Function:
    return _Function(lambda *arguments: apply(*map(number, arguments)), least, most)


_MANY = 100
_FUNCTIONS = {
    "abs": _numeric(abs),
    "ceil": _numeric(math.ceil),
    "concat": _Function(_concat, 1, _MANY),
    "exp": _numeric(math.exp),
    "floor": _numeric(math.floor),
    "ln": _numeric(math.log),
    "log10": _numeric(math.log10),
    "max": _numeric(lambda *numbers: max(numbers), 1, _MANY),
    "min": _numeric(lambda *numbers: min(numbers), 1, _MANY),
    "number": _numeric(lambda value: value),
    "round": _Function(_round, 1, 2),
    "sqrt": _numeric(math.sqrt),
}
_OPERATORS: dict[str, Callable[[float, float], Any]] = {
    "+": lambda one, other: one + other,
    "-": lambda one, other: one - other,
    "*": lambda one, other: one * other,
    "/": lambda one, other: one / other,
    "%": lambda one, other: one % other,
    "**": math.pow,
}
_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "==": _equal,
    "!=": lambda one, other: not _equal(one, other),
    "<": lambda one, other: number(one) < number(other),
    "<=": lambda one, other: number(one) <= number(other),
    ">": lambda one, other: number(one) > number(other),
    ">=": lambda one, other: number(one) >= number(other),
}
_BUILD: dict[str, Callable[..., Formula]] = {
    "or_": _or,
    "and_": _and,
    "not_": _not,
    "compare": _compare,
    "calculate": _calculate,
    "signed": _signed,
    "number": lambda digits: _constant(number(str(digits))),
    "text": lambda quoted: _constant(str(quoted)[1:-1]),
    "true": lambda: _constant(True),
    "false": lambda: _constant(False),
    "null": lambda: _constant(None),
    "variable": _variable,
    "call": _call,
    "member": _member,
}
