"""Files that may be read: reading a pipe or a device would never end."""

from __future__ import annotations

from pathlib import Path

from ..errors import PortMapError

__all__ = ["check_regular"]


def check_regular(file: Path) -> None:
    """Raise PortMapError for what is neither a file nor a folder; these, and what is not there, reading reports."""
    if file.exists() and not (file.is_file() or file.is_dir()):
        raise PortMapError("is a pipe or a device; a file is needed", file=str(file))
