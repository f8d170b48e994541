"""Where the statements and words of an .fbp text stand, and how lines change when some of them do."""

from __future__ import annotations

import re

from lark import Token

from .fbp_statements import Annotation, Export, Fragment, Statement

__all__ = ["on_one_line", "replaced", "span", "spans"]

_GAP = re.compile(r"(?:[ \t\r\n\u2028\u2029,]|#[^\r\n\u2028\u2029]*)*")
_END = re.compile(r"\r\n|[\r\n\u2028\u2029]")


def span(token: Token) -> tuple[int, int]:
    """Return where a word starts and ends."""
    return token.start_pos or 0, token.end_pos or 0


def spans(text: str, statements: list[Statement]) -> list[tuple[int, int]]:
    """Return where each statement starts and ends."""
    found: list[tuple[int, int]] = []
    at = 0
    for statement in statements:
        if isinstance(statement, Annotation | Fragment):
            start, at = span(statement.token)
        elif isinstance(statement, Export):
            start = span(statement.key)[0]
            at = span(statement.keys or statement.public or statement.port)[1]
        else:
            gap = _GAP.match(text, at)
            start = span(statement.places[0].words[0])[0]
            if statement.packet is not None and gap is not None:
                space = gap[0][len(gap[0].rstrip(" \t")) :]
                # Behind a tab only a packet may stand.
                start = gap.end() - (len(space) if "\t" in space else 0)
            at = span(statement.keys or statement.places[-1].words[-1])[1]
        found.append((start, at))
    return found


def on_one_line(text: str, one: tuple[int, int], other: tuple[int, int]) -> bool:
    """Whether a statement begins on the line on which the one before ends."""
    return not _END.search(text, one[1], other[0])


def replaced(
    text: str, newline: str, spans: list[tuple[int, int]], news: list[list[str] | None]
) -> tuple[int, int, str]:
    """Return what replaces the statements on one line: start, end, text.

    `news` are the lines that stand for each of them now, None where it stays as it is.
    """
    start, end = spans[0][0], spans[-1][1]
    line_start = max((match.end() for match in _END.finditer(text[:start])), default=0)
    between = newline + text[line_start:start][: -len(text[line_start:start].lstrip(" \t")) or None]
    written = ""
    for number, (where, new) in enumerate(zip(spans, news, strict=True)):
        pieces = [text[slice(*where)]] if new is None else new
        if written and pieces:
            written += between if _ends_in_keys(written) else text[spans[number - 1][1] : where[0]]
        written += between.join(pieces)
    stop = _END.search(text, end)
    rest = text[end : stop.start() if stop else len(text)]
    if written:
        if rest.strip(" \t") and _ends_in_keys(written):
            written += between
            end += len(rest) - len(rest.lstrip(" \t,"))
        return start, end, written
    if "#" in rest:
        return start, end + rest.index("#"), ""
    if stop is None and line_start:
        before = _END.search(text, line_start - (2 if text[:line_start].endswith("\r\n") else 1))
        return (before.start() if before else line_start), len(text), ""
    return line_start, stop.end() if stop else len(text), ""


def _ends_in_keys(text: str) -> bool:
    """Whether a line ends in a comment with structure, which takes all that stands behind it."""
    return re.search("#(?:: *\\{| +@)[^\r\n\u2028\u2029]*$", text) is not None
