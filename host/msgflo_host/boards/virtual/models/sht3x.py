"""SHT30, SHT31, SHT35: temperature and humidity (Sensirion, Datasheet SHT3x-DIS, version 7)."""

from __future__ import annotations

import time
from collections.abc import Callable

from .bus import NoAcknowledge, crc8

__all__ = ["Sht3x"]

# §4.3, table 9: single shot without and with clock stretching; §2.2, table 4: longest duration in s by repeatability.
_SINGLE = {0x2400: 0.0155, 0x240B: 0.0065, 0x2416: 0.0045, 0x2C06: 0.0155, 0x2C0D: 0.0065, 0x2C10: 0.0045}
_STRETCHING = 0x2C00
_SOFT_RESET, _STATUS, _CLEAR = 0x30A2, 0xF32D, 0x3041


class Sht3x:
    """`temperature` in °C, `humidity` in %; with `damaged` the checksums that it sends are wrong."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.temperature = 21.0
        self.humidity = 45.0
        self.damaged = False
        self._clock = clock
        self._ready: float | None = None
        self._answer = b""
        self._status = 0x8010  # §4.11: after a reset, and an alert is pending

    def write(self, data: bytes) -> None:
        """Take a command of two bytes."""
        if len(data) < 2:
            raise NoAcknowledge("a command has two bytes")
        command = int.from_bytes(data[:2], "big")
        self._ready = None
        if command in _SINGLE:
            stretched = command & 0xFF00 == _STRETCHING  # then the bus waits, which a virtual one does not show
            self._ready = self._clock() + (0 if stretched else _SINGLE[command])
            self._answer = self._words(self._raw())
        elif command == _STATUS:
            self._ready = self._clock()
            self._answer = self._words([self._status])
        elif command == _CLEAR:
            self._status = 0
        elif command != _SOFT_RESET:
            raise NoAcknowledge(f"unknown command 0x{command:04x}")

    def read(self, length: int) -> bytes:
        """Give the values of the last command; there is no acknowledge before they are ready (§4.4)."""
        if self._ready is None or self._clock() < self._ready:
            raise NoAcknowledge("nothing to read yet")
        self._ready = None
        return self._answer[:length]

    def _raw(self) -> list[int]:
        # §4.13
        values = ((self.temperature + 45) / 175, self.humidity / 100)
        return [min(max(round(value * 65535), 0), 65535) for value in values]

    def _words(self, words: list[int]) -> bytes:
        parts = (word.to_bytes(2, "big") for word in words)
        return b"".join(part + bytes((crc8(part) ^ self.damaged,)) for part in parts)
