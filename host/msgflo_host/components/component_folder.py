"""The components of one folder: those that its configuration names, and its files.

A file is a component when its suffix has a handler, its name begins with a letter or a digit and holds only letters,
digits, ``_`` and ``-``, and nothing that the configuration names uses it already. Two handlers are always there: a
``.py`` in which `Participant` or `msgflo.component` is mentioned runs with ``msgflo participant``, and a ``.yml`` or ``.yaml``
with the key ``component`` is a foreign device. The component of ``home/Lamp.py`` in the namespace ``home`` is ``home/Lamp``.
"""

from __future__ import annotations

import contextlib
import dataclasses
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import LibraryError
from ..graph.graph_files import Signature, signature
from ..processes.process_command import Command
from ..util.readable_files import open_readable
from .command_markers import filled, replaced
from .config_file import BY_DEFAULT, FILE_NAME, NAME, PACKAGE, Config
from .config_file import read as read_config

__all__ = [
    "LANGUAGES",
    "MAX_COMPONENTS",
    "MAX_SOURCE",
    "Contents",
    "beginning",
    "fill",
    "is_component",
    "read",
    "watched",
]

LANGUAGES = {
    ".py": "python", ".yml": "yaml", ".yaml": "yaml", ".js": "javascript", ".coffee": "coffeescript", ".ts": "typescript",
    ".cpp": "c++", ".rs": "rust", ".go": "go", ".lua": "lua", ".rb": "ruby", ".sh": "shell",
}  # fmt: skip
"""The languages of editors by suffix; `json` and `fbp` would mean a graph to them."""

MAX_SOURCE = 256 * 1024
"""Bytes of one source, and of one suite of tests."""
MAX_COMPONENTS = 1000

_SUITES = (".spec.yaml", ".spec.yml")


def fill(command: Command, *, role: str, iips: str = "{}") -> Command:
    """Return the command for one node; `iips` are its initial packets, a JSON object."""
    return dataclasses.replace(command, words=filled(command.words, role=role, iips=iips))


@dataclass(frozen=True)
class Contents:
    """The components and programs of a folder; `suffixes` are those of files that can be components."""

    namespace: str | None = None
    commands: Mapping[str, Command] = field(default_factory=dict)
    foreign: Mapping[str, Path] = field(default_factory=dict)
    programs: Mapping[str, Command] = field(default_factory=dict)
    suffixes: tuple[str, ...] = ()
    by_default: frozenset[str] = frozenset()
    versions: Mapping[Path, Signature | None] = field(default_factory=dict)
    """Of the file of each foreign device."""
    repository: str | None = None


def read(folder: Path) -> Contents:
    """Read a folder.

    Raises LibraryError, with file, line and column where there are any, for a folder that is absent or has too many
    files, a mistake in its configuration, and two files that would be the same component.
    """
    try:
        if not folder.is_dir():
            raise LibraryError("is no folder", file=str(folder))
        return _read(folder, read_config(folder))
    except OSError as wrong:
        raise LibraryError(f"cannot be read: {wrong.strerror}", file=wrong.filename or str(folder)) from None


def _read(folder: Path, config: Config) -> Contents:
    commands = {name: _command(words, folder, config, _markers(name)) for name, words in config.commands.items()}
    programs = {name: _command(words, folder, config, {}) for name, words in config.programs.items()}
    foreign = {name: folder / file for name, file in config.foreign.items()}
    used = {path.resolve() for path in foreign.values()}
    used |= {
        path.resolve() for command in (*commands.values(), *programs.values()) for path in _files(command.words, folder)
    }
    handlers: dict[str, tuple[str, ...] | None] = {**BY_DEFAULT, **config.handlers}
    by_default = frozenset(BY_DEFAULT.keys() - config.handlers.keys())
    found: dict[str, Path] = {}
    for file in _component_files(folder, handlers, by_default):
        name = f"{config.namespace}/{file.stem}"
        if file.resolve() in used or name in config.commands or name in config.foreign:
            continue
        if name in found:
            raise LibraryError(f"{found[name].name} and {file.name} would both be {name}", file=str(folder))
        found[name] = file
        words = handlers[file.suffix.lower()]
        if words:
            commands[name] = _command(words, folder, config, {**_markers(name), "#FILENAME": file.name}, file)
        else:
            foreign[name] = file
    return Contents(
        config.namespace,
        commands,
        foreign,
        programs,
        tuple(suffix for suffix, words in handlers.items() if words is not None),
        by_default,
        {file: signature(file) for file in foreign.values()},
        config.repository,
    )


def watched(folder: Path, contents: Contents) -> dict[Path, Signature | None]:
    """Return the files whose change can change the components of a folder, each with a signature."""
    files = [folder / FILE_NAME, folder / PACKAGE, *contents.foreign.values()]
    files += [
        command.source for command in (*contents.commands.values(), *contents.programs.values()) if command.source
    ]
    with contextlib.suppress(OSError):  # the folder is gone, and its files
        files += [file for file in folder.iterdir() if file.suffix.lower() in contents.suffixes and _is_shown(file)]
    return {file: signature(file) for file in files}


def is_component(text: str, suffix: str) -> bool:
    """Return True for the text of a component, in a file with a suffix that only our own handler takes."""
    pattern = (
        r"\bParticipant\b|\bmsgflo\.(component|remembering)\b"
        if suffix == ".py"
        else r"(?m)^[\"']?component[\"']?[ \t]*:"
    )
    return re.search(pattern, text) is not None


def _component_files(
    folder: Path, handlers: Mapping[str, tuple[str, ...] | None], by_default: frozenset[str]
) -> Iterator[Path]:
    files = sorted(file for file in folder.iterdir() if handlers.get(file.suffix.lower()) is not None)
    count = 0
    for file in files:
        suffix = file.suffix.lower()
        if not (_is_shown(file) and NAME.fullmatch(file.stem) and file.is_file()):
            continue
        if suffix in by_default and not is_component(beginning(file), suffix):
            continue
        count += 1
        if count > MAX_COMPONENTS:
            raise LibraryError(f"holds more than {MAX_COMPONENTS} components", file=str(folder))
        yield file


def _is_shown(file: Path) -> bool:
    return not file.name.startswith((".", "_")) and not file.name.endswith(_SUITES) and file.name != FILE_NAME


def beginning(file: Path) -> str:
    """Return the text of a file up to the limit of sources; empty if it cannot be read."""
    try:
        with open_readable(file) as opened:
            return opened.read(MAX_SOURCE).decode(errors="replace")
    except OSError:
        return ""


def _command(
    words: tuple[str, ...], folder: Path, config: Config, markers: Mapping[str, str], source: Path | None = None
) -> Command:
    words = replaced(words, {**config.variables, **markers})
    source = source or next(_files(words, folder), None)
    return Command(words, folder.absolute(), source, signature(source) if source else None)


def _files(words: Iterable[str], folder: Path) -> Iterator[Path]:
    """Yield the sources of the folder that are among the words of a command."""
    inside = folder.resolve()
    for word in words:
        file = folder / word
        if file.suffix.lower() in LANGUAGES and file.is_file() and file.resolve().is_relative_to(inside):
            yield file


def _markers(component: str) -> dict[str, str]:
    return {"#COMPONENT": component, "#COMPONENTNAME": component.rpartition("/")[2]}
