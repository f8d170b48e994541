"""Writes MicroPython onto an ESP32, with esptool."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ...errors import FlashError
from ..chips import Chip
from .firmware_file import Firmware
from .serial_ports import check_access

__all__ = ["write"]

Progress = Callable[[int, int], None]

# The first is too much for some cables and USB converters.
_BAUDS = (460800, 115200)
# Where MicroPython's partition table puts its files: ports/esp32/partitions-4MiB.csv and all larger ones.
_FILES = 0x200000
_BOOT = "hold its BOOT button, press EN (RST) once, let go of BOOT, and run this again; is the port in use by another program?"


def write(device: str, chip: Chip, firmware: Firmware, progress: Progress) -> None:
    """Write a firmware file and check that it arrived; files of a MicroPython that was there before stay.

    `progress(done, all)` counts bytes on the wire. Raises FlashError, after which the same call can be repeated.
    """
    from esptool import FatalError

    check_access(device)
    # A network socket has neither lines that could reset the board nor a rate.
    bauds = _BAUDS if "://" not in device else (0,)
    for baud in bauds:
        try:
            _write(device, chip, firmware, progress, baud)
            return
        except (FatalError, OSError) as error:
            if isinstance(error, OSError) or _is_gone(device):
                raise FlashError(
                    f"{device}: the board went away while MicroPython was being written; plug it in again and run this "
                    "once more: until then it does not start"
                ) from None
            if baud == bauds[-1] or "connect" in str(error).lower():
                raise FlashError(f"{device}: esptool says {_first_sentence(error)!r}; {_BOOT}") from None


def _write(device: str, chip: Chip, firmware: Firmware, progress: Progress, baud: int) -> None:
    from esptool import FatalError, cmds

    _logger().show = progress
    try:
        esp = cmds.detect_chip(device, connect_mode="default-reset" if baud else "no-reset", connect_attempts=3)
    except OSError as error:
        raise FatalError(f"cannot connect: {error}") from None
    try:
        actual = esp.CHIP_NAME
        if actual != chip.mcu:
            raise FlashError(
                f"{device} is an {actual}, the port map is for an {chip.mcu}: change its `chip`, or take another board"
            )
        esp = cmds.run_stub(esp)
        if baud:
            esp.change_baud(baud)
        cmds.attach_flash(esp)
        cmds.write_flash(esp, [(firmware.offset, firmware.content)], erase_all=not _has_files(esp))
        cmds.reset_chip(esp, "hard-reset" if baud else "no-reset")
    finally:
        esp._port.close()


def _has_files(esp: Any) -> bool:
    """Check that the place for files is empty or has a file system; MicroPython stops at anything else there."""
    begins = ((8, b"\xff" * 8), (8, b"littlefs"), (0, b"\xeb\xfe\x90MSDOS"))  # empty, LittleFS, FAT
    return any(_has(esp, _FILES + at, content) for at, content in begins)


def _has(esp: Any, address: int, content: bytes) -> bool:
    return str(esp.flash_md5sum(address, len(content))) == hashlib.md5(content).hexdigest()


def _is_gone(device: str) -> bool:
    return device.startswith("/") and not Path(device).exists()


def _first_sentence(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0].partition(". ")[0]


@functools.cache
def _logger() -> Any:
    """Make esptool tell how far it is to our `show`, and be silent otherwise: what fails is raised as well."""
    from esptool.logger import TemplateLogger, log

    class Quiet(TemplateLogger):  # type: ignore[misc]
        show: Progress

        def print(self, *args: Any, **kwargs: Any) -> None:
            pass

        note = warning = error = set_verbosity = print

        def stage(self, finish: bool = False) -> None:
            pass

        def progress_bar(
            self, cur_iter: int, total_iters: int, prefix: str = "", suffix: str = "", bar_length: int = 30
        ) -> None:
            self.show(cur_iter, total_iters)

    quiet = Quiet()
    log.set_logger(quiet)  # it takes no second one
    return quiet
