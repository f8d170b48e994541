"""Components that the coordinator can start by itself, and the processes that run them.

A folder with a ``msgflo.yaml`` is a library::

    components:
      demo/Machine: "msgflo participant machine.py #ROLE"    # a command: started for each node with this component
      demo/Plug: plug.yml                                    # a foreign device: announced for each such node
    programs:
      plug: "python plug.py"                                 # runs beside the graph and is no participant

``#ROLE`` and ``#COMPONENT`` are replaced by the node's id and component. A command is no shell line; it runs in that
folder, with the broker in ``MSGFLO_BROKER``, and its first word may be ``msgflo``, ``python`` or ``micropython``
wherever these are.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from .errors import LibraryError

if TYPE_CHECKING:
    from ._yaml import Located, Reader

__all__ = ["FILE_NAME", "Command", "Library", "load"]

FILE_NAME = "msgflo.yaml"
SECTIONS = ("components", "programs")


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

    Raises LibraryError, with file, line and column where there are any, for a missing or unreadable ``msgflo.yaml`` and
    for an entry that is neither a command nor a ``.yml`` file that exists.
    """
    from ._yaml import Reader  # ruamel.yaml: 2 MB that a coordinator without a library does not need

    reader = Reader(folder / FILE_NAME, LibraryError)
    document = reader.read()
    if document is None or not isinstance(document.value, dict):
        reader.fail("must hold 'components' and 'programs'", 1, 1)
    for key in document.value:
        if key not in SECTIONS:
            reader.fail_at(document, f"unknown key {key!r}; known are 'components' and 'programs'", key)
    commands: dict[str, Command] = {}
    foreign: dict[str, Path] = {}
    programs: dict[str, Command] = {}
    for section, name, entry in _entries(document, reader):
        if section == "programs":
            programs[name] = _command(name, entry, folder, reader)
        elif entry.value.endswith((".yml", ".yaml")) and " " not in entry.value.strip():
            foreign[name] = folder / entry.value
            if not foreign[name].is_file():
                reader.fail_at(entry, f"{name}: there is no file {foreign[name]}")
        else:
            _refuse_lost_markers(name, entry, reader)
            commands[name] = _command(name, entry, folder, reader)
    return Library(commands, foreign, programs)


def _entries(document: Located, reader: Reader) -> Iterator[tuple[str, str, Located]]:
    """Every name with what runs it, checked to be a text."""
    for section, entries in document.value.items():
        if entries.value is None:
            continue
        if not isinstance(entries.value, dict):
            reader.fail_at(document, f"{section!r} must map names to commands", section)
        for name, entry in entries.value.items():
            if not isinstance(entry.value, str) or not entry.value.strip():
                reader.fail_at(entries, f"{name}: {entry.plain()!r} is neither a command nor a .yml file", name)
            yield section, name, entry


def _command(name: str, entry: Located, folder: Path, reader: Reader) -> Command:
    try:
        words = shlex.split(entry.value)
    except ValueError as trouble:
        reader.fail_at(entry, f"{name}: {entry.value!r}: {trouble}")
    return Command(tuple(words), folder.absolute())


def _refuse_lost_markers(name: str, entry: Located, reader: Reader) -> None:
    """Without quotes, YAML takes ` #ROLE` for the beginning of a comment."""
    words = entry.value.split()
    written = r"\s+".join(map(re.escape, words)) + r"[ \t]+(#.*?)?(#ROLE|#COMPONENT)\b"
    lost = re.match(written, reader.text_at(entry, len(words)))
    if lost and (not lost[1] or lost[2] not in entry.value):
        message = f"{name}: {lost[2]} is lost; the rest of the line is a comment for YAML: put the command in quotes"
        reader.fail_at(entry, message)


def _replace(word: str, markers: Mapping[str, str]) -> str:
    for marker in sorted(markers, key=len, reverse=True):
        word = word.replace(marker, markers[marker])
    return word
