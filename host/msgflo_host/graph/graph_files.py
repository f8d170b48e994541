"""Graph files: read by their suffix, written so that a crash leaves the old file or the new one, never half of one."""

from __future__ import annotations

import codecs
import contextlib
import logging
import os
import stat
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from ..errors import GraphError
from ..util.readable_files import Signature, open_readable, signature, signature_of
from . import json_edit, json_format
from .model import Graph

__all__ = [
    "MAX_BYTES",
    "Renames",
    "Signature",
    "decode",
    "load",
    "parse",
    "read",
    "read_graph_file",
    "reason",
    "replace",
    "save",
    "signature",
    "write",
]

log = logging.getLogger("msgflo")

MAX_BYTES = 64 * 1024 * 1024
"""The largest graph file that is read; 30 000 edges need about 8 MB as JSON."""

Renames = Sequence[tuple[str, str]]
"""Nodes that were given other names, in order: (old, new)."""

_WRITABLE = stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH


def _parse_fbp(text: str, file: str) -> Graph:
    from .fbp_reader import parse  # with lark: 3 MB that a coordinator with a JSON file does not need

    return parse(text, file)


def _dump_fbp(graph: Graph) -> str:
    from .fbp_reader import dump

    return dump(graph)


def _edit_fbp(text: str, graph: Graph, renames: Renames) -> str | None:
    from .fbp_edit import edit

    return edit(text, graph, renames)


def _edit_json(text: str, graph: Graph, renames: Renames) -> str | None:
    return json_edit.edit(text, graph)


_READERS: dict[str, Callable[[str, str], Graph]] = {".fbp": _parse_fbp, ".json": json_format.load}
_WRITERS: dict[str, Callable[[Graph], str]] = {".fbp": _dump_fbp, ".json": json_format.dump}
_EDITORS: dict[str, Callable[[str, Graph, Renames], str | None]] = {".fbp": _edit_fbp, ".json": _edit_json}


def load(path: str | os.PathLike[str]) -> Graph:
    """Return the graph in an .fbp or .json file; GraphError with file, line and column if it cannot be read.

        graph = load("examples/demo/graph.fbp")

    A graph that has no name of its own stays without one.
    """
    return parse(read(path), path)


def read(path: str | os.PathLike[str]) -> bytes:
    """Return the content of a graph file; GraphError if it is none by its name, cannot be read or is too large."""
    _suffix(os.fspath(path))
    return read_graph_file(path)


def read_graph_file(path: str | os.PathLike[str]) -> bytes:
    """Return the content of a file; GraphError if it cannot be read, is too large or no regular file, which could block."""
    file = os.fspath(path)
    try:
        with open_readable(file) as opened:
            content = opened.read(MAX_BYTES + 1)
    except (OSError, ValueError) as wrong:
        raise GraphError(f"cannot be read: {reason(wrong)}", file=file) from None
    if len(content) > MAX_BYTES:
        raise GraphError(f"is larger than {MAX_BYTES // 1024 // 1024} MiB", file=file)
    return content


def parse(content: bytes, path: str | os.PathLike[str]) -> Graph:
    """Return the graph that the content of a file is; GraphError with file, line and column where it is none."""
    file = os.fspath(path)
    return _READERS[_suffix(file)](decode(content, file), file)


def save(
    path: str | os.PathLike[str],
    graph: Graph,
    *,
    renames: Renames = (),
    check: Callable[[str], object] | None = None,
) -> Signature | None:
    """Write a graph to an .fbp or .json file, whole or not at all, and return its signature; GraphError if that fails.

    In an existing file only changed parts are written anew, and one with a mistake is left alone. Mode and owner of the
    file stay as far as allowed; a symbolic link stays one. A file that holds this very graph already is left alone.
    `renames` are those of nodes since it was written last; `check` is that of `replace`.
    """
    file = os.fspath(path)
    suffix = _suffix(file)
    before = signature(file)
    old = read(file) if before is not None else b""
    edited = _EDITORS[suffix](decode(old, file), graph, renames) if old.strip() else None
    if old.strip() and edited is None:  # a fault of this program; the graph matters more than its layout
        write(f"{file}.bak", old)
        log.error("%s: its lines could not be kept as they were written; they are in %s.bak", file, file)
    mark = codecs.BOM_UTF8 if old.startswith(codecs.BOM_UTF8) else b""
    content = mark + (_WRITERS[suffix](graph) if edited is None else edited).encode()
    return before if content == old and before is not None else write(file, content, check=check)


