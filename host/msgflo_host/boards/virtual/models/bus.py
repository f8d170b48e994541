"""An I2C bus with the devices that are on it."""

from __future__ import annotations

from typing import Protocol

__all__ = ["Bus", "NoAcknowledge", "Part", "crc8"]


class NoAcknowledge(Exception):
    """Nobody acknowledged: nobody has this address, or the part is busy."""


class Part(Protocol):
    """A part on the bus, without its address; both raise NoAcknowledge where the part does not acknowledge."""

    def write(self, data: bytes) -> None:
        """Take what the master writes between start and stop."""

    def read(self, length: int) -> bytes:
        """Give what the master reads; a part sends 0xFF where it has nothing to say."""


class Bus:
    """`parts` are the parts by their 7-bit addresses; those in `absent` are not wired now."""

    def __init__(self) -> None:
        self.parts: dict[int, Part] = {}
        self.absent: set[int] = set()

    def write(self, address: int, data: bytes) -> None:
        """Write; raises NoAcknowledge."""
        self._part(address).write(data)

    def read(self, address: int, length: int) -> bytes:
        """Read; raises NoAcknowledge."""
        data = self._part(address).read(length)
        return data[:length] + b"\xff" * (length - len(data))

    def scan(self) -> list[int]:
        """Return the addresses that answer."""
        return sorted(set(self.parts) - self.absent)

    def _part(self, address: int) -> Part:
        if address not in self.parts or address in self.absent:
            raise NoAcknowledge(f"nobody answers at 0x{address:02x}")
        return self.parts[address]


def crc8(data: bytes, polynomial: int = 0x31, start: int = 0xFF) -> int:
    """Return the CRC-8 that Sensirion's and ASAIR's sensors send (SHT3x data sheet, §4.12: 0xBEEF gives 0x92)."""
    crc = start
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc << 1 ^ polynomial if crc & 0x80 else crc << 1) & 0xFF
    return crc
