"""Checks of sensors' readings, for their drivers."""

from ..errors import ChecksumError, OutOfRange

__all__ = ("check_crc", "check_range")


def check_crc(name, data, first, last):
    """Compare a CRC-8, which is at `data[last]`, with that of the bytes before it, from `first`; raises ChecksumError.

    Polynomial 0x31, begun with 0xFF: Sensirion SHT3x data sheet, 4.12; ASAIR AHT20 data sheet, 5.4.4.
    """
    crc = 0xFF
    for i in range(first, last):
        crc ^= data[i]
        for _ in range(8):
            crc = (crc << 1 ^ 0x31 if crc & 0x80 else crc << 1) & 0xFF
    if crc != data[last]:
        raise ChecksumError("{}: wrong checksum 0x{:02x}: look for long wires, bad contacts".format(name, data[last]))


def check_range(name, value, unit, low, high):
    """Return a value if the sensor can have measured it; raises OutOfRange."""
    if not low <= value <= high:
        what = "{}: {} {} is not within {} to {}: look at its wiring and supply"
        raise OutOfRange(what.format(name, round(value, 2), unit, low, high))
    return value
