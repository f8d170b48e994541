"""What an ESP32 is flashed with, looked at before: boot loader, partition table, app, each with the sums that it carries.

Sources: Espressif, esptool's documentation, Firmware Image Format; ESP-IDF Programming Guide, Partition Tables.
"""

from __future__ import annotations

import hashlib
import struct

__all__ = ["check", "chip_of", "offset_of"]

_MAGIC = 0xE9
_HEADER = 24  # bytes: the image's header and its extension, before the first segment
_CHIPS = {0: "ESP32", 2: "ESP32-S2", 5: "ESP32-C3", 9: "ESP32-S3", 12: "ESP32-C2", 13: "ESP32-C6", 16: "ESP32-H2"}
# Where the boot ROM looks for it: Technical Reference Manuals, chapter Boot Control; the older chips leave 4 KiB free.
_OFFSETS = {"ESP32": 0x1000, "ESP32-S2": 0x1000}
_MOST_SEGMENTS = 16
_TABLE = 0x8000  # in the flash
_TABLE_SIZE = 0xC00
_ENTRY = struct.Struct("<2sBBII16sI")  # magic, type, subtype, offset, size, label, flags
_ENTRY_MAGIC = b"\xaa\x50"
_SUM_MAGIC = b"\xeb\xeb".ljust(16, b"\xff")  # and then the MD5 of the entries before
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
    _check_image(content, 0, "the first image in it")
    offset = offset_of(chip)
    apps = [at for kind, at in _partitions(content[_TABLE - offset :][:_TABLE_SIZE]) if kind == _APP]
    if not apps:
        raise ValueError("has no app in its partition table")
    at = min(apps) - offset
    if chip_of(content[at:]) != chip:
        raise ValueError(f"has no app for {chip} at 0x{min(apps):x}, where its partition table has one")
    _check_image(content, at, "the app")


def _partitions(table: bytes) -> list[tuple[int, int]]:
    """Return type and offset of all partitions."""
    if not table.startswith(_ENTRY_MAGIC):
        raise ValueError(
            f"has no partition table at 0x{_TABLE:x}: the whole image is needed, with boot loader, table and app"
        )
    found = []
    for start in range(0, len(table) - _ENTRY.size + 1, _ENTRY.size):
        entry = table[start : start + _ENTRY.size]
        if entry.startswith(_SUM_MAGIC) and entry[16:] != hashlib.md5(table[:start], usedforsecurity=False).digest():
            raise ValueError("is damaged: the MD5 sum of the partition table is not that of its entries")
        if not entry.startswith(_ENTRY_MAGIC):
            break
        _, kind, _, at, _, _, _ = _ENTRY.unpack(entry)
        found.append((kind, at))
    return found


def _check_image(content: bytes, start: int, what: str) -> None:
    """Check one image by its checksum, and by its SHA-256 where it has one."""
    count = content[start + 1]
    if not 1 <= count <= _MOST_SEGMENTS:
        raise ValueError(f"is damaged: {what} has {count} segments, 1 to {_MOST_SEGMENTS} are possible")
    end, found = start + _HEADER, 0xEF
    for _ in range(count):
        size = int.from_bytes(content[end + 4 : end + 8], "little")
        found ^= _xor(content[end + 8 : end + 8 + size])
        end += 8 + size
    end += 16 - (end - start) % 16  # the checksum is the last byte of a line of 16
    with_sum = content[start + 23] == 1
    if len(content) < end + 32 * with_sum:
        raise ValueError(f"is cut off: {what} goes on after its {len(content)} bytes")
    if content[end - 1] != found:
        raise ValueError(
            f"is damaged: the checksum of {what} is 0x{content[end - 1]:02x}, its bytes give 0x{found:02x}"
        )
    if with_sum and content[end : end + 32] != hashlib.sha256(content[start:end]).digest():
        raise ValueError(f"is damaged: the SHA-256 of {what} is not that of its bytes")


def _xor(data: bytes) -> int:
    """Return all bytes combined by exclusive or."""
    while len(data) > 1:
        half = (len(data) + 1) // 2
        data = (int.from_bytes(data[:half], "big") ^ int.from_bytes(data[half:], "big")).to_bytes(half, "big")
    return data[0] if data else 0
