"""Quotes and brackets that do not close, or close nothing: the parser of YAML says so where it can go on no more."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.tokens import (
    FlowMappingEndToken,
    FlowMappingStartToken,
    FlowSequenceEndToken,
    FlowSequenceStartToken,
    ScalarToken,
)

__all__ = ["Place", "unclosed"]

Place = tuple[str, int, int]
"""What is wrong, and the line and column that it is in, from 1."""

_CLOSER = {"{": "}", "[": "]"}
_INSIDE = {'"': '\\"', "'": "''"}  # how a quote is written within such quotes


def unclosed(wrong: MarkedYAMLError, lines: Sequence[str]) -> Place | None:
    """Return what is wrong with quotes and brackets; None where it is something else."""
    problem, context, mark = wrong.problem or "", wrong.context or "", wrong.problem_mark
    if mark is None:
        return None
    if "quoted scalar" in context and "end of stream" in problem and wrong.context_mark is not None:
        return _quote(wrong.context_mark, lines)
    found = problem.rpartition("but ")[2].removeprefix("got ").removeprefix("found ").strip("'")
    quoted, brackets = _before(mark, lines)
    if quoted is not None and not problem.startswith("expected the node content"):
        if quoted.start_mark.line != quoted.end_mark.line:
            return _quote(quoted.start_mark, lines)
        if not brackets and found == "<scalar>":
            quote = lines[quoted.start_mark.line][quoted.start_mark.column]
            text = f"there is more after the closing {quote}; one inside of such quotes is written {_INSIDE[quote]}"
            return text, mark.line + 1, mark.column + 1
    if found in ("}", "]") and not brackets:
        return f"this {found} closes nothing", mark.line + 1, mark.column + 1
    if brackets and ("flow" in context or found in ("}", "]")):
        return _bracket(found, brackets[-1], mark, lines)
    return None


def _quote(mark: Any, lines: Sequence[str]) -> Place:
    return f"the quote {lines[mark.line][mark.column]} is not closed", mark.line + 1, mark.column + 1


def _bracket(found: str, opener: Any, mark: Any, lines: Sequence[str]) -> Place:
    """Explain what stands in the bracket that was opened last, and cannot."""
    bracket = lines[opener.line][opener.column]
    closer = _CLOSER[bracket]
    here = mark.line + 1, mark.column + 1
    if found in ("}", "]") and found != closer:
        where = "" if opener.line == mark.line else f" of line {opener.line + 1}"
        return f"{closer} is needed before this {found}: the {bracket}{where} is not closed", *here
    if found == "<stream end>" or (mark.line > opener.line and _indent(lines, mark) <= _indent(lines, opener)):
        return f"the {bracket} is not closed: {closer} is missing", opener.line + 1, opener.column + 1
    if found == ",":
        return "there is nothing before this comma", *here
    if found == "?":
        return "a text that begins with ? must be in quotes", *here
    return f"a comma is missing before this, or {closer}", *here


def _before(mark: Any, lines: Sequence[str]) -> tuple[ScalarToken | None, list[Any]]:
    """Return the text in quotes that ends in the line of a place, before it, and the brackets that are open there."""
    quoted, brackets = None, []
    with contextlib.suppress(Exception):  # whatever ruamel.yaml raises: the error is known already
        for token in YAML(typ="safe", pure=True).scan("\n".join(lines)):
            if token.start_mark.index >= mark.index:
                break
            if isinstance(token, FlowMappingStartToken | FlowSequenceStartToken):
                brackets.append(token.start_mark)
            elif isinstance(token, FlowMappingEndToken | FlowSequenceEndToken) and brackets:
                brackets.pop()
            elif isinstance(token, ScalarToken):
                near = token.style in ("'", '"') and token.end_mark.line == mark.line
                quoted = token if near else None
    return quoted, brackets


def _indent(lines: Sequence[str], mark: Any) -> int:
    line = lines[mark.line] if mark.line < len(lines) else ""
    return len(line) - len(line.lstrip(" "))
