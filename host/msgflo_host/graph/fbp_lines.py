"""Where the statements of an .fbp text stand, and how lines change when some of them do."""

from __future__ import annotations

import re

from .fbp_statements import Annotation, Export, Fragment, Statement
from .fbp_words import span

__all__ = ["on_one_line", "replaced", "spans"]

_GAP = re.compile(r"(?:[ \t\r\n\u2028\u2029,]|#[^\r\n\u2028\u2029]*)*")
_END = re.compile(r"[\r\n\u2028\u2029]")


def spans(text: str, statements: list[Statement]) -> list[tuple[int, int]]:
    """Return where each statement starts and ends."""
    found: list[tuple[int, int]] = []
    at = 0
    for statement in statements:
        at = _skip(text, at)
        if isinstance(statement, Annotation | Fragment):
            start, end = span(statement.token)
        elif isinstance(statement, Export):
            start = span(statement.key)[0]
            end = span(statement.keys or statement.public or statement.port)[1]
        else:
            end = span(statement.keys or statement.places[-1].words[-1])[1]
            start = span(statement.places[0].words[0])[0]
            if statement.packet is not None:
                # Behind a tab only a packet may stand.
                start = _tab_before(text, at)
        found.append((start, end))
        at = end
    return found


def on_one_line(text: str, one: tuple[int, int], other: tuple[int, int]) -> bool:
    """Whether a statement begins on the line on which the one before ends."""
    return not _END.search(text, one[1], other[0])


def replaced(
    text: str, newline: str, spans: list[tuple[int, int]], news: list[list[str] | None]
) -> tuple[int, int, str]:
    """Return what is to be put in place of the statements on one line: start, end, text.

    `news` are the lines that stand for each of them now, None where it stays as it is.
    """
    start, end = spans[0][0], spans[-1][1]
    line_start = _line_start(text, start)
    indent = re.match("[ \t]*", text[line_start:start])
    between = newline + (indent[0] if indent else "")
    written = ""
    for number, (where, new) in enumerate(zip(spans, news, strict=True)):
        pieces = [text[slice(*where)]] if new is None else new
        if not pieces:
            continue
        if written:
            gap = text[spans[number - 1][1] : where[0]]
            written += between if _ends_in_keys(written) else gap
        written += between.join(pieces)
    stop = _END.search(text, end)
    line_end = stop.start() if stop else len(text)
    rest = text[end:line_end]
    if written:
        if rest.strip(" \t") and _ends_in_keys(written):
            written += between
            end = line_end - len(rest.lstrip(" \t,"))
        return start, end, written
    if "#" in rest:
        return start, end + rest.index("#"), ""
    if stop is None:
        before = re.search("(?:\r\n|[\r\n\u2028\u2029])$", text[:line_start])
        return (before.start() if before else line_start), line_end, ""
    return line_start, line_end + (2 if text.startswith("\r\n", line_end) else 1), ""


def _line_start(text: str, at: int) -> int:
    start = text.rfind("\n", 0, at) + 1
    for end in "\r\u2028\u2029":
        start = max(start, text.rfind(end, start, at) + 1)
    return start


def _skip(text: str, at: int) -> int:
    """Return where the next statement begins; comments with structure are statements."""
    found = _GAP.match(text, at)
    return found.end() if found else at


def _tab_before(text: str, at: int) -> int:
    """Return where the space before a statement begins that holds a tab: only an initial packet may stand behind one."""
    begin = at
    while begin and text[begin - 1] in " \t":
        begin -= 1
    tab = text.find("\t", begin, at)
    return at if tab < 0 else tab


def _ends_in_keys(text: str) -> bool:
    """Whether a line ends in a comment with structure, which takes all that stands behind it."""
    return re.search("#(?:: *\\{| +@)[^\r\n\u2028\u2029]*$", text) is not None
