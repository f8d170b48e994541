"""Components that the coordinator can start by itself, and the processes that run them.

A folder with a ``msgflo.yaml`` is a library::

    components:
      demo/Machine: "msgflo participant machine.py #ROLE"    # a command: started for each node with this component
      demo/Plug: plug.yml                                    # a foreign device: announced for each such node
    programs:
      plug: "python plug.py"                                 # runs beside the graph and is no participant

``#ROLE`` and ``#COMPONENT`` are replaced by the node's id and component. A command is no shell line; it runs in that folder,
with the broker in ``MSGFLO_BROKER``, and its first word may be ``msgflo``, ``python`` or ``micropython`` wherever these are.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from .errors import LibraryError

__all__ = ["Command", "Library", "load"]

FILE_NAME = "msgflo.yaml"


@dataclass(frozen=True)
class Command:
    """What to run: words of a command and the folder in which it runs."""

    words: tuple[str, ...]
    folder: Path

    def filled(self, *, role: str, component: str) -> Command:
        """The command for one node."""
        markers = {"#ROLE": role, "#COMPONENT": component}
        return Command(tuple(_replace(word, markers) for word in self.words), self.folder)


@dataclass(frozen=True)
class Library:
    """The components and programs of one folder; an empty one knows none."""

    commands: Mapping[str, Command] = field(default_factory=dict)
    foreign: Mapping[str, Path] = field(default_factory=dict)
    programs: Mapping[str, Command] = field(default_factory=dict)


def load(folder: Path) -> Library:
    """Read the library of a folder.

    Raises LibraryError, with file, line and column where there are any, for a missing or unreadable ``msgflo.yaml`` and for an
    entry that is neither a command nor a ``.yml`` file that exists.
    """
    file = folder / FILE_NAME
    document = _read(file)
    if unknown := document.keys() - {"components", "programs"}:
        key = min(unknown, key=str)
        raise _error(f"unknown key {key!r}; known are 'components' and 'programs'", file, document, key)
    commands: dict[str, Command] = {}
    foreign: dict[str, Path] = {}
    for name, text, error in _entries(document, "components", file):
        if text.endswith((".yml", ".yaml")) and " " not in text.strip():
            foreign[name] = folder / text
            if not foreign[name].is_file():
                raise error(f"there is no file {foreign[name]}")
        else:
            commands[name] = _command(text, folder, error)
    programs = {name: _command(text, folder, error) for name, text, error in _entries(document, "programs", file)}
    return Library(commands, foreign, programs)


MakeError = Callable[[str], LibraryError]
"""Makes an error that names the entry and where it stands."""


def _entries(document: CommentedMap, section: str, file: Path) -> Iterator[tuple[str, str, MakeError]]:
    entries = document.get(section) or CommentedMap()
    if not isinstance(entries, CommentedMap):
        raise _error(f"{section!r} must map names to commands", file, document, section)
    for name, text in entries.items():
        error = partial(_entry_error, name, file, entries)
        if not isinstance(text, str) or not text.strip():
            raise error(f"{text!r} is neither a command nor a .yml file")
        yield str(name), text, error


def _entry_error(name: str, file: Path, entries: CommentedMap, message: str) -> LibraryError:
    return _error(f"{name}: {message}", file, entries, name)


def _command(text: str, folder: Path, error: MakeError) -> Command:
    try:
        return Command(tuple(shlex.split(text)), folder)
    except ValueError as trouble:
        raise error(f"{text!r}: {trouble}") from None


def _read(file: Path) -> CommentedMap:
    try:
        document: Any = YAML().load(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise LibraryError(f"cannot be read: {error.strerror}", file=str(file)) from None
    except UnicodeDecodeError:
        raise LibraryError("is not UTF-8 text", file=str(file)) from None
    except MarkedYAMLError as error:
        mark = error.problem_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (None, None)
        raise LibraryError(str(error.problem or error.context), file=str(file), line=line, column=column) from None
    except YAMLError as error:
        raise LibraryError(str(error), file=str(file)) from None
    if not isinstance(document, CommentedMap):
        raise LibraryError("must hold 'components' and 'programs'", file=str(file), line=1, column=1)
    return document


def _error(message: str, file: Path, mapping: CommentedMap, key: str) -> LibraryError:
    line, column = mapping.lc.key(key)
    return LibraryError(message, file=str(file), line=line + 1, column=column + 1)


def _replace(word: str, markers: Mapping[str, str]) -> str:
    for marker in sorted(markers, key=len, reverse=True):
        word = word.replace(marker, markers[marker])
    return word
