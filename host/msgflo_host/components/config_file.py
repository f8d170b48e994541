"""The configuration of a component folder: ``msgflo.yaml``, or the key ``msgflo`` of ``package.json``, as in MsgFlo.

namespace: home                                          # of the folder's files; by default the folder's name
repository: https://example.org/home.git                 # where editors find the sources
components:
  demo/Machine: "msgflo participant machine.py #ROLE"    # a command: started for each node with this component
  demo/Plug: plug.yml                                    # a foreign device: announced for each such node
handlers:
  .js: "node #FILENAME #ROLE --port #PORT"               # each file with this suffix is a component
variables: {PORT: 8080}
programs:
  plug: "python plug.py"                                 # runs beside the graph and is no participant
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import LibraryError
from ..graph.graph_files import replace as write_whole
from ..util.readable_files import open_readable
from .command_markers import misplaced, replaced
from .msgflo_programs import OWN_PYTHON, NotInstalled, in_place_of

if TYPE_CHECKING:
    from ..util.yaml_reader import Located, Reader

__all__ = ["BY_DEFAULT", "FILE_NAME", "NAME", "PACKAGE", "Config", "create", "is_configured", "namespace_of", "read"]

FILE_NAME = "msgflo.yaml"
PACKAGE = "package.json"
SECTIONS = ("components", "programs", "handlers", "variables")
SETTINGS = ("namespace", "repository")

NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,63}")
"""A namespace, or the name of a component in it: a file name that is valid everywhere."""

RESERVED = "core"
"""The namespace of the built-in components."""

BY_DEFAULT: Mapping[str, tuple[str, ...]] = {".py": OWN_PYTHON, ".yml": (), ".yaml": ()}
"""The handlers that are always there: an empty one is that of foreign devices."""

_VARIABLE = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_SUFFIX = re.compile(r"\.[A-Za-z0-9+]{1,16}")


@dataclass(frozen=True)
class Config:
    """The words of commands, with their markers, and the files of foreign devices.

    A handler of None means that files with this suffix are no components, an empty one that they are foreign devices.
    """

    namespace: str
    commands: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    foreign: Mapping[str, str] = field(default_factory=dict)
    programs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    handlers: Mapping[str, tuple[str, ...] | None] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)
    repository: str | None = None


def is_configured(folder: Path) -> bool:
    """Return True for a folder that is configured as a library. Most with a `package.json` are not."""
    if (folder / FILE_NAME).is_file():
        return True
    try:
        with open_readable(folder / PACKAGE) as file:
            package = json.load(file)
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(package, dict) and "msgflo" in package


def create(folder: Path) -> Path:
    """Write the `msgflo.yaml` of a folder that has none, and return its path; raises LibraryError where that fails."""
    file = folder / FILE_NAME
    text = f"# The components of this folder belong to the project.\nnamespace: {json.dumps(namespace_of(folder))}\n"
    try:
        write_whole(str(file), text.encode())
    except OSError as wrong:
        raise LibraryError(f"cannot be written: {wrong.strerror}", file=str(file)) from None
    return file


def namespace_of(folder: Path) -> str:
    """Return the namespace of a folder that does not name one: its own name."""
    return _made_valid(folder.absolute().resolve().name)


def read(folder: Path) -> Config:
    """Read the configuration of a folder; raises LibraryError with file, line and column for a mistake."""
    name = namespace_of(folder)
    if (folder / FILE_NAME).exists():
        from ..util.yaml_reader import Reader  # ruamel.yaml: 2 MB that a coordinator without a library does not need

        reader = Reader(folder / FILE_NAME, LibraryError)
        top = reader.read()
        return Config(name) if top is None or top.value is None else _config(top, reader, folder, name)
    if (folder / PACKAGE).exists():
        from ..util.yaml_reader import Reader

        reader = Reader(folder / PACKAGE, LibraryError, json=True)
        package = reader.read()
        if package is None or not isinstance(package.value, dict):
            reader.fail("must be an object", 1, 1)
        given = package.value.get("name")
        name = _made_valid(given.value) if given is not None and isinstance(given.value, str) else name
        if "msgflo" in package.value:
            config = _config(package.value["msgflo"], reader, folder, name)
            return config if config.repository else replace(config, repository=_url(package.value.get("repository")))
    return Config(name)


def _made_valid(name: str) -> str:
    """Return a namespace for the name of a folder or package, such as `@me/my.parts`."""
    valid = re.sub(r"[^A-Za-z0-9_-]+", "-", name.rpartition("/")[2]).strip("-")
    return valid[:64] if valid and valid != RESERVED else "components"


def _config(top: Located, reader: Reader, folder: Path, name: str) -> Config:
    if not isinstance(top.value, dict):
        reader.fail_at(top, "must be a map with 'components' or other keys")
    for key in top.value:
        if key not in SECTIONS + SETTINGS:
            known = ", ".join(map(repr, SECTIONS + SETTINGS))
            reader.fail_at(top, f"unknown key {key!r}; known are {known}", key)
    variables = dict(_variables(top, reader))
    commands: dict[str, tuple[str, ...]] = {}
    foreign: dict[str, str] = {}
    for component, entry in _entries(top, "components", reader):
        if component.startswith(f"{RESERVED}/"):
            reader.fail_at(entry, f"{component}: {RESERVED}/ is for the built-in components")
        text = _text(component, entry, reader, "neither a command nor a .yml file").strip()
        if text.endswith((".yml", ".yaml")) and " " not in text:
            found: tuple[str, ...] | Path = Path(text)
        else:
            words = _words_for_a_node(component, entry, reader, variables)
            found = _in_place_of(component, words, entry, reader, folder)
        if not isinstance(found, Path):
            commands[component] = found
        elif (folder / found).is_file():
            foreign[component] = str(found)
        else:
            reader.fail_at(entry, f"{component}: there is no file {folder / found}")
    return Config(
        _namespace(top, reader) or name,
        commands,
        foreign,
        {program: _words(program, entry, reader) for program, entry in _entries(top, "programs", reader)},
        dict(_handlers(top, reader, variables, folder)),
        variables,
        _repository(top, reader),
    )


def _repository(top: Located, reader: Reader) -> str | None:
    entry = top.value.get("repository")
    url = _url(entry)
    if entry is not None and entry.value is not None and url is None:
        reader.fail_at(entry, f"repository is {entry.plain()!r}; allowed: a URL, or a map with a url")
    return url


def _url(entry: Located | None) -> str | None:
    """Return a repository's address, a text or `url` of a map as npm has it; None where there is none."""
    if entry is not None and isinstance(entry.value, dict):
        entry = entry.value.get("url")
    return entry.value if entry is not None and isinstance(entry.value, str) and entry.value else None