def write(path: str | os.PathLike[str], content: bytes, *, check: Callable[[str], object] | None = None) -> Signature:
    """Write a file as `replace` does, through a symbolic link; GraphError if that fails, or it is write-protected."""
    file = os.fspath(path)
    try:
        target = os.path.realpath(file)
        # The folder's rights would suffice, but a user who removes the file's own means to protect it.
        if os.path.exists(target) and not (os.access(target, os.W_OK) and os.stat(target).st_mode & _WRITABLE):
            raise GraphError("cannot be written: it is write-protected", file=file)
        return replace(target, content, check=check)
    except (OSError, ValueError) as wrong:
        raise GraphError(f"cannot be written: {reason(wrong)}", file=file) from None


def replace(file: str, content: bytes, *, check: Callable[[str], object] | None = None) -> Signature:
    """Write a file, whole or not at all, with the mode and owner of the old one as far as allowed; OSError if that fails.

    Returns the signature of the written file. `check` gets the path of the new file before it replaces the old one, and
    prevents that by raising an error.
    """
    folder = os.path.dirname(file) or os.curdir
    try:
        handle, temporary = tempfile.mkstemp(prefix=".msgflo-", suffix=".tmp", dir=folder)
    except PermissionError as wrong:
        raise OSError(wrong.errno, f"no new file can be made in its folder: {wrong.strerror}") from None
    try:
        with os.fdopen(handle, "wb") as opened:
            _copy_rights(opened.fileno(), file)
            opened.write(content)
            opened.flush()
            os.fsync(opened.fileno())
            written = signature_of(os.fstat(opened.fileno()))
        if check is not None:
            check(temporary)
        os.replace(temporary, file)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
    directory = os.open(folder, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):  # some file systems of a network cannot; the file is written all the same
            os.fsync(directory)  # otherwise a power cut can undo the rename
    finally:
        os.close(directory)
    return written


def _suffix(file: str) -> str:
    suffix = Path(file).suffix.lower()
    if suffix not in _READERS:
        ends = f"graph files end in {' or '.join(_READERS)}"
        if not suffix and not os.path.exists(file):
            raise GraphError(f"there is no folder of that name, and {ends}", file=file)
        raise GraphError(f"{ends}, not in {suffix or 'nothing'!r}", file=file)
    return suffix


def reason(wrong: OSError | ValueError) -> str:
    """Return the system's error text without the name of the file."""
    return (wrong.strerror if isinstance(wrong, OSError) else None) or str(wrong)


def decode(content: bytes, file: str) -> str:
    """Return the text of a file; GraphError with file, line and column where it is not UTF-8."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as wrong:
        before = content[: wrong.start].decode("utf-8-sig", "replace")
        message = f"byte 0x{content[wrong.start]:02x} is not UTF-8"
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        raise GraphError(message, file=file, line=line, column=column) from None


def _copy_rights(handle: int, file: str) -> None:
    try:
        old = os.stat(file)
    except FileNotFoundError:
        mask = os.umask(0)
        os.umask(mask)
        os.fchmod(handle, 0o666 & ~mask)
        return
    with contextlib.suppress(OSError):  # only root may give files away
        os.fchown(handle, old.st_uid, old.st_gid)
    os.fchmod(handle, stat.S_IMODE(old.st_mode))
