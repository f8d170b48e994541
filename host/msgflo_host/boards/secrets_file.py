"""`!secret NAME` in a port map: the text of that name in secrets.yaml. No message ever holds such a text."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import NoReturn

from ruamel.yaml.nodes import ScalarNode

from ..errors import PortMapError
from ..util.private_files import others_read
from ..util.yaml_reader import CUT, SAVE_AS, Located, Reader
from ._check import BROKEN, Findings, nearest
from .port_map import SHIPPED

__all__ = ["ALLOWED", "EXAMPLE", "TAG", "Secrets", "resolve"]

TAG = "!secret"
# Where a secret may stand: what is said nowhere once it has been read.
ALLOWED = ("wifi.ssid", "wifi.password", "broker", "broker.url", "broker.user", "broker.password")
EXAMPLE = "secrets.example.yaml"
_NAME = re.compile(r"[A-Za-z_][\w-]*")
_FORGOTTEN = re.compile(r"secret\s+([\w-]+)")  # an exclamation mark
_FORM = 'a line must read  NAME: "TEXT"'

_EMPTY = "empty; where none is needed, leave out this line, and in the port map the key that asks for it"


class Secrets:
    """The texts in a secrets.yaml, which is read with the first use; `problem` is its fault."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._example = file.with_name(EXAMPLE)
        self._texts: dict[str, str] | None = None
        self._used: dict[str, set[str]] = {}
        self.problem: PortMapError | None = None
        self.warnings: list[str] = []

    def get(self, name: str, path: str) -> str:
        """Return a text for a key; ValueError says why there is none, or nothing if `problem` does."""
        if self._texts is None and self.problem is None:
            if not self._file.exists():
                line = f'write it, with the line  {name}: "TEXT"'
                how = f"copy {EXAMPLE} to that name and fill it in" if self._example.is_file() else line
                raise ValueError(f"!secret {name}: there is no {self._file}; {how}")
            try:
                reader = _Reader(self._file, PortMapError)
                self._texts = reader.texts()
                self.warnings = reader.warnings
            except PortMapError as wrong:
                self.problem = wrong
            else:
                if self._file.name != EXAMPLE and others_read(self._file):
                    mend = f"mend it with  chmod 600 {shlex.quote(str(self._file))}"
                    self.warnings = [
                        *self.warnings,
                        f"{self._file}: can be read by other users of this machine; {mend}",
                    ]
        if self._texts is None:
            raise ValueError("")
        if name not in self._texts:
            # What has gone wrong with the file may have made a part of a secret a name.
            known = [each for each in self._texts if _NAME.fullmatch(each)]
            raise ValueError(f"!secret {name}: {self._file} has no such name; {nearest(name, known, 'it has')}")
        self._used.setdefault(name, set()).add(path)
        return self._texts[name]

    def untouched(self) -> str | None:
        """Return the warning about texts that are still those of the example; None where none is.

        A network may well have the name that the example has: alone, that says nothing. Where none lies beside the
        file, the example is that of the installed project.
        """
        example = self._example if self._example.exists() else SHIPPED / EXAMPLE
        if not self._used or self._file.name == EXAMPLE or not example.is_file():
            return None
        try:
            theirs = _Reader(example, PortMapError).texts()
        except PortMapError:
            return None
        same = [name for name in self._used if theirs.get(name) == (self._texts or {})[name]]
        if not {path for name in same for path in self._used[name]} - {"wifi.ssid"}:
            return None
        return f"{self._file}: still as in the example: {', '.join(same)}; write your own there"


class _Reader(Reader):
    """Reads secrets; its messages do not quote the file."""

    warnings: list[str] = []

    def texts(self) -> dict[str, str]:
        top = self.read()
        if top is None:
            return {}
        if not isinstance(top.value, dict):
            self.fail(f"is no map; {_FORM}", top.line, top.column)
        for place in top.value.values():
            if not isinstance(place.value, str) or not place.value:
                kind = _EMPTY if place.value in (None, "") else "no text; put it in quotes"
                self.fail(f"the value here is {kind}", place.line, place.column)
        self.warnings = [
            f"{self.file}:{place.line}:{place.column}: {CUT}" for place in top.value.values() if self.is_cut(place)
        ]
        return {name: place.value for name, place in top.value.items()}

    def fail(self, message: str, line: int | None = None, column: int | None = None) -> NoReturn:
        if message.endswith(SAVE_AS):
            message = f"is not UTF-8; {SAVE_AS}"  # without the byte
        safe = line is None or message.endswith((SAVE_AS, _FORM, "put it in quotes", _EMPTY))
        super().fail(message if safe else f"cannot be understood from here on; {_FORM}", line, column)

    def _scalar(self, node: ScalarNode) -> object:
        # A number is not read as one: what is wrong with it would be said with the number.
        return self._text_of(node) if str(node.tag).endswith(":str") else None if not node.value else 0


def resolve(top: Located, secrets: Secrets, findings: Findings) -> Located:
    """Put the secrets into what was read; reports those that are not there, or where none may be."""
    return _resolve(top, "", secrets, findings)


def _resolve(place: Located, path: str, secrets: Secrets, findings: Findings) -> Located:
    if place.tag == TAG:
        return _secret(place, path, secrets, findings)
    if isinstance(place.value, dict):
        parts = {
            key: _resolve(part, f"{path}.{key}".strip("."), secrets, findings) for key, part in place.value.items()
        }
        return Located(parts, place.line, place.column, place.keys)
    if isinstance(place.value, list):
        items = [_resolve(part, f"{path}[]", secrets, findings) for part in place.value]
        return Located(items, place.line, place.column, place.keys)
    if path in ALLOWED and isinstance(place.value, str) and (found := _FORGOTTEN.fullmatch(place.value)):
        return _forgotten(place, path, found[1], secrets, findings)
    return place


def _forgotten(place: Located, path: str, name: str, secrets: Secrets, findings: Findings) -> Located:
    """Report a text that was to be a secret: sure where there is one of that name."""
    try:
        secrets.get(name, path)
    except ValueError:
        # The text may be a password: it is not shown.
        findings.warn(place, f"{path} is a text that begins with the word secret; did you mean  !secret NAME?")
        return place
    findings.report(place, f"{path} is a text; did you mean  !secret {name}?")
    return Located(BROKEN, place.line, place.column, {}, TAG)


def _secret(place: Located, path: str, secrets: Secrets, findings: Findings) -> Located:
    value: object = BROKEN
    if path not in ALLOWED:
        findings.report(place, f"{path} is a !secret; only {', '.join(ALLOWED)} can be")
    else:
        try:
            value = secrets.get(place.value, path)
        except ValueError as reason:
            if str(reason):
                findings.report(place, str(reason))
    return Located(value, place.line, place.column, {}, TAG)
