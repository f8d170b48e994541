"""Made-up files of MicroPython, with all the sums that real ones carry."""

from __future__ import annotations

import hashlib
import random
import struct
from collections.abc import Sequence
from functools import reduce
from operator import xor

__all__ = ["BANNER", "CHIP_IDS", "OFFSETS", "RP2040", "RP2350", "app", "block", "esp", "image", "stage", "table", "uf2"]

BANNER = "v1.29.0 on 2026-08-29"
OFFSETS = {"esp32": 0x1000, "esp32s3": 0, "esp32c3": 0}
CHIP_IDS = {"esp32": 0, "esp32s3": 9, "esp32c3": 5}
RP2040, RP2350 = 0xE48BFF56, 0xE48BFF59
_SAID = f"3.4.0; MicroPython {BANNER}\0".encode()


def image(*segments: bytes, chip: str = "esp32", digest: bool = True) -> bytes:
    """One image in Espressif's form."""
    header = struct.pack("<BBBBIB3xH9xB", 0xE9, len(segments), 2, 0x20, 0x40080000, 0xEE, CHIP_IDS[chip], digest)
    made = header + b"".join(struct.pack("<II", 0x40080000, len(each)) + each for each in segments)
    made += bytes(15 - len(made) % 16) + bytes([reduce(xor, b"".join(segments), 0xEF)])
    return made + hashlib.sha256(made).digest() * digest


def table(*entries: tuple[int, int, int, int, bytes]) -> bytes:
    """A partition table: type, subtype, offset, size, label of each."""
    made = b"".join(struct.pack("<2sBBII16sI", b"\xaa\x50", *entry, 0) for entry in entries)
    made += b"\xeb\xeb".ljust(16, b"\xff") + hashlib.md5(made).digest()
    return made.ljust(0xC00, b"\xff")


def app(chip: str = "esp32", size: int = 20_000, seed: int = 1, reported: bytes = _SAID) -> bytes:
    """An app that compresses as badly as code, and says what it is."""
    return image(reported.ljust(size // 2, b"\0"), random.Random(seed).randbytes(size // 2 & ~3), chip=chip)


def esp(chip: str = "esp32", size: int = 20_000, seed: int = 1, reported: bytes = _SAID) -> bytes:
    """A whole file: boot loader, partition table, app."""
    offset = OFFSETS[chip]
    parts = table((1, 2, 0x9000, 0x6000, b"nvs"), (0, 0, 0x10000, 0x1F0000, b"factory"), (1, 0x81, 0x200000, 1, b"vfs"))
    made = image(b"boot loader ", chip=chip).ljust(0x8000 - offset, b"\xff") + parts
    return made.ljust(0x10000 - offset, b"\xff") + app(chip, size, seed, reported)


def stage(content: bytes = b"second stage") -> bytes:
    """What an RP2040 begins with, and its checksum."""
    found = 0xFFFFFFFF
    for byte in content.ljust(252, b"\0"):
        found ^= byte << 24
        for _ in range(8):
            found = (found << 1 ^ (0x04C11DB7 if found >> 31 else 0)) & 0xFFFFFFFF
    return content.ljust(252, b"\0") + struct.pack("<I", found)


def uf2(content: bytes = _SAID, family: int = RP2040, begin: bytes | None = None) -> bytes:
    """A .uf2 file: blocks of 256 bytes of content, after what the chip wants to see at the beginning."""
    if begin is None:
        begin = stage() if family == RP2040 else struct.pack("<I", 0xFFFFDED3).ljust(256, b"\0")
    whole = begin + content
    parts = [whole[start : start + 256] for start in range(0, len(whole), 256)]
    return b"".join(block(part, number, len(parts), family) for number, part in enumerate(parts))


def block(part: bytes, number: int, count: int, family: int) -> bytes:
    """One block of it."""
    numbers: Sequence[int] = (0x2000, 0x10000000 + 256 * number, len(part), number, count, family)
    head = struct.pack("<8I", 0x0A324655, 0x9E5D5157, *numbers)
    return head + part.ljust(476, b"\0") + struct.pack("<I", 0x0AB16F30)
