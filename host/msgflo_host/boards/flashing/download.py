"""Fetches MicroPython from its download pages, once, into the user's cache folder."""

from __future__ import annotations

import os
import re
import socket
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

import platformdirs

from ...errors import FlashError
from ..chips import Chip

__all__ = ["VERSION", "fetch", "page"]

VERSION = "1.29.0"  # the one that the firmware is checked against
_TIMEOUT_S = 30.0
_PIECE = 32 * 1024


def page(chip: Chip) -> str:
    """Return the address of the page where a person finds MicroPython for a chip."""
    return f"https://micropython.org/download/{chip.firmware}/"


def fetch(chip: Chip, progress: Callable[[int, int], None]) -> Path:
    """Return the file of MicroPython for a chip, downloading it the first time.

    `progress(done, all)` counts bytes. Raises FlashError, which says how to do without a network.
    """
    folder = platformdirs.user_cache_path("msgflo") / "micropython"
    file = folder / f"{chip.firmware}-v{VERSION}{'.uf2' if chip.rp2 else '.bin'}"
    if not file.is_file():
        try:
            folder.mkdir(parents=True, exist_ok=True)
            _download(_address(chip, folder), file, progress)
        except (OSError, ValueError) as error:
            raise FlashError(
                f"MicroPython cannot be downloaded ({_reason(error)}); on a machine that can, get "
                f"{chip.firmware}-…-v{VERSION}{file.suffix} from {page(chip)}, then FIRMWARE=file"
            ) from None
    return file


def _address(chip: Chip, folder: Path) -> str:
    """Ask the download pages, which have the day of the build in their addresses; mpflash knows how to read them."""
    os.environ.setdefault("MPFLASH_FIRMWARE", str(folder))  # it would make a folder among the user's downloads
    from loguru import logger

    logger.disable("mpflash")
    from mpflash.download.from_web import get_boards

    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(_TIMEOUT_S)
    try:
        offered = get_boards([chip.platform], [chip.firmware], clean=False)
    finally:
        socket.setdefaulttimeout(before)
    # Variants, such as one for more memory, have a further word before the day.
    name = re.compile(rf"/{chip.firmware}-\d{{8}}-v{re.escape(VERSION)}\.\w+$")
    for firmware in offered:
        if name.search(firmware.source):
            return str(firmware.source)
    raise ValueError(f"version {VERSION} is not among the {len(offered)} files on {page(chip)}")


def _download(address: str, file: Path, progress: Callable[[int, int], None]) -> None:
    part = file.with_suffix(".part")
    with urllib.request.urlopen(address, timeout=_TIMEOUT_S) as answer, part.open("wb") as target:
        total, done = int(answer.headers.get("Content-Length") or 0), 0
        while piece := answer.read(_PIECE):
            done += target.write(piece)
            progress(done, total)
    if total and done != total:
        raise ValueError(f"{address} ended after {done} of {total} bytes")
    part.replace(file)


def _reason(error: Exception) -> str:
    if isinstance(error, urllib.error.HTTPError) or not isinstance(error, OSError):
        return str(error)
    if error.filename is not None:
        return f"{error.filename}: {error.strerror}"
    return "micropython.org cannot be reached"
