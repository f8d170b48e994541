"""Files of MicroPython itself, as they are downloaded: what each kind looks like, and for which chip it is."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

from ...errors import FlashError
from ..chips import Chip

__all__ = ["Firmware", "read"]

# Espressif, esptool's documentation, Firmware Image Format: the first byte, and the chip id at 12.
_ESP_MAGIC = 0xE9
_ESP_CHIPS = {0: "ESP32", 2: "ESP32-S2", 5: "ESP32-C3", 9: "ESP32-S3", 12: "ESP32-C2", 13: "ESP32-C6", 16: "ESP32-H2"}
# Where the boot ROM looks for it: Technical Reference Manuals, chapter Boot Control; the older chips leave 4 KiB free.
_ESP_OFFSETS = {"ESP32": 0x1000, "ESP32-S2": 0x1000}
# Microsoft's UF2 format: blocks of 512 bytes; families from its list.
_UF2_BLOCK = 512
_UF2_MAGIC = struct.pack("<II", 0x0A324655, 0x9E5D5157)
_UF2_FAMILIES = {0xE48BFF56: "RP2040", 0xE48BFF59: "RP2350", 0xE48BFF5B: "RP2350"}
_UF2_ANY = 0xE48BFF57  # blocks for whatever family: RP2350's erratum E10 puts one at the beginning
_CHIPS = {"esp32": "ESP32", "esp32s3": "ESP32-S3", "esp32c3": "ESP32-C3", "pico": "RP2040", "picow": "RP2040"}
_CHIPS["pico2w"] = "RP2350"


@dataclass(frozen=True, slots=True)
class Firmware:
    """A file that holds MicroPython for a chip; `offset` is where an ESP32 wants it, `content` what is written."""

    path: Path
    content: bytes
    offset: int = 0

    def holds(self, text: str) -> bool:
        """Whether this is the MicroPython that says `text` about itself, such as `v1.29.0 on 2026-08-29`."""
        content = self.content
        if content.startswith(_UF2_MAGIC):
            content = b"".join(_payload(block) for block in _blocks(content))
        return text.encode() in content


def read(path: Path, chip: Chip) -> Firmware:
    """Read a firmware file and check that it is one for that chip; raises FlashError."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise FlashError(f"firmware {path}: {error.strerror or error}") from None
    wanted = _CHIPS[chip.name]
    if chip.rp2:
        actual = _uf2_chip(content)
        form = "a .uf2 file"
    else:
        actual = _esp_chip(content)
        form = "a .bin file"
    if actual is None:
        raise FlashError(f"firmware {path} is none for {chip.title}; that is {form}: {_download(chip)}")
    if actual != wanted:
        raise FlashError(f"firmware {path} is for {actual}, the port map is for {wanted}: {_download(chip)}")
    return Firmware(path, content, 0 if chip.rp2 else _ESP_OFFSETS.get(wanted, 0))


def _download(chip: Chip) -> str:
    return f"https://micropython.org/download/{chip.firmware}/"


def _esp_chip(content: bytes) -> str | None:
    if len(content) < 24 or content[0] != _ESP_MAGIC:
        return None
    return _ESP_CHIPS.get(int.from_bytes(content[12:14], "little"), "another chip of Espressif's")


def _uf2_chip(content: bytes) -> str | None:
    if not content.startswith(_UF2_MAGIC) or len(content) % _UF2_BLOCK:
        return None
    families = {int.from_bytes(block[28:32], "little") for block in _blocks(content)} - {_UF2_ANY}
    return next((_UF2_FAMILIES[family] for family in families if family in _UF2_FAMILIES), "another chip")


def _blocks(content: bytes) -> list[bytes]:
    return [content[start : start + _UF2_BLOCK] for start in range(0, len(content), _UF2_BLOCK)]


def _payload(block: bytes) -> bytes:
    return block[32 : 32 + int.from_bytes(block[16:20], "little")]
