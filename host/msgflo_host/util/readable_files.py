"""Files that may be read, for reading a pipe or a device may never end; and how a change of one is seen."""

from __future__ import annotations

import errno
import os
import stat
from typing import BinaryIO

__all__ = ["Signature", "open_readable", "signature", "signature_of"]

Signature = tuple[int, int, int]


def open_readable(path: str | os.PathLike[str]) -> BinaryIO:
    """Open a file to read its bytes; OSError if that fails, also for a pipe or a device."""
    file = os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb")  # raises for a folder
    if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        return file
    file.close()
    raise OSError(errno.EINVAL, "it is no regular file")


def signature(path: str | os.PathLike[str]) -> Signature | None:
    """Return what differs after each change of a file: time, size and inode; None if there is no file."""
    try:
        return signature_of(os.stat(path))
    except (OSError, ValueError):
        return None


def signature_of(found: os.stat_result) -> Signature:
    """Return the same from what `os.stat` or `os.fstat` has found."""
    return found.st_mtime_ns, found.st_size, found.st_ino
