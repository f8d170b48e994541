"""Plain sentences for the errors of the YAML parser, which speak of its own state."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.reader import ReaderError

__all__ = ["CUT", "explain", "unreadable"]

CUT = "what follows the # is a comment; a text with a # in it must be in quotes"

_Place = tuple[str, int, int]
"""The sentence, and the line and column that it is about, from 1."""

_QUOTES = "must be in quotes"
_LINE = "KEY: VALUE, with a space after the colon"
# The parser's words, and ours; {0} is the group of the expression.
# These mistakes are where the parser began to read a part; it notices them only at `line` and `column`.
_AT_THE_BEGINNING = {
    r"quoted scalar, found unexpected": "the quote is not closed",
    r"parsing a flow .* expected ',' or '(.)'": "a comma or {0} is missing between here and line {line}, column {column}",
    r"could not find expected ':'": f"a line must read  {_LINE}, or - ITEM",
}
_WHERE_IT_STOPS = {
    r"character '\\t' that cannot start": "there is a tab; indent and divide with spaces",
    r"character '(.)' that cannot start": f"a text that begins with {{0}} {_QUOTES}",
    r"undefined alias '(.*)'": f"nothing in this file is marked &{{0}}; a text that begins with * {_QUOTES}",
    r"scanning an? (?:alias|anchor)": f"a text that begins with & or * {_QUOTES}",
    r"scanning a block scalar": f"a text that begins with > or | {_QUOTES}",
    r"(?:scanning|parsing) an? tag|undefined tag handle": f"a text that begins with ! {_QUOTES}",
    r"scanning a directive|expected '<document start>'": f"a text that begins with % {_QUOTES}",
    r"mapping keys are not allowed": f"a text that begins with ? {_QUOTES}",
    r"scanning a double-quoted scalar": r"in double quotes, a backslash is written \\",
    r"expected a single document": "a second document begins here; a file has one",
    r"sequence entries are not allowed": "a list cannot begin here: put its items into the lines below, or write [ITEM, ITEM]",
    r"expected the node content, but found '<stream end>'": "a [ or {{ is not closed; its end may be in a comment, after a #",
    r"expected the node content, but found '(.*)'": "a value is missing before this {0}",
    r"expected <block end>, but found '<block (?:mapping|sequence) start>'": "indented differently from the lines above",
    r"expected <block end>, but found '-'": "an item of a list stands among keys",
    r"block collection, expected <block end>": "a key stands among the items of a list",
    r"expected <block end>, but found '([]}])'": "this {0} closes nothing",
    r"expected <block end>": "this follows a closing quote or bracket: a quote is missing, or is one too many",
    r"mapping values are not allowed": f"this line is indented too far, or the line above does not read  {_LINE}",
}  # fmt: skip
_SECOND_COLON = f"a second colon in one line; a text with a colon in it {_QUOTES}"


def explain(wrong: MarkedYAMLError, lines: Sequence[str]) -> _Place:
    """Return what is wrong and where; `lines` are those of the text."""
    parser_text = ", ".join(str(part).strip() for part in (wrong.context, wrong.problem) if part) or "not YAML"
    stop = wrong.problem_mark or wrong.context_mark
    if stop is None:
        return parser_text, 1, 1
    line, column = stop.line + 1, stop.column + 1
    begin = wrong.context_mark or stop
    for words, sentence in _AT_THE_BEGINNING.items():
        if found := re.search(words, parser_text):
            # The closing bracket may be in what became a comment.
            lost = any(re.search(r"\s#\S", each) for each in lines[begin.line : line])
            text = sentence.format(*found.groups(), line=line, column=column)
            return text + (f"; {CUT}" if lost else ""), begin.line + 1, begin.column + 1
    if "mapping values" in parser_text and ": " in lines[stop.line][: stop.column]:
        return _SECOND_COLON, line, column
    for words, sentence in _WHERE_IT_STOPS.items():
        if found := re.search(words, parser_text):
            return sentence.format(*found.groups()), line, column
    return parser_text, line, column


def unreadable(wrong: ReaderError, text: str) -> _Place:
    """Return which character YAML does not allow, and where it is."""
    before = text[: wrong.position]
    message = f"the character U+{wrong.character:04X} cannot be in a YAML file"
    return message, before.count("\n") + 1, len(before) - before.rfind("\n")
