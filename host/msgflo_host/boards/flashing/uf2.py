"""Writes MicroPython onto a Pico: its boot ROM shows itself as a drive, and takes a .uf2 file that is copied onto it."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from ...errors import FlashError
from ..chips import Chip
from .firmware_file import Firmware

__all__ = ["BOOTSEL", "find_drive", "write", "write_by_picotool"]

BOOTSEL = "hold its BOOTSEL button while plugging it in"
_INFO = "INFO_UF2.TXT"
# The labels of the drive; INFO_UF2.TXT has them, too, as Board-ID.
_LABELS = {"RP2040": "RPI-RP2", "RP2350": "RP2350"}
_PIECE = 64 * 1024
_PICOTOOL_S = 120.0
_MOUNT_S = 20.0


def find_drive(wait: float = 0.0) -> Path | None:
    """Return the folder where a Pico in BOOTSEL mode is mounted, mounting it where the desktop did not; None if none is.

    `wait` is for how many seconds to go on looking. MSGFLO_UF2_DRIVE names the folder instead.
    """
    deadline = time.monotonic() + wait
    while True:
        drive = _mounted() or _mount()
        if drive is not None or time.monotonic() >= deadline:
            return drive
        time.sleep(0.2)


def write(drive: Path, chip: Chip, firmware: Firmware, progress: Callable[[int, int], None]) -> None:
    """Copy a firmware file onto the drive; the board restarts by itself. Raises FlashError."""
    _check(drive, chip)
    content, done = firmware.content, 0
    try:
        with (drive / "firmware.uf2").open("wb", buffering=0) as file:
            for start in range(0, len(content), _PIECE):
                done += file.write(content[start : start + _PIECE])
                progress(done, len(content))
            os.fsync(file.fileno())
    except OSError as error:
        # It restarts as soon as it has everything, whether the file is closed or not.
        if done < len(content):
            raise FlashError(
                f"{drive}: the drive went away while MicroPython was being written ({error.strerror}); {BOOTSEL}, and run "
                "this once more"
            ) from None


def write_by_picotool(firmware: Firmware) -> bool:
    """Write it without a drive, where there is picotool and a Pico in BOOTSEL mode that it may use; whether it worked."""
    return _run(["picotool", "load", "-x", str(firmware.path)], _PICOTOOL_S)


def _check(drive: Path, chip: Chip) -> None:
    try:
        info = (drive / _INFO).read_text(errors="replace")
    except OSError as error:
        raise FlashError(f"{drive}: {error.strerror}; {BOOTSEL}, and run this once more") from None
    if _LABELS[chip.mcu] not in info:
        board = next((line for line in info.splitlines() if line.startswith("Board-ID")), "another board")
        raise FlashError(f"{drive} is {board.removeprefix('Board-ID:').strip()}, the port map is for an {chip.mcu}")


def _mounted() -> Path | None:
    import psutil

    if "MSGFLO_UF2_DRIVE" in os.environ:
        folders = [os.environ["MSGFLO_UF2_DRIVE"]]
    else:
        folders = [part.mountpoint for part in psutil.disk_partitions() if part.fstype in ("vfat", "msdos", "FAT")]
    return next((Path(folder) for folder in folders if (Path(folder) / _INFO).is_file()), None)


def _mount() -> Path | None:
    """Mount it by the desktop's service, which needs no root; a Pi without a desktop does not do so by itself."""
    labels = [Path("/dev/disk/by-label", label) for label in _LABELS.values()]
    device = next((label for label in labels if label.exists()), None)
    if device is None:
        return None
    _run(["udisksctl", "mount", "--no-user-interaction", "-b", str(device.resolve())], _MOUNT_S)
    return _mounted()


def _run(command: list[str], seconds: float) -> bool:
    """Run a program that may not be there, and end one that does not; whether it says that all went well."""
    if shutil.which(command[0]) is None:
        return False
    with contextlib.suppress(OSError, subprocess.TimeoutExpired):
        return subprocess.run(command, capture_output=True, timeout=seconds).returncode == 0
    return False
