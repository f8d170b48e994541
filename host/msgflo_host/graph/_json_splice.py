"""Changes a JSON text so that it holds another value: what is the same in both stays as it is written."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from .elements import canonical
from .json_format import compact, expanded

__all__ = ["splice"]

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]:,]|[^\s{}\[\]:,"]+')
_FLAT = re.compile(r"[\[{][^\n\[\]{}]*:[^\n]*[\]}]")


def splice(text: str, old: Any, new: Any) -> str:
    """Return `text`, which holds the value `old`, so that it holds `new`.

    Entries of a list in `new` that are the very objects of `old`, in its order, stay where they are.
    """
    part = _scan(text)
    return text[: part.start] + _Splicer(text).changed(part, old, new, 0) + text[part.end :]


@dataclass(slots=True)
class _Part:
    """A value in a text; of an object or a list with its entries."""

    start: int
    end: int = 0
    entries: list[_Entry] = field(default_factory=list)


@dataclass(slots=True)
class _Entry:
    """An entry of an object or a list: `before` stands the comma or bracket, `colon` is where its key ends."""

    before: int
    start: int
    colon: int
    value: _Part


def _scan(text: str) -> _Part:
    """Return the value of a sound JSON text."""
    root = _Part(0)
    stack: list[_Part] = []
    before = key = colon = -1
    for match in _TOKEN.finditer(text):
        token, at = match[0], match.start()
        if token in "}]":
            stack.pop().end = match.end()
        elif token == ",":
            before = match.end()
        elif token == ":":
            continue
        elif key < 0 and stack and text[stack[-1].start] == "{":
            key, colon = at, match.end()
        else:
            part = _Part(at, match.end())
            if stack:
                stack[-1].entries.append(_Entry(before, at if key < 0 else key, colon, part))
            else:
                root = part
            key = -1
            if token in "{[":
                stack.append(part)
                before = match.end()
    return root


class _Splicer:
    """Writes what is new as the rest of the text is written."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._newline = "\r\n" if "\r\n" in text else "\n"
        indent = re.search(r"\n([ \t]+)\S", text)
        self._unit = indent[1] if indent else "    "
        self._in_lines = "\n" in text
        self._flat = _FLAT.search(text) is not None
        self._tight = '": ' not in text

    def changed(self, part: _Part, old: Any, new: Any, depth: int) -> str:
        """Return the text of a value that is `new` now."""
        if old is not new:
            if part.entries and isinstance(old, dict) and isinstance(new, dict):
                return self._object(part, old, new, depth)
            if part.entries and isinstance(old, list) and isinstance(new, list):
                return self._list(part, old, new, depth)
            if canonical([old]) != canonical([new]):
                return self._fresh(new, self._indent(part.start), self._is_flat(None), depth)
        return self._text[part.start : part.end]

    def _object(self, part: _Part, old: dict[str, Any], new: dict[str, Any], depth: int) -> str:
        found: list[tuple[_Entry | None, str]] = []
        for entry, key in zip(part.entries, old, strict=True):
            if key in new:
                value = self.changed(entry.value, old[key], new[key], depth + 1)
                found.append((entry, self._text[entry.start : entry.value.start] + value))
        colon = min((self._text[entry.colon : entry.value.start] for entry in part.entries), key=len)
        for key, value in new.items():
            if key not in old:
                found.append((None, f"{compact(key)}{colon}{self._sibling(part, value, depth)}"))
        return self._joined(part, found, "{}")

    def _list(self, part: _Part, old: list[Any], new: list[Any], depth: int) -> str:
        found: list[tuple[_Entry | None, str]] = []
        for at, there in _aligned(old, new):
            entry = part.entries[at] if at is not None else None
            if entry is None:
                found.append((None, self._sibling(part, new[there], depth)))
            else:
                found.append((entry, self.changed(entry.value, old[at or 0], new[there], depth + 1)))
        return self._joined(part, found, "[]")

    def _joined(self, part: _Part, found: list[tuple[_Entry | None, str]], empty: str) -> str:
        """Return an object or a list with these entries, each with its text, with the space that stood around them."""
        if not found:
            return empty
        text, entries = self._text, part.entries
        spaces = [text[entry.before : entry.start] for entry in entries]
        alone = len(entries) == 1 and not spaces[0] and not self._tight
        ends = {id(a): b.before - 1 for a, b in pairwise(entries)}
        written = ""
        for number, (entry, body) in enumerate(found):
            if number == 0:
                space = spaces[0]
            elif entry is None or entry is entries[0]:
                space = " " if alone else spaces[-1]
            else:
                space = text[entry.before : entry.start]
            more = number + 1 < len(found)
            trail = text[entry.value.end : ends[id(entry)]] if more and entry is not None and id(entry) in ends else ""
            written += space + body + (trail + "," if more else "")
        return text[part.start] + written + text[entries[-1].value.end : part.end]

    def _sibling(self, part: _Part, value: Any, depth: int) -> str:
        """Return a new entry of an object or a list, written as those that are there."""
        last = part.entries[-1]
        flat = self._is_flat(part if depth else None)
        return self._fresh(value, self._indent(last.start), flat, depth + 1)

    def _is_flat(self, part: _Part | None) -> bool:
        """Whether values are written on one line, in an object or a list or by themselves."""
        if part is None:
            return self._flat or not self._in_lines
        inner = next((entry.value for entry in reversed(part.entries) if entry.value.entries), None)
        if inner is not None:
            return "\n" not in self._text[inner.start : inner.end]
        return self._flat or "\n" not in self._text[part.start : part.end]

    def _fresh(self, value: Any, indent: str, flat: bool, depth: int) -> str:
        if self._tight:
            return compact(value, tight=True)
        if not flat:
            return expanded(value, self._unit).replace("\n", self._newline + indent)
        if depth > 1 or not value or not self._in_lines or not isinstance(value, (dict, list)):
            return compact(value)
        # A whole section: one entry a line.
        inner = f"{self._newline}{indent}{self._unit}"
        pairs = value.items() if isinstance(value, dict) else [(None, each) for each in value]
        lines = [(f"{compact(key)}: " if key is not None else "") + compact(each) for key, each in pairs]
        open, close = "{}" if isinstance(value, dict) else "[]"
        return f"{open}{inner}{f',{inner}'.join(lines)}{self._newline}{indent}{close}"

    def _indent(self, at: int) -> str:
        line = self._text.rfind("\n", 0, at) + 1
        found = re.compile(r"[ \t]*").match(self._text, line)
        return found[0] if found else ""


