"""Finds the position of a value in a JSON text, for errors: the parser need not record it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

__all__ = ["Path", "find", "first_deeper", "first_duplicate", "line_column", "path_text"]

Path = tuple[str | int, ...]

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]:,]|[^\s{}\[\]:,"]+')


def line_column(text: str, offset: int) -> tuple[int, int]:
    """Return line and column of a character, both counted from 1."""
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)


def path_text(path: Path) -> str:
    """Return a path as people write it: `connections[3].tgt.port`."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        elif re.fullmatch(r"\w[\w-]*", part):
            text += f".{part}" if text else part
        else:
            text += f"[{json.dumps(part, ensure_ascii=False)}]"
    return text


def find(text: str, path: Path) -> int:
    """Return the offset of the value at `path`, or of the nearest value around it that exists."""
    best, length = 0, 0
    for found, offset in _values(text):
        if found == path:
            return offset
        if length < len(found) and found == path[: len(found)]:
            best, length = offset, len(found)
    return best


def first_duplicate(text: str) -> tuple[Path, int] | None:
    """Return path and offset of the first value whose key stood in the same object before."""
    seen: set[Path] = set()
    for path, offset in _values(text):
        if path in seen:
            return path, offset
        seen.add(path)
    return None


def first_deeper(text: str, depth: int) -> int:
    """Return the offset of the first value that is nested deeper than `depth`, or 0."""
    return next((offset for path, offset in _values(text) if len(path) > depth), 0)


def _values(text: str) -> Iterator[tuple[Path, int]]:
    """Yield path and offset of each value of a JSON text; stops where it is none."""
    stack: list[Any] = []  # per open container: the current index, or the current key, None before the first
    expects_key = False
    for match in _TOKEN.finditer(text):
        token = match[0]
        if token in ("}", "]"):
            if not stack:
                return
            stack.pop()
            expects_key = False
        elif token == ",":
            expects_key = bool(stack) and not isinstance(stack[-1], int)
            if stack and isinstance(stack[-1], int):
                stack[-1] += 1
        elif token == ":":
            expects_key = False
        elif expects_key:
            if not token.startswith('"'):
                return
            try:
                stack[-1] = json.loads(token, strict=False)
            except ValueError:
                return
        else:
            yield tuple(stack), match.start()
            if token in ("{", "["):
                stack.append(None if token == "{" else 0)
                expects_key = token == "{"
