"""Makes the PNG files of a browser small enough for a README: 256 colours, packed as tightly as zlib can."""

from __future__ import annotations

import struct
import zlib
from collections import Counter

_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def smaller(png: bytes) -> bytes:
    """The picture with at most 256 colours; each of the others becomes the nearest of them.

    Takes what Chromium writes, 8 bits a channel, RGB or RGBA, not interlaced.
    """
    width, height, channels, rows = _read(png)
    pixels = [bytes(row[at : at + 3]) for row in rows for at in range(0, width * channels, channels)]
    counts = Counter(pixels)
    palette = _palette([colour for colour, _ in counts.most_common()])
    index = {colour: palette.index(_nearest(colour, palette)) for colour in counts}
    numbers = bytes(map(index.__getitem__, pixels))
    lines = b"".join(b"\0" + numbers[at : at + width] for at in range(0, len(numbers), width))
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"PLTE", b"".join(palette)), (b"IDAT", zlib.compress(lines, 9)), (b"IEND", b""))
    return _SIGNATURE + b"".join(_chunk(kind, data) for kind, data in chunks)


def _palette(colours: list[bytes]) -> list[bytes]:
    """Of all, by frequency, the first, and then what is most unlike those chosen: a small icon has colours, too."""
    chosen, rest = colours[:192], colours[192:]
    distances = {colour: min(_distance(colour, other) for other in chosen) for colour in rest}
    while len(chosen) < 256 and distances:
        chosen.append(max(distances, key=distances.__getitem__))
        distances = {colour: min(known, _distance(colour, chosen[-1])) for colour, known in distances.items()}
    return chosen


def _distance(one: bytes, other: bytes) -> int:
    return sum((a - b) ** 2 for a, b in zip(one, other, strict=True))


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _nearest(colour: bytes, palette: list[bytes]) -> bytes:
    return min(palette, key=lambda other: _distance(colour, other))


def _read(png: bytes) -> tuple[int, int, int, list[bytearray]]:
    assert png.startswith(_SIGNATURE)
    at, packed, header = len(_SIGNATURE), b"", b""
    while at < len(png):
        size, kind = struct.unpack(">I4s", png[at : at + 8])
        data = png[at + 8 : at + 8 + size]
        header = data if kind == b"IHDR" else header
        packed += data if kind == b"IDAT" else b""
        at += 12 + size
    width, height, bits, colour, _, _, interlaced = struct.unpack(">IIBBBBB", header)
    assert (bits, interlaced) == (8, 0)
    channels = {2: 3, 6: 4}[colour]
    return width, height, channels, _unfiltered(zlib.decompress(packed), width * channels, channels)


def _unfiltered(data: bytes, size: int, step: int) -> list[bytearray]:
    """The rows of a picture: each byte was written as a difference to those left of it and above (PNG, section 9)."""
    rows: list[bytearray] = []
    above = bytearray(size)
    for start in range(0, len(data), size + 1):
        kind, row = data[start], bytearray(data[start + 1 : start + 1 + size])
        for at in range(size):
            left, corner = (row[at - step], above[at - step]) if at >= step else (0, 0)
            guess = (0, left, above[at], (left + above[at]) // 2, _paeth(left, above[at], corner))[kind]
            row[at] = (row[at] + guess) & 0xFF
        rows.append(row)
        above = row
    return rows


def _paeth(left: int, above: int, corner: int) -> int:
    guess = left + above - corner
    return min((left, above, corner), key=lambda each: abs(guess - each))
