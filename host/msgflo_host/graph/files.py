"""Graph files: read by their suffix, written so that a crash leaves the old file or the new one, never half of one."""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from collections.abc import Callable
from pathlib import Path

from ..errors import GraphError
from . import json_format
from .model import Graph

__all__ = ["MAX_BYTES", "Signature", "load", "parse", "read", "reason", "replace", "save", "signature"]

MAX_BYTES = 64 * 1024 * 1024
"""The largest graph file that is read; 30 000 edges need about 8 MB as JSON."""

Signature = tuple[int, int, int]


def _parse_fbp(text: str, file: str) -> Graph:
    from .fbp_format import parse  # with lark: 3 MB that a coordinator with a JSON file does not need

    return parse(text, file)


def _dump_fbp(graph: Graph) -> str:
    from .fbp_format import dump

    return dump(graph)


_READERS: dict[str, Callable[[str, str], Graph]] = {".fbp": _parse_fbp, ".json": json_format.load}
_WRITERS: dict[str, Callable[[Graph], str]] = {".fbp": _dump_fbp, ".json": json_format.dump}


def load(path: str | os.PathLike[str]) -> Graph:
    """Return the graph in an .fbp or .json file; GraphError with file, line and column if it cannot be read.

        graph = load("examples/demo/graph.fbp")

    A graph that has no name of its own stays without one.
    """
    return parse(read(path), path)


def read(path: str | os.PathLike[str]) -> bytes:
    """Return the content of a graph file; GraphError if it is none by its name, cannot be read or is too large."""
    file = os.fspath(path)
    _suffix(file)
    try:
        with open(file, "rb") as opened:
            content = opened.read(MAX_BYTES + 1)
    except (OSError, ValueError) as wrong:
        raise GraphError(f"cannot be read: {reason(wrong)}", file=file) from None
    if len(content) > MAX_BYTES:
        raise GraphError(f"is larger than {MAX_BYTES // 1024 // 1024} MiB", file=file)
    return content


def parse(content: bytes, path: str | os.PathLike[str]) -> Graph:
    """Return the graph that the content of a file is; GraphError with file, line and column where it is none."""
    file = os.fspath(path)
    return _READERS[_suffix(file)](_decode(content, file), file)


def save(path: str | os.PathLike[str], graph: Graph) -> Signature | None:
    """Write a graph to an .fbp or .json file, whole or not at all, and return its signature; GraphError if that fails.

    The text is the same for equal graphs. Mode and owner of the file are kept as far as allowed; a symbolic link stays
    one. A file that holds this very text already is left alone.
    """
    file = os.fspath(path)
    content = _WRITERS[_suffix(file)](graph).encode()
    try:
        target = os.path.realpath(file)
        before = signature(target)
        return before if _holds(target, content) else replace(target, content)
    except (OSError, ValueError) as wrong:
        raise GraphError(f"cannot be written: {reason(wrong)}", file=file) from None


def replace(file: str, content: bytes, *, check: Callable[[str], object] | None = None) -> Signature:
    """Write a file, whole or not at all, and keep its mode and owner as far as allowed; OSError if that fails.

    Returns the signature of what was written, whatever others write behind it at once.
    `check` gets the path of what has been written before that takes the file's place; where it raises something, it does not.
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
            written = _signature(os.fstat(opened.fileno()))
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


def signature(path: str | os.PathLike[str]) -> Signature | None:
    """Return what differs after each change of a file: time, size and inode; None if there is no file."""
    try:
        return _signature(os.stat(path))
    except (OSError, ValueError):
        return None


def _signature(found: os.stat_result) -> Signature:
    return found.st_mtime_ns, found.st_size, found.st_ino


def _suffix(file: str) -> str:
    suffix = Path(file).suffix.lower()
    if suffix not in _READERS:
        ends = f"graph files end in {' or '.join(_READERS)}"
        if not suffix and not os.path.exists(file):
            raise GraphError(f"there is no folder of that name, and {ends}", file=file)
        raise GraphError(f"{ends}, not in {suffix or 'nothing'!r}", file=file)
    return suffix


def reason(wrong: OSError | ValueError) -> str:
    """Return what the system says of a file, without its name."""
    return (wrong.strerror if isinstance(wrong, OSError) else None) or str(wrong)


def _decode(content: bytes, file: str) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as wrong:
        before = content[: wrong.start].decode("utf-8-sig", "replace")
        message = f"byte 0x{content[wrong.start]:02x} is not UTF-8"
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        raise GraphError(message, file=file, line=line, column=column) from None


def _holds(file: str, content: bytes) -> bool:
    try:
        with open(file, "rb") as opened:
            return opened.read(len(content) + 1) == content
    except FileNotFoundError:
        return False


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
