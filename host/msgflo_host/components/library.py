"""The library: components of one folder that the coordinator can start, and the ports of each.

    library = load(Path("components"))
    library.names()                          # ["home/Lamp", …]
    library.info("home/Lamp")                # its ports
    library.source("home/Lamp").code
    library.write("Lamp", "python", code)    # its nodes start again

`component_folder` and `config_file` define what a folder may hold. `live_folder.watch` applies edits on disk.
"""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from ..errors import LibraryError
from ..graph.graph_files import Signature
from ..model.events import Events, LibraryChanged
from ..processes.process_command import Command
from ..wire.discovery import Participant
from . import component_folder as folders
from . import component_info as infos
from . import component_sources
from .component_folder import LANGUAGES, Contents
from .component_info import ComponentInfo
from .component_sources import Source
from .config_file import BY_DEFAULT, FILE_NAME, create, is_configured, namespace_of
from .source_outline import outline

__all__ = [
    "FILE_NAME",
    "ComponentInfo",
    "Library",
    "Source",
    "is_configured",
    "load",
    "of_project",
    "source_of",
]

log = logging.getLogger("msgflo")

Version = Signature | None


def load(folder: Path) -> Library:
    """Read the library of a folder; raises LibraryError, with file, line and column where there are any."""
    return Library(folder)


def of_project(folder: Path) -> Library:
    """Return the library of a project's folder: empty until there is a `msgflo.yaml`, which the first `write` makes.

    Raises LibraryError as `load` does.
    """
    return Library(folder, needs_file=True)


def source_of(participant: Participant) -> Source:
    """Return a source for a discovered component that no library has: its declaration, as YAML."""
    name, ports = participant.component, (participant.inports, participant.outports)
    info = ComponentInfo(name, participant.label, participant.icon, *ports)
    return Source(name, "yaml", infos.as_yaml(info))


@dataclass(frozen=True)
class _Known:
    """Information on a component with this version of its source; `by_itself`: the component has sent it."""

    info: ComponentInfo
    version: Version
    by_itself: bool = False


