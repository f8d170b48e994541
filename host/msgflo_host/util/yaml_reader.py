"""YAML files of which every value knows its line and column, and which cannot blow up: plain data, bounded in size."""

from __future__ import annotations

import os
import re
import warnings
from codecs import BOM_UTF8
from collections.abc import Callable, Collection
from dataclasses import dataclass
from difflib import get_close_matches
from math import isfinite
from typing import Any, NoReturn

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.reader import ReaderError

from ..errors import MsgfloError
from .readable_files import open_readable
from .yaml_mistakes import CUT, explain, unreadable

__all__ = ["CUT", "MAX_BYTES", "SAVE_AS", "Located", "Reader"]

MAX_BYTES = 256 * 1024
SAVE_AS = "let the editor save the file as UTF-8"
"""The advice at the end of messages about a file that is not UTF-8."""

_MAX_DEPTH = 32
_MAX_VALUES = 20_000  # aliases count each time, so that few lines cannot stand for billions
_TAG = "tag:yaml.org,2002:"
_KINDS = ("str", "int", "float", "bool", "null", "map", "seq", "timestamp")  # a time is only a text here
_TAGS = frozenset(_TAG + kind for kind in _KINDS)
_NAMES: tuple[tuple[type | tuple[type, ...], str], ...] = (
    (bool, "true or false"), ((int, float), "a number"), (str, "a text"), (list, "a list"), (dict, "a map"),
)  # fmt: skip
_BREAK = re.compile("\r\n|[\r\n]")  # what ruamel.yaml counts the lines of YAML 1.2 by
_GLUED = re.compile(r"\s+#\S")  # a comment that looks like a word
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")  # its byte order marks
_UNCOUNTED = "\ufeff"  # a byte order mark, which is no column to it


@dataclass(frozen=True, slots=True)
class Located:
    """A value and where it stands; the parts of lists and maps are Located too. `keys` tells where a map's keys are.

    With a `tag`, one of those that the reader was to let through, the value is the text that follows it.
    """

    value: Any
    line: int
    column: int
    keys: dict[str, tuple[int, int]]
    tag: str | None = None

    @property
    def kind(self) -> str:
        """The name of the type in messages."""
        return next((name for type_, name in _NAMES if isinstance(self.value, type_)), "nothing")

    def plain(self) -> Any:
        """Return the value without places."""
        if isinstance(self.value, dict):
            return {key: part.plain() for key, part in self.value.items()}
        return [part.plain() for part in self.value] if isinstance(self.value, list) else self.value


