"""Files of MicroPython itself, as they are downloaded: checks that one is whole, and for the chip that is to get it.

Sources: Espressif, esptool's documentation, Firmware Image Format; ESP-IDF Programming Guide, Partition Tables; Technical
Reference Manuals, Boot Control. Microsoft's UF2 format, and its list of families; RP2350 Datasheet, erratum E10.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from pathlib import Path

from ...errors import FlashError
from ..chips import Chip

__all__ = ["Firmware", "read"]

_BANNER = re.compile(rb"MicroPython v\d+\.\d+")
# As the builds for boards without a radio call themselves; they run on a board with one, too, and know no network.
_WITHOUT_WIFI = re.compile(rb"Raspberry Pi Pico ?2? with RP2")

_ESP_MAGIC, _ESP_HEADER = 0xE9, 24  # bytes: the image's header and its extension, before the first segment
_ESP_CHIPS = {0: "ESP32", 2: "ESP32-S2", 5: "ESP32-C3", 9: "ESP32-S3", 12: "ESP32-C2", 13: "ESP32-C6", 16: "ESP32-H2"}
_TABLE, _TABLE_SIZE = 0x8000, 0xC00  # of the partitions, in the flash
_ENTRY = struct.Struct("<2sBBII16sI")  # magic, type (0: app), subtype, offset, size, label, flags
_APP_ENTRY = (b"\xaa\x50", 0)

_BLOCK = 512  # bytes of a .uf2 file
_BEGIN, _END = struct.pack("<II", 0x0A324655, 0x9E5D5157), struct.pack("<I", 0x0AB16F30)
_HEAD = struct.Struct("<8x6I")  # flags, address, size, number, count, family
_MOST = 476  # bytes of data in a block
_FAMILIES = {0xE48BFF56: "RP2040", 0xE48BFF59: "RP2350", 0xE48BFF5B: "RP2350"}
_ANY_FAMILY = 0xE48BFF57  # erratum E10 puts such a block at the beginning


@dataclass(frozen=True, slots=True)
class Firmware:
    """A file that holds MicroPython for a chip; `offset` is its place in an ESP32's flash, `content` what is written."""

    path: Path
    content: bytes
    offset: int = 0

    def holds(self, text: str) -> bool:
        """Return whether this MicroPython calls itself `text`, such as `v1.29.0 on 2026-08-29`."""
        return text.encode() in _data(self.content)


def read(path: Path, chip: Chip) -> Firmware:
    """Read a firmware file and check that it is a whole one with MicroPython for that chip; raises FlashError."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise FlashError(f"firmware {path}: {error.strerror or error}") from None
    # The older chips leave 4 KiB free before the boot loader, with which the file begins.
    offset = 0x1000 if chip.mcu == "ESP32" else 0
    try:
        if chip.rp2:
            _check_uf2(content, chip)
        else:
            _check_esp(content, chip, offset)
        data = _data(content)
        if not _BANNER.search(data):
            raise ValueError("holds no MicroPython")
        if chip.rp2 and chip.wifi and (found := _WITHOUT_WIFI.search(data)):
            name = found[0].decode().removesuffix(" with RP2")
            raise ValueError(f"is for {name}, which has no Wi-Fi, the port map is for {chip.title}")
    except ValueError as reason:
        raise FlashError(f"firmware {path} {reason}: https://micropython.org/download/{chip.firmware}/") from None
    return Firmware(path, content, offset)


def _check_esp(content: bytes, chip: Chip, offset: int) -> None:
    """Check a file from the boot loader to the end of the app; raises ValueError with its fault."""
    actual = _esp_chip(content)
    if actual is None:
        raise ValueError(f"is none for {chip.title}; that is a .bin file")
    if actual != chip.mcu:
        raise ValueError(f"is for {actual}, the port map is for {chip.mcu}")
    table = content[_TABLE - offset :][:_TABLE_SIZE]
    entries = _ENTRY.iter_unpack(table[: len(table) - len(table) % _ENTRY.size])
    apps = [at for magic, kind, _, at, *_ in entries if (magic, kind) == _APP_ENTRY]
    if not apps:
        raise ValueError(
            f"has no partition table with an app at 0x{_TABLE:x}: the whole image is needed, with boot loader, table and app"
        )
    app = content[min(apps) - offset :]
    if _esp_chip(app) != chip.mcu:
        raise ValueError(f"has no app for {chip.mcu} at 0x{min(apps):x}, where its partition table has one")
    for image, name in ((content, "the boot loader"), (app, "the app")):
        _check_image(image, chip.mcu, name)


def _esp_chip(image: bytes) -> str | None:
    """Return the chip that an image's header names; None where it is no image."""
    if len(image) < _ESP_HEADER or image[0] != _ESP_MAGIC:
        return None
    return _ESP_CHIPS.get(int.from_bytes(image[12:14], "little"), "another chip of Espressif's")


def _check_image(content: bytes, mcu: str, name: str) -> None:
    """Check one image by its checksum, and by its SHA-256 where it has one."""
    from esptool import FatalError
    from esptool.bin_image import LoadFirmwareImage

    try:
        image = LoadFirmwareImage(mcu, content)
    except (FatalError, struct.error) as error:
        raise ValueError(f"is cut off or damaged: {name}: {error}") from None
    damaged = image.append_digest and image.stored_digest != image.calc_digest
    if damaged or image.checksum != image.calculate_checksum():
        raise ValueError(f"is cut off or damaged: the sums that {name} carries are not those of its bytes")


def _check_uf2(content: bytes, chip: Chip) -> None:
    """Check that all blocks of a .uf2 file are there; raises ValueError with its fault."""
    if not content.startswith(_BEGIN):
        raise ValueError(f"is none for {chip.title}; that is a .uf2 file")
    heads = [_HEAD.unpack_from(block) for block in _blocks(content)]
    families = {_FAMILIES.get(family, "another chip") for *_, family in heads if family != _ANY_FAMILY}
    if chip.mcu not in families:
        raise ValueError(f"is for {' and '.join(sorted(families)) or 'no chip'}, the port map is for {chip.mcu}")
    if len(content) % _BLOCK:
        raise ValueError(f"is cut off: its {len(content)} bytes are no whole number of blocks of {_BLOCK}")
    for place, block in enumerate(_blocks(content)):
        if not block.startswith(_BEGIN) or not block.endswith(_END) or heads[place][2] > _MOST:
            raise ValueError(f"is damaged: block {place} is none of a .uf2 file")
    own = [(number, count) for _, _, _, number, count, family in heads if _FAMILIES.get(family) == chip.mcu]
    numbers, count = {number for number, _ in own}, max(count for _, count in own)
    if len(numbers) != count or max(numbers) != count - 1:
        raise ValueError(f"is cut off: it has {len(numbers)} of {count} blocks")


def _blocks(content: bytes) -> list[bytes]:
    whole = len(content) - len(content) % _BLOCK
    return [content[start : start + _BLOCK] for start in range(0, whole, _BLOCK)]


def _data(content: bytes) -> bytes:
    """Return the firmware itself: of a .uf2 file the data of all blocks, one after the other."""
    if not content.startswith(_BEGIN):
        return content
    return b"".join(block[32 : 32 + min(_MOST, _HEAD.unpack_from(block)[2])] for block in _blocks(content))
