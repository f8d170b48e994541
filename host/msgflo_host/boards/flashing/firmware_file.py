"""Files of MicroPython itself, as they are downloaded: whether one is whole, and for the chip that is to get it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from ...errors import FlashError
from ..chips import Chip
from . import esp_image, uf2_image

__all__ = ["Firmware", "read"]

_BANNER = re.compile(rb"MicroPython v\d+\.\d+")
# As the builds for boards without a radio call themselves; they run on a board with one, too, and know no network.
_WITHOUT_WIFI = re.compile(rb"Raspberry Pi Pico ?2? with RP2")


@dataclass(frozen=True, slots=True)
class Firmware:
    """A file that holds MicroPython for a chip; `offset` is where an ESP32 wants it, `content` what is written."""

    path: Path
    content: bytes
    offset: int = 0

    def holds(self, text: str) -> bool:
        """Whether this is the MicroPython that says `text` about itself, such as `v1.29.0 on 2026-08-29`."""
        return text.encode() in _data(self.content)


def read(path: Path, chip: Chip) -> Firmware:
    """Read a firmware file and check that it is a whole one with MicroPython for that chip; raises FlashError."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise FlashError(f"firmware {path}: {error.strerror or error}") from None
    try:
        (_check_uf2 if chip.rp2 else _check_esp)(content, chip)
        _check_micropython(_data(content), chip)
    except ValueError as reason:
        raise FlashError(f"firmware {path} {reason}: https://micropython.org/download/{chip.firmware}/") from None
    return Firmware(path, content, 0 if chip.rp2 else esp_image.offset_of(chip.mcu))


def _check_esp(content: bytes, chip: Chip) -> None:
    actual = esp_image.chip_of(content)
    if actual is None:
        raise ValueError(f"is none for {chip.title}; that is a .bin file")
    if actual != chip.mcu:
        raise ValueError(f"is for {actual}, the port map is for {chip.mcu}")
    esp_image.check(content, chip.mcu)


def _check_uf2(content: bytes, chip: Chip) -> None:
    actual = uf2_image.chips_of(content)
    if actual is None:
        raise ValueError(f"is none for {chip.title}; that is a .uf2 file")
    if chip.mcu not in actual:
        raise ValueError(f"is for {' and '.join(sorted(actual)) or 'no chip'}, the port map is for {chip.mcu}")
    uf2_image.check(content, chip.mcu)


def _check_micropython(data: bytes, chip: Chip) -> None:
    if not _BANNER.search(data):
        raise ValueError("holds no MicroPython")
    if chip.rp2 and chip.wifi and (found := _WITHOUT_WIFI.search(data)):
        name = found[0].decode().removesuffix(" with RP2")
        raise ValueError(f"is for {name}, which has no Wi-Fi, the port map is for {chip.title}")


def _data(content: bytes) -> bytes:
    return content if uf2_image.chips_of(content) is None else uf2_image.data(content)
