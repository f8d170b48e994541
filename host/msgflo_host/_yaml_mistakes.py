"""What is behind an error of the YAML parser, and where: it speaks of its own state, and often some lines too late."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ruamel.yaml.error import MarkedYAMLError

__all__ = ["explain"]

_QUOTED = re.compile(r"""(?<!\w)(?:"[^"]*"|'[^']*')""")
_LOST = re.compile(r"(?:\s|^)#(?:ROLE|COMPONENT)\b|:\s+#[^\s#]")  # what was meant as a value, and is a comment
_COMMENT = re.compile(r"(?:^|\s)#.*")
_UNSPACED = re.compile(r"\s*(?:- +)?(\w+):(?!//)\S(?!.*:\s)")
_COLON = re.compile(r":(?:\s|$)")
_KEY = re.compile(r"\s*(?:- +)*([\w./-]+)")
_MAP, _LIST = "'<block mapping start>'", "'<block sequence start>'"

Place = tuple[str, int, int]
"""What is wrong, and the line and column that it is in, from 1."""


def explain(wrong: MarkedYAMLError, lines: Sequence[str]) -> Place:
    """Return what is wrong and where; `lines` are those of the text."""
    mark = wrong.problem_mark or wrong.context_mark
    if mark is None:
        return _problem(wrong), 1, 1
    found = _known(wrong, mark.line, mark.column, lines)
    return found or (_problem(wrong) + _hint(mark.line, lines), mark.line + 1, mark.column + 1)


def _known(wrong: MarkedYAMLError, line: int, column: int, lines: Sequence[str]) -> Place | None:
    """Return the mistake of a user that the parser's error stands for, None if that is not sure."""
    problem = wrong.problem or ""
    if "could not find expected ':'" in problem and wrong.context_mark is not None:
        return _no_key(wrong.context_mark.line, lines)
    if problem.startswith("expected <block end>") and problem.endswith((_MAP, _LIST)):
        return _indented(line, lines)
    if "mapping values are not allowed here" in problem:
        return _no_value(line, column, lines)
    return None


def _no_value(line: int, column: int, lines: Sequence[str]) -> Place | None:
    """Explain a colon where none can be: the line above lacks one, or this line is too deep, or has two."""
    if _COLON.search(_shown(lines[line][:column])):
        return "a second colon in one line; a text with a colon in it must be in quotes", line + 1, column + 1
    above = next((i for i in range(line - 1, -1, -1) if _shown(lines[i]).strip()), None)
    if above is None:
        return None
    if _indent(lines[above]) < _indent(lines[line]) and _COLON.search(_shown(lines[above])):
        return _indented(line, lines)
    return _no_key(above, lines) if _indent(lines[above]) == _indent(lines[line]) else None


def _no_key(line: int, lines: Sequence[str]) -> Place | None:
    """Explain a line that ought to be `KEY: VALUE`."""
    shown = _shown(lines[line])
    if unspaced := _UNSPACED.match(shown):
        return f"there must be a space after {unspaced[1]}:", line + 1, _indent(lines[line]) + 1
    if _COLON.search(shown):
        return None
    key = _KEY.match(shown)
    return f"a colon is missing after {key[1]}" if key else "a colon is missing", line + 1, _indent(lines[line]) + 1


def _indented(line: int, lines: Sequence[str]) -> Place | None:
    own, least = _indent(lines[line]), None
    above: list[int] = []
    for i in range(line - 1, -1, -1):
        if _shown(lines[i]).strip() and (least is None or _indent(lines[i]) < least):
            least = _indent(lines[i])
            above.append(least)
    if not above:
        return None
    *most, last = map(str, above)
    theirs = f"{', '.join(most)} or {last}" if most else last
    spaces = f"{own} space{'' if own == 1 else 's'}"
    return f"indented differently from the lines above: {spaces}, and those have {theirs}", line + 1, own + 1


def _hint(wrong: int, lines: Sequence[str]) -> str:
    """Return what may be behind an error: a text that became a comment, a colon without a space."""
    near = [(i + 1, line) for i, line in enumerate(lines[: wrong + 1]) if line.strip()][-4:]
    for number, line in reversed(near):
        shown = _QUOTED.sub('""', line)
        comment = re.search(r"(?:^|\s)#", shown)
        lost = _LOST.search(shown)
        if comment and lost and lost.start() <= comment.start() and lost.end() > comment.end():
            return f'; line {number}: a text that begins with # must be in quotes, as in "#ROLE/on"'
        if unspaced := _UNSPACED.match(shown):
            return f"; line {number}: there must be a space after {unspaced[1]}:"
    return ""


def _problem(wrong: MarkedYAMLError) -> str:
    parts = [str(part).strip() for part in (wrong.context, wrong.problem) if part]
    text = ", ".join(parts) or "not YAML"
    return f"{text}; indent with spaces" if "'\\t'" in text else text


def _shown(line: str) -> str:
    """Return a line without its comment, and with nothing in its quotes."""
    return _COMMENT.sub("", _QUOTED.sub('""', line))


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))
