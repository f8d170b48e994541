"""What is behind an error of the YAML parser, and where: it speaks of its own state, and often some lines too late."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.reader import ReaderError

from .unclosed import Place, unclosed

__all__ = ["CUT", "explain", "unreadable"]

CUT = "what follows the # is a comment; a text with a # in it must be in quotes"

_QUOTED = re.compile(r"""(?<!\w)(?:"[^"]*"|'[^']*')""")
_LOST = re.compile(r"(?:\s|^)#(?:ROLE|COMPONENT)\b|:\s+#[^\s#]")  # what was meant as a value, and is a comment
_COMMENT = re.compile(r"(?:^|\s)#.*")
_UNSPACED = re.compile(r"\s*(?:- +)?(\w+):(?!//)\S(?!.*:\s)")
_COLON = re.compile(r":(?:\s|$)")
_KEY = re.compile(r"\s*(?:- +)*([\w./-]+)")
_ODD_SPACE = re.compile("[\u00a0\u2000-\u200b\u202f\u205f\u3000]")  # copied from a web page, mostly
_MAP, _LIST = "'<block mapping start>'", "'<block sequence start>'"

# What else the parser says, and what a user understands; {0} is the group of the expression.
_WORDS = {
    r"character '\\t' that cannot start": "there is a tab; indent and divide with spaces",
    r"character '(.)' that cannot start": "a text that begins with {0} must be in quotes",
    r"undefined alias '(.*)'": "nothing in this file is marked &{0}; a text that begins with * must be in quotes",
    r"scanning an? (?:alias|anchor).*but found": "a text that begins with & or * must be in quotes",
    r"scanning a block scalar": "a text that begins with > or | must be in quotes",
    r"unknown escape character '(.)'": r"\{0} is not known in double quotes; a backslash is written \\ there",
    r"expected escape sequence of (\d)": "{0} hexadecimal digits are needed here; a backslash is written \\\\ in double quotes",
    r"sequence entries are not allowed": "a list cannot begin here: put its items into the lines below, or write [ITEM, ITEM]",
    r"block mapping, expected <block end>, but found '-'": "an item of a list stands among keys",
    r"block collection, expected <block end>, but found '\?'": "a key stands among the items of a list",
    r"mapping keys are not allowed": "a text that begins with ? must be in quotes",
    r"expected a single document": "a second document begins here; a file has one",
    r"expected '<document start>'": "a text that begins with % must be in quotes",
    r"expected the node content, but found ','": "a text that begins with a comma must be in quotes",
    r"(?:scanning|parsing) an? tag|undefined tag handle": "a text that begins with ! must be in quotes",
    r"scanning a directive": "a text that begins with % must be in quotes",
    r"could not find expected ':'": "a line must read  KEY: VALUE",
    r"expected <block end>, but found": "this cannot follow what is before it",
}


def explain(wrong: MarkedYAMLError, lines: Sequence[str]) -> Place:
    """Return what is wrong and where; `lines` are those of the text."""
    mark = wrong.problem_mark or wrong.context_mark
    if mark is None:
        return _problem(wrong), 1, 1
    found = _odd_space(lines[: mark.line + 1]) or _known(wrong, mark.line, mark.column, lines)
    if found is None:
        text, line, column = unclosed(wrong, lines) or (_problem(wrong), mark.line + 1, mark.column + 1)
        hint = _hint(mark.line, lines) or _cut(text, line - 1, mark.line, lines)
        found = text + hint, line, column
    return found


def unreadable(wrong: ReaderError, text: str) -> Place:
    """Return which character YAML does not allow, and where it is."""
    before = text[: wrong.position]
    message = f"the character U+{wrong.character:04X} cannot be in a YAML file"
    return message, before.count("\n") + 1, len(before) - before.rfind("\n")


def _odd_space(lines: Sequence[str]) -> Place | None:
    """Explain a character that looks like a space, and is part of a text to YAML."""
    for number, line in enumerate(lines, 1):
        if found := _ODD_SPACE.search(_shown(line)):
            place = _ODD_SPACE.search(line)
            assert place is not None
            code = f"U+{ord(found[0]):04X}"
            return f"there is a {code}, which looks like a space; write a plain one", number, place.start() + 1
    return None


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
    return _no_key(above, lines) if _indent(lines[above]) <= _indent(lines[line]) else None


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


def _cut(text: str, first: int, last: int, lines: Sequence[str]) -> str:
    """Return where the closer that is missing is in a comment, which begins within a text then."""
    closer = re.search(r"not closed: (.) is missing$", text)
    for i in range(first, min(last + 1, len(lines)) if closer else first):
        comment = _COMMENT.search(_QUOTED.sub('""', lines[i]))
        if closer and comment and closer[1] in comment[0]:
            return f"; line {i + 1}: {CUT}"
    return ""


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
    for words, meant in _WORDS.items():
        if found := re.search(words, text):
            return meant.format(*found.groups())
    return text


def _shown(line: str) -> str:
    """Return a line without its comment, and with nothing in its quotes."""
    return _COMMENT.sub("", _QUOTED.sub('""', line))


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))
