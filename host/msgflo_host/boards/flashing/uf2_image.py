"""Files for a Pico: the blocks of a .uf2 file are all there, and for the chip.

Sources: Microsoft's UF2 format, and its list of families; RP2350 Datasheet, erratum E10.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable

__all__ = ["check", "chips_of", "data"]

_BLOCK = 512  # bytes
_BEGIN = struct.pack("<II", 0x0A324655, 0x9E5D5157)
_END = struct.pack("<I", 0x0AB16F30)
_HEAD = struct.Struct("<8x6I")  # flags, address, size, number, count, family
_MOST = 476  # bytes of data in a block
_FAMILIES = {0xE48BFF56: "RP2040", 0xE48BFF59: "RP2350", 0xE48BFF5B: "RP2350"}
_ANY = 0xE48BFF57  # blocks for whatever family: erratum E10 puts one at the beginning


def chips_of(content: bytes) -> set[str] | None:
    """Return for which chips a file has blocks; None where it is no .uf2 file."""
    if not content.startswith(_BEGIN):
        return None
    families = {_HEAD.unpack_from(block)[5] for block in _blocks(content)} - {_ANY}
    return {_FAMILIES.get(family, "another chip") for family in families}


def data(content: bytes) -> bytes:
    """Return what all blocks of a file hold, one after the other."""
    return b"".join(_data(block) for block in _blocks(content))


def check(content: bytes, chip: str) -> None:
    """Check that a file is whole; raises ValueError with what is wrong with it."""
    if len(content) % _BLOCK:
        raise ValueError(f"is cut off: its {len(content)} bytes are no whole number of blocks of {_BLOCK}")
    numbers, counts = set(), set()
    for place, block in enumerate(_blocks(content)):
        _, _, size, number, count, family = _HEAD.unpack_from(block)
        if not block.startswith(_BEGIN) or not block.endswith(_END) or size > _MOST:
            raise ValueError(f"is damaged: block {place} is none of a .uf2 file")
        if _FAMILIES.get(family) == chip:
            numbers.add(number)
            counts.add(count)
    count = max(counts)
    if len(numbers) != count or max(numbers) != count - 1:
        raise ValueError(f"is cut off: it has {len(numbers)} of {count} blocks")


def _blocks(content: bytes) -> Iterable[bytes]:
    whole = len(content) - len(content) % _BLOCK
    return (content[start : start + _BLOCK] for start in range(0, whole, _BLOCK))


def _data(block: bytes) -> bytes:
    return block[32 : 32 + min(_MOST, int.from_bytes(block[16:20], "little"))]