def _aligned(old: list[Any], new: list[Any]) -> list[tuple[int | None, int]]:
    """Return for each entry of `new` the one of `old` that it is, or takes the place of."""
    most = min(len(old), len(new))
    head = 0
    while head < most and _same(old[head], new[head]):
        head += 1
    tail = 0
    while tail < most - head and _same(old[-1 - tail], new[-1 - tail]):
        tail += 1
    found: list[tuple[int | None, int]] = [(number, number) for number in range(head)]
    # Between these, what is the very object that was there stays in its place.
    places = {id(old[at]): at for at in range(head, len(old) - tail) if isinstance(old[at], dict)}
    end = len(new) - tail
    anchors = [(places[id(new[at])], at) for at in range(head, end) if id(new[at]) in places]
    begin, start = head, head
    for last, stop in [*anchors, (len(old) - tail, end)]:
        pairs = min(last - begin, stop - start)
        found += [(begin + n, start + n) for n in range(pairs)]
        found += [(None, n) for n in range(start + pairs, stop)]
        if stop < end:
            found.append((last, stop))
        begin, start = last + 1, stop + 1
    return found + [(len(old) - n, len(new) - n) for n in range(tail, 0, -1)]


def _same(one: Any, other: Any) -> bool:
    return one is other or canonical([one]) == canonical([other])