class Reader:
    """Reads one file; whatever is wrong with it raises `error`, a MsgfloError with file, line and column.

    `tags` are those, such as `!secret`, that a scalar may have beside YAML's own. `json` says that the file is JSON,
    which tabs may indent; all else of it is YAML.
    """

    def __init__(
        self, file: str | os.PathLike[str], error: type[MsgfloError], *, tags: Collection[str] = (), json: bool = False
    ) -> None:
        self.file = os.fspath(file)
        self._json = json
        self._error = error
        self._tags = tags
        self._left = _MAX_VALUES
        self._lines: list[str] = []

    def read(self) -> Located | None:
        """Return what the file holds, None if nothing."""
        root = self._composed(lambda yaml, text: yaml.compose(text))
        return None if root is None else self._located(root, 0)

    def read_all(self) -> list[Located]:
        """Return the documents of the file, which are divided by `---`; one that holds nothing is a Located None."""
        return [self._located(root, 0) for root in self._composed(lambda yaml, text: list(yaml.compose_all(text)))]

    def _composed(self, compose: Callable[[YAML, str], Any]) -> Any:
        text = self._text()
        self._lines = _BREAK.split(text.replace(_UNCOUNTED, ""))
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # about anchors that are used twice
                return compose(YAML(typ="safe", pure=True), text)
        except MarkedYAMLError as wrong:
            self.fail(*explain(wrong, self._lines))
        except ReaderError as wrong:
            self.fail(*unreadable(wrong, text))
        except RecursionError:
            self.fail(f"nested deeper than {_MAX_DEPTH} levels", 1, 1)
        except Exception as wrong:  # ruamel.yaml raises whatever happens to it on broken text
            self.fail(f"not YAML: {str(wrong).splitlines()[0] if str(wrong) else type(wrong).__name__}", 1, 1)

    def fail(self, message: str, line: int | None = None, column: int | None = None) -> NoReturn:
        """Raise the error about a place in the file."""
        raise self._error(message, file=self.file, line=line, column=column)

    def slip(self, message: str, line: int, column: int) -> None:
        """Take a mistake after which the rest can be read: raise its error, unless a reader of a kind collects them."""
        self.fail(message, line, column)

    def fail_at(self, place: Located, message: str, key: str | None = None) -> NoReturn:
        """Raise the error about a value, or about a key of it."""
        self.fail(message, *(place.keys[key] if key is not None else (place.line, place.column)))

    def text_at(self, place: Located, lines: int = 1) -> str:
        """Return what is written from a place on, to the end of its line or of one of the next."""
        first = place.line - 1
        return "\n".join(self._lines[first : first + lines])[place.column - 1 :]

    def is_cut(self, place: Located) -> bool:
        """Return whether a text without quotes ends at a `#` that may have been meant as a part of it, as in `Home #5`."""
        line = self._lines[place.line - 1][place.column - 1 :] if isinstance(place.value, str) else ""
        return line.startswith(str(place.value)) and bool(_GLUED.match(line[len(place.value) :]))

    def _text(self) -> str:
        try:
            with open_readable(self.file) as opened:
                content = opened.read(MAX_BYTES + 1)
        except (OSError, ValueError) as wrong:
            self.fail(f"cannot be read: {getattr(wrong, 'strerror', None) or wrong}")
        if len(content) > MAX_BYTES:
            self.fail(f"is larger than {MAX_BYTES // 1024} KiB")
        content = content.removeprefix(BOM_UTF8)  # or else errors count from behind it
        try:
            text = content.decode()
            return text.replace("\t", " ") if self._json else text
        except UnicodeDecodeError as wrong:
            before = content[: wrong.start].decode("utf-8", "replace")
            column = len(before) - before.rfind("\n")
            like = "it looks like UTF-16; " if content.startswith(_UTF_16) else ""
            why = f"byte 0x{content[wrong.start]:02x} is not UTF-8; {like}{SAVE_AS}"
            self.fail(why, before.count("\n") + 1, column)

    def _located(self, node: Node, depth: int) -> Located:
        self._left -= 1
        line, column = _place(node)
        if self._left < 0:
            self.fail(f"more than {_MAX_VALUES} values, aliases included", line, column)
        if depth > _MAX_DEPTH:
            self.fail(f"nested deeper than {_MAX_DEPTH} levels", line, column)
        if str(node.tag) in self._tags and isinstance(node, ScalarNode):
            return Located(self._text_of(node), line, column, {}, str(node.tag))
        if str(node.tag) not in _TAGS:
            self.fail(f"the tag {node.tag} is not allowed; {self._instead(str(node.tag))}", line, column)
        if isinstance(node, MappingNode):
            return self._map(node, depth)
        if isinstance(node, SequenceNode):
            return Located([self._located(part, depth + 1) for part in node.value], line, column, {})
        assert isinstance(node, ScalarNode)
        return Located(self._scalar(node), line, column, {})

    def _instead(self, tag: str) -> str:
        near = get_close_matches(tag.lower(), self._tags, 1, 0.7)
        return f"did you mean  {near[0]}?" if near else "a text that begins with ! must be in quotes"

    def _map(self, node: MappingNode, depth: int) -> Located:
        found: dict[str, Located] = {}
        keys: dict[str, tuple[int, int]] = {}
        merged: dict[str, Located] = {}
        for key_node, value_node in node.value:
            place = _place(key_node)
            if not isinstance(key_node, ScalarNode):
                self.slip("a key must be a text, not a list or a map", *place)
                continue
            key = self._text_of(key_node)
            value = self._located(value_node, depth + 1)
            if str(key_node.tag) == f"{_TAG}merge":
                merged |= self._merged(value)
            elif key in found:
                self.slip(f"key {key!r} is there twice; first in line {keys[key][0]}", *place)
            else:
                found[key], keys[key] = value, place
        for key, value in merged.items():
            if key not in found:
                found[key], keys[key] = value, (value.line, value.column)
        return Located(found, *_place(node), keys)

    def _merged(self, value: Located) -> dict[str, Located]:
        """Return what `<<: *other` or `<<: [*one, *other]` brings in; the first wins."""
        result: dict[str, Located] = {}
        for part in value.value if isinstance(value.value, list) else [value]:
            if not isinstance(part.value, dict):
                self.fail("'<<' needs a map", part.line, part.column)
            result = {**part.value, **result}
        return result

    def _scalar(self, node: ScalarNode) -> Any:
        read = _SCALARS.get(str(node.tag).removeprefix(_TAG), str)
        try:
            return read(self._text_of(node))
        except ValueError as wrong:
            self.fail(str(wrong), *_place(node))

    def _text_of(self, node: ScalarNode) -> str:
        text = str(node.value)
        if any("\ud800" <= character <= "\udfff" for character in text):
            self.fail("a text holds half of a surrogate pair, which no message can", *_place(node))
        return text


def _place(node: Node) -> tuple[int, int]:
    return node.start_mark.line + 1, node.start_mark.column + 1


def _bool(text: str) -> bool:
    return text.lower() in ("true", "yes", "on", "y")  # the last three only below %YAML 1.1


def _null(text: str) -> None:
    return None


def _int(text: str) -> int:
    plain = text.replace("_", "")
    if len(plain) > 30:
        raise ValueError("a whole number has more than 30 digits; write it as a text, in quotes")
    try:
        return int(plain, 0) if plain.lstrip("+-").startswith(("0x", "0o", "0b")) else int(plain)
    except ValueError:
        raise ValueError(f"{text} is not a whole number; write it as a text, in quotes") from None


def _float(text: str) -> float:
    try:
        number = float(text.replace("_", ""))
    except ValueError:
        number = float("nan")
    if not isfinite(number):
        raise ValueError(f"{text} is not a finite number; write one that is, or a text in quotes")
    return number


_SCALARS: dict[str, Callable[[str], Any]] = {"bool": _bool, "null": _null, "int": _int, "float": _float}
