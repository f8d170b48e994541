"""The key of each board, with which updates for it are signed: made once, stored beside the port maps, never in git."""

from __future__ import annotations

import os
import re
import secrets
from contextlib import suppress
from pathlib import Path

from ..errors import FlashError

__all__ = ["board_key", "key_file"]


def key_file(folder: Path, name: str) -> Path:
    """Return the file of a board's key; `folder` is that of its port map."""
    return folder / "keys" / f"{name}.key"


def board_key(folder: Path, name: str) -> str:
    """Return a board's key, 64 hex digits; a board that has none gets one. Raises FlashError."""
    file = key_file(folder, name)
    try:
        if not file.exists():
            _make(file)
        key = file.read_text(encoding="ascii").strip()
    except (OSError, UnicodeError) as error:
        raise FlashError(f"key of {name}: {file}: {getattr(error, 'strerror', error)}") from None
    if not re.fullmatch("[0-9a-f]{64}", key):
        raise FlashError(f"key of {name}: {file} is damaged, it must have 64 hex digits; without it: flash once more")
    return key


def _make(file: Path) -> None:
    file.parent.mkdir(exist_ok=True)
    # Whole or not at all; and of two commands at once both shall use the same key: whoever is second finds the file there.
    part = file.with_suffix(f".{os.getpid()}")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as opened:
        opened.write(secrets.token_hex() + "\n")
    try:
        with suppress(FileExistsError):
            os.link(part, file)
    finally:
        part.unlink()
