"""Files that nobody else on this machine can read."""

from __future__ import annotations

import contextlib
import logging
import os
import stat
import sys
from collections.abc import Callable
from pathlib import Path

__all__ = ["has_content", "others_read", "read_or_create", "write_private"]

log = logging.getLogger("msgflo")


def write_private(path: Path, text: str) -> None:
    """Write a file that only we can read, whole or not at all, also when the power is cut; OSError if that fails."""
    part = path.with_name(path.name + ".new")
    part.unlink(missing_ok=True)
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            part.unlink()
        raise


def others_read(path: Path) -> bool:
    """Return whether other users of this machine can read a file. On Windows its mode does not say that."""
    return sys.platform != "win32" and bool(path.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH))


def has_content(path: Path) -> bool:
    """Return whether a private file is there. One without content is what a power cut leaves of a file that was just made."""
    try:
        return bool(path.read_bytes().strip(b"\0"))
    except FileNotFoundError:
        return False


def read_or_create(path: Path, make: Callable[[], str]) -> str:
    """Return the text of a private file, which is made at the first call; one that was lost is made again, and that is logged.

    Raises OSError where it cannot be read or written, and ValueError where it is no text.
    """
    if not has_content(path):
        if path.exists():
            log.warning("%s is empty, as after a power cut: it is made again, with another content", path)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_private(path, make() + "\n")
    return path.read_text().strip()
