"""Sources of components: read to be shown, and written into the component folder, there and nowhere else.

The suite that tests a component, in fbp-spec's format, stands beside its source: `Lamp.spec.yaml` beside `Lamp.py`.
"""

from __future__ import annotations

import errno
import os
import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from ..errors import ForeignError, LibraryError
from ..graph.graph_files import replace
from ..util.python_source import parse
from ..util.readable_files import open_readable
from .component_folder import LANGUAGES, MAX_COMPONENTS, MAX_SOURCE, Contents, is_component
from .config_file import NAME
from .foreign.foreign_file import load

__all__ = ["Source", "file_for", "language_of", "read", "suite_of", "write"]


@dataclass(frozen=True)
class Source:
    """The source of a component; `tests` is its suite, empty where it has none."""

    name: str
    language: str
    code: str
    tests: str = ""


def language_of(file: Path) -> str:
    """Return the language of a file for editors; never `json` or `fbp`, which would mean a graph to them."""
    return LANGUAGES.get(file.suffix.lower(), "text")


def suite_of(file: Path) -> Path:
    """Return the file of the suite of a source."""
    return file.with_name(f"{file.stem}.spec.yaml")


def read(file: Path) -> str:
    """Return the text of a source; raises LibraryError if it cannot be read or is larger than 256 KiB."""
    try:
        with open_readable(file) as opened:
            content = opened.read(MAX_SOURCE + 1)
    except OSError as wrong:
        raise LibraryError(f"cannot be read: {wrong.strerror}", file=str(file)) from None
    if len(content) > MAX_SOURCE:
        raise LibraryError(f"is larger than {MAX_SOURCE // 1024} KiB", file=str(file))
    return content.decode(errors="replace")


def file_for(name: str, language: str, folder: Path, contents: Contents) -> tuple[str, Path]:
    """Return the full name and the file of a component that is about to be written.

    `name` may leave out the namespace. Raises LibraryError for a name that no file of the folder can have, for a
    language without a handler, and for a component whose file is not in the folder.
    """
    full = name if "/" in name else f"{contents.namespace}/{name}"
    existing = _existing(full, contents)
    if existing is not None:
        if language_of(existing) != language:
            raise LibraryError(f"{full} is written in {language_of(existing)}, not in {language[:40]!r}")
        return full, existing
    namespace, _, stem = full.partition("/")
    if not (NAME.fullmatch(namespace) and NAME.fullmatch(stem)) or stem.startswith("_"):
        raise LibraryError(
            f"component {name[:80]!r}: allowed are at most 64 letters, digits, '_' and '-', beginning with a letter or digit"
        )
    if full in contents.commands or namespace != contents.namespace:
        raise LibraryError(f"{full} has no source in the component folder; new ones begin with {contents.namespace}/")
    suffix = next((each for each in contents.suffixes if LANGUAGES.get(each) == language), None)
    if suffix is None:
        known = ", ".join(dict.fromkeys(LANGUAGES[each] for each in contents.suffixes if each in LANGUAGES))
        raise LibraryError(f"component {full}: no handler for {language[:40]!r}; there are handlers for {known}")
    if language == "python" and (stem in sys.stdlib_module_names or stem == "msgflo"):
        raise LibraryError(f"a component {full} would hide Python's own module {stem}; call it something else")
    if len(contents.commands) + len(contents.foreign) >= MAX_COMPONENTS:
        raise LibraryError(f"the component folder holds {MAX_COMPONENTS} components already")
    return full, folder / f"{stem}{suffix}"


def write(file: Path, folder: Path, contents: Contents, code: str, tests: str | None) -> None:
    """Write a source, whole or not at all, and its suite: None leaves that as it is, an empty one removes it.

    Raises LibraryError, and changes nothing, for a text that is too large, and for a mistake in it by which the component
    could not even begin: for Python a syntax error, for a foreign device any mistake in its file.
    """
    content, suite = _encoded(code, file), None if tests is None else _encoded(tests, suite_of(file))
    _check_place(file, folder)
    _check_place(suite_of(file), folder)
    suffix = file.suffix.lower()
    if suffix == ".py":
        _check_python(code, file, must_be_component=suffix in contents.by_default)
    foreign = file in contents.foreign.values() or (suffix in (".yml", ".yaml") and suffix in contents.by_default)
    try:
        replace(os.path.realpath(file), content, check=partial(_check_foreign, file) if foreign else None)
        if suite:
            replace(os.path.realpath(suite_of(file)), suite)
        elif suite is not None:
            suite_of(file).unlink(missing_ok=True)
    except OSError as wrong:
        raise LibraryError(f"cannot be written: {wrong.strerror}", file=str(file)) from None


def _existing(name: str, contents: Contents) -> Path | None:
    if name in contents.foreign:
        return contents.foreign[name]
    command = contents.commands.get(name)
    return command.source if command else None


def _encoded(text: str, file: Path) -> bytes:
    try:
        content = text.encode()
    except UnicodeEncodeError:
        raise LibraryError("holds half of a surrogate pair, which no file can", file=file.name) from None
    if len(content) > MAX_SOURCE:
        raise LibraryError(f"has {len(content)} bytes; at most {MAX_SOURCE} are allowed", file=file.name)
    return content


def _check_place(file: Path, folder: Path) -> None:
    """Refuse a link that leads out of the folder, and hidden files."""
    try:
        file.stat()
    except OSError as wrong:
        if wrong.errno == errno.ELOOP:
            raise LibraryError("is a link to itself", file=file.name) from None
    target = file.resolve()
    if not target.is_relative_to(folder.resolve()) or (target.exists() and not target.is_file()):
        raise LibraryError("is not a file of the component folder, so it is not written", file=file.name)
    if any(part.startswith(".") for part in target.relative_to(folder.resolve()).parts):
        raise LibraryError("is hidden, so it is not written", file=file.name)


def _check_python(code: str, file: Path, *, must_be_component: bool) -> None:
    try:
        parse(code)
    except SyntaxError as error:
        raise LibraryError(error.msg, file=file.name, line=error.lineno, column=error.offset) from None
    except (ValueError, RecursionError, MemoryError) as error:
        raise LibraryError(str(error) or "is nested too deeply", file=file.name) from None
    if must_be_component and not is_component(code, ".py"):
        raise LibraryError("defines no subclass of msgflo.Participant", file=file.name)


def _check_foreign(file: Path, written: str) -> None:
    try:
        load(written, "node")
    except ForeignError as error:
        raise LibraryError(error.message, file=file.name, line=error.line, column=error.column) from None
