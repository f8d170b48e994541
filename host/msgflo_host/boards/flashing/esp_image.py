"""Files for an ESP32: boot loader, partition table and app are there, whole, and for the chip.

Sources: Espressif, esptool's documentation, Firmware Image Format; ESP-IDF Programming Guide, Partition Tables.
"""

from __future__ import annotations

import struct

__all__ = ["check", "chip_of", "offset_of"]

_MAGIC = 0xE9
_HEADER = 24  # bytes: the image's header and its extension, before the first segment
_CHIPS = {0: "ESP32", 2: "ESP32-S2", 5: "ESP32-C3", 9: "ESP32-S3", 12: "ESP32-C2", 13: "ESP32-C6", 16: "ESP32-H2"}
# Where the boot ROM looks for it: Technical Reference Manuals, chapter Boot Control; the older chips leave 4 KiB free.
_OFFSETS = {"ESP32": 0x1000, "ESP32-S2": 0x1000}
_TABLE = 0x8000  # in the flash
_TABLE_SIZE = 0xC00
_ENTRY = struct.Struct("<2sBBII16sI")  # magic, type, subtype, offset, size, label, flags
_ENTRY_MAGIC = b"\xaa\x50"
_APP = 0  # type


def chip_of(image: bytes) -> str | None:
    """Return for which chip an image is, as its header says; None where it is no image."""
    if len(image) < _HEADER or image[0] != _MAGIC:
        return None
    return _CHIPS.get(int.from_bytes(image[12:14], "little"), "another chip of Espressif's")


def offset_of(chip: str) -> int:
    """Return at which address of the flash a chip has its boot loader, with which the file begins."""
    return _OFFSETS.get(chip, 0)


def check(content: bytes, chip: str) -> None:
    """Check a file from the boot loader to the end of the app; raises ValueError with what is wrong with it."""
    offset = offset_of(chip)
    apps = _apps(content[_TABLE - offset :][:_TABLE_SIZE])
    if not apps:
        raise ValueError(
            f"has no partition table with an app at 0x{_TABLE:x}: the whole image is needed, with boot loader, table and app"
        )
    app = content[min(apps) - offset :]
    if chip_of(app) != chip:
        raise ValueError(f"has no app for {chip} at 0x{min(apps):x}, where its partition table has one")
    _check_image(content, chip, "the boot loader")
    _check_image(app, chip, "the app")


def _apps(table: bytes) -> list[int]:
    """Return the offsets of all partitions with an app."""
    whole = table[: len(table) - len(table) % _ENTRY.size]
    return [at for magic, kind, _, at, _, _, _ in _ENTRY.iter_unpack(whole) if (magic, kind) == (_ENTRY_MAGIC, _APP)]


def _check_image(content: bytes, chip: str, what: str) -> None:
    """Check one image by its checksum, and by its SHA-256 where it has one."""
    from esptool import FatalError
    from esptool.bin_image import LoadFirmwareImage

    try:
        image = LoadFirmwareImage(chip, content)
    except (FatalError, struct.error) as error:
        raise ValueError(f"is cut off or damaged: {what}: {error}") from None
    if image.checksum != image.calculate_checksum() or (
        image.append_digest and image.stored_digest != image.calc_digest
    ):
        raise ValueError(f"is cut off or damaged: the sums that {what} carries are not those of its bytes")