class Library:
    """The components and programs of one folder; without a folder there are none.

    With `needs_file` there are none either, until the folder is configured as a library. Subscribe to `events` to learn
    of changes.
    """

    def __init__(self, folder: Path | None = None, *, needs_file: bool = False) -> None:
        self.folder = folder
        self._needs_file = needs_file
        self.contents = self._read_folder(folder) if folder is not None else Contents()
        self.seen = folders.watched(folder, self.contents) if folder is not None else {}
        """The folder's files as they were when they were last read."""
        self.events = Events()
        self._known: dict[str, _Known] = {}

    @property
    def namespace(self) -> str | None:
        """The namespace of the folder's own components."""
        return self.contents.namespace

    @property
    def repository(self) -> str | None:
        """The URL of the repository with the folder's sources."""
        return self.contents.repository

    @property
    def creates(self) -> str:
        """The name of the file that the first `write` makes; empty where the folder is a library already."""
        return FILE_NAME if self._needs_file else ""

    @property
    def suffixes(self) -> dict[str, str]:
        """The languages in which new components are written, each with the suffix of its files."""
        found: dict[str, str] = {}
        for suffix in self.contents.suffixes:
            if suffix in LANGUAGES:
                found.setdefault(LANGUAGES[suffix], suffix)
        return found

    @property
    def commands(self) -> Mapping[str, Command]:
        """The components that are processes."""
        return self.contents.commands

    @property
    def foreign(self) -> Mapping[str, Path]:
        """The components that are foreign devices, with their files."""
        return self.contents.foreign

    @property
    def programs(self) -> Mapping[str, Command]:
        """The programs that run beside the graph."""
        return self.contents.programs

    def names(self) -> list[str]:
        """Return the names of all components, sorted."""
        return sorted({*self.commands, *self.foreign})

    def info(self, name: str) -> ComponentInfo | None:
        """Return what is known of a component; None if there is no such component.

        Of a process that was not asked yet and has never run, that is the outline of its source, or only its name.
        """
        if name not in self.commands and name not in self.foreign:
            return None
        self._read(name)
        return self._known[name].info if name in self._known else ComponentInfo(name)

    def read(self, name: str) -> None:
        """Read the file of a component, which takes milliseconds, before `info` has to."""
        if self._read(name):
            self._emit({name})

    def learn(self, name: str, info: ComponentInfo, version: Version) -> None:
        """Store how a component with this version of its source has described itself.

        After trouble, the ports that were known before stay.
        """
        if name not in self.commands or version != self.version(name):
            return
        if info.trouble and name in self._known:
            info = dataclasses.replace(self._known[name].info, trouble=info.trouble)
        if self._take(name, _Known(info, version, by_itself=True)):
            self._emit({name})

    def knows(self, name: str) -> bool:
        """Return True where a process has described itself since its source was changed."""
        return self._is_known(name, by_itself=True) and not self._known[name].info.trouble

    def unread(self) -> list[str]:
        """Return the components in Python and foreign devices that were not `read` since their files changed."""
        files = {name: command.source for name, command in self.commands.items()}
        in_python = [name for name, file in files.items() if file is not None and file.suffix.lower() == ".py"]
        return [name for name in (*in_python, *self.foreign) if not self._is_known(name)]

    def unasked(self) -> Iterator[tuple[str, Command]]:
        """Yield the components that can describe themselves, and have not since their source was changed."""
        for name, command in self.commands.items():
            if infos.can_be_asked(command) and not self._is_known(name, by_itself=True):
                yield name, command

    def _is_known(self, name: str, *, by_itself: bool = False) -> bool:
        known = self._known.get(name)
        return known is not None and known.version == self.version(name) and (known.by_itself or not by_itself)

    def _read(self, name: str) -> bool:
        if self._is_known(name):
            return False
        if name in self.foreign:
            return self._take(name, _Known(infos.of_foreign(name, self.foreign[name]), self.version(name)))
        command = self.commands.get(name)
        if command is None or command.source is None or command.source.suffix.lower() != ".py":
            return False
        seen = outline(name, command.source, infos.class_option(command.words))
        before = self._known[name].info if name in self._known else ComponentInfo(name)
        return self._take(name, _Known(seen or before, command.version))

    def _take(self, name: str, known: _Known) -> bool:
        """Store information; returns True where it is new."""
        before, self._known[name] = self._known.get(name), known
        return before is None or before.info != known.info

    def version(self, name: str) -> Version:
        """Return the signature of a component's file; None where no file or component is known."""
        if name in self.commands:
            return self.commands[name].version
        return self.contents.versions[self.foreign[name]] if name in self.foreign else None

    def source(self, name: str) -> Source | None:
        """Return the source of a component and its suite; None if there is no such component.

        One that has no file of its own in the folder has its declaration, as YAML. Raises LibraryError for a file that
        cannot be read.
        """
        info = self.info(name)
        if info is None:
            return None
        command = self.commands.get(name)
        file = command.source if command else self.foreign[name]
        if file is None:
            return Source(name, "yaml", infos.as_yaml(info))
        suite = component_sources.suite_of(file)
        tests = component_sources.read(suite) if suite.is_file() else ""
        return Source(name, component_sources.language_of(file), component_sources.read(file), tests)

    def write(self, name: str, language: str, code: str, tests: str | None = None) -> ComponentInfo:
        """Write the source of a component, new or not; its nodes start again. `name` may leave out the namespace.

        `tests` is its suite: None leaves that as it is, an empty one removes it. Raises LibraryError, and changes nothing,
        for a name that no file may have, a language without a handler, a text above 256 KiB or with a mistake by which the
        component could not begin, and while the folder cannot be read because of a mistake in it.
        """
        if self.folder is None:
            raise LibraryError("there is no component folder to write to")
        made = create(self.folder) if self._needs_file and not is_configured(self.folder) else None
        try:
            contents = folders.read(self.folder)
            full, file = component_sources.file_for(name, language, self.folder, contents)
            component_sources.write(file, self.folder, contents, code, tests)
        except LibraryError:
            if made is not None:
                made.unlink(missing_ok=True)
            raise
        self.reload(changed=(full,))
        if made is not None:
            log.info("%s is made: the components of its folder are run from now on", made)
        info = self.info(full)
        return info if info is not None else ComponentInfo(full)

    def reload(self, *, changed: tuple[str, ...] = ()) -> None:
        """Read the folder again. Raises LibraryError, and leaves everything as it was, if that fails."""
        if self.folder is None:
            return
        before, versions = self.contents, {name: self.version(name) for name in self.names()}
        self.seen = folders.watched(self.folder, before)
        self.contents = self._read_folder(self.folder)
        now = {name: self.version(name) for name in self.names()}
        different = {name for name in {*versions, *now} if name not in now or name not in versions}
        different |= {name for name in now if now[name] != versions.get(name)}
        different |= {name for name in now if self.commands.get(name) != before.commands.get(name)}
        if different or changed or self.programs != before.programs:
            self._emit({*different, *changed})

    def _read_folder(self, folder: Path) -> Contents:
        if self._needs_file and not is_configured(folder):
            return Contents(namespace_of(folder), suffixes=tuple(BY_DEFAULT))
        contents = folders.read(folder)
        self._needs_file = False
        return contents

    def _emit(self, names: set[str]) -> None:
        self.events.emit(LibraryChanged(frozenset(names)))