def _namespace(top: Located, reader: Reader) -> str | None:
    entry = top.value.get("namespace")
    if entry is None or entry.value is None:
        return None
    if not isinstance(entry.value, str) or not NAME.fullmatch(entry.value):
        reader.fail_at(entry, f"namespace is {entry.plain()!r}; allowed: letters, digits, _ and -, at most 64")
    if entry.value == RESERVED:
        reader.fail_at(entry, f"namespace {RESERVED!r} is that of the built-in components")
    return entry.value


def _handlers(
    top: Located, reader: Reader, variables: Mapping[str, str], folder: Path
) -> Iterator[tuple[str, tuple[str, ...] | None]]:
    for suffix, entry in _entries(top, "handlers", reader):
        if not _SUFFIX.fullmatch(suffix):
            place = top.value["handlers"]
            reader.fail_at(place, f"handlers: {suffix!r} is no suffix of file names, such as .js", suffix)
        if entry.value is None:
            yield suffix.lower(), None
            continue
        _text(suffix, entry, reader, 'no command, such as "node #FILENAME #ROLE"')
        words = _words_for_a_node(suffix, entry, reader, variables)
        if not any(file.suffix.lower() == suffix.lower() for file in folder.iterdir()):
            yield suffix.lower(), words  # whose program need not be installed
            continue
        found = _in_place_of(suffix, words, entry, reader, folder)
        if isinstance(found, Path):
            found = ()
        if BY_DEFAULT.get(suffix.lower()) != found:
            yield suffix.lower(), found


def _in_place_of(
    name: str, words: tuple[str, ...], entry: Located, reader: Reader, folder: Path
) -> tuple[str, ...] | Path:
    try:
        return in_place_of(words, folder)
    except NotInstalled as wrong:
        reader.fail_at(entry, f"{name}: {wrong}")


def _variables(top: Located, reader: Reader) -> Iterator[tuple[str, str]]:
    for variable, entry in _entries(top, "variables", reader):
        if not _VARIABLE.fullmatch(variable):
            place = top.value["variables"]
            reader.fail_at(place, f"variables: {variable!r} must be letters, digits and _", variable)
        if isinstance(entry.value, bool) or not isinstance(entry.value, str | int | float):
            reader.fail_at(entry, f"{variable}: {entry.plain()!r} is neither a text nor a number")
        yield "#" + variable.upper(), str(entry.value)


def _entries(top: Located, section: str, reader: Reader) -> Iterator[tuple[str, Located]]:
    """Yield every name of a section with its value."""
    entries = top.value.get(section)
    if entries is None or entries.value is None:
        return
    if not isinstance(entries.value, dict):
        reader.fail_at(top, f"{section!r} must map names to commands", section)
    yield from entries.value.items()


def _text(name: str, entry: Located, reader: Reader, mistake: str) -> str:
    if not isinstance(entry.value, str) or not entry.value.strip():
        reader.fail_at(entry, f"{name}: {entry.plain()!r} is {mistake}")
    return entry.value


def _words(name: str, entry: Located, reader: Reader) -> tuple[str, ...]:
    text = _text(name, entry, reader, "no command")
    try:
        return tuple(shlex.split(text))
    except ValueError as trouble:
        reader.fail_at(entry, f"{name}: {text!r}: {trouble}")


def _words_for_a_node(name: str, entry: Located, reader: Reader, variables: Mapping[str, str]) -> tuple[str, ...]:
    """Return the words of a command with markers for values of clients: names of nodes and initial packets."""
    _refuse_lost_markers(name, entry, reader)
    words = _words(name, entry, reader)
    if wrong := misplaced(replaced(words, variables)):
        reader.fail_at(entry, f"{name}: {wrong}")
    return words


def _refuse_lost_markers(name: str, entry: Located, reader: Reader) -> None:
    """Without quotes, YAML takes ` #ROLE` for the beginning of a comment."""
    words = entry.value.split()
    written = r"\s+".join(map(re.escape, words)) + r"[ \t]+(#.*?)?(#(?:ROLE|COMPONENT|COMPONENTNAME|FILENAME|IIPS)\b)"
    lost = re.match(written, reader.text_at(entry, len(words)))
    if lost and (not lost[1] or lost[2] not in entry.value):
        message = f"{name}: {lost[2]} is lost; the rest of the line is a comment for YAML: put the command in quotes"
        reader.fail_at(entry, message)
