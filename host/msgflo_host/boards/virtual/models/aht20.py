"""AHT20: temperature and humidity (ASAIR, AHT20 Product manuals, version 1.0, §5)."""

from __future__ import annotations

import time
from collections.abc import Callable

from .bus import NoAcknowledge, crc8

__all__ = ["Aht20"]

_INITIALIZE, _MEASURE, _SOFT_RESET, _GET_STATUS = 0xBE, 0xAC, 0xBA, 0x71
_DURATION = 0.08  # s
_BUSY, _CALIBRATED = 0x80, 0x08


class Aht20:
    """`temperature` in °C, `humidity` in %; with `damaged` the checksum that it sends is wrong."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.temperature = 21.0
        self.humidity = 45.0
        self.damaged = False
        self._clock = clock
        self._ready = 0.0
        self._measured = (0, 0)
        self._calibrated = True

    def write(self, data: bytes) -> None:
        """Take a command and its two parameters."""
        if not data:
            return
        if data[0] == _MEASURE:
            if data[1:3] != b"\x33\x00":
                raise NoAcknowledge("parameters 0x33 0x00 are needed")
            self._ready = self._clock() + _DURATION
            self._measured = self._raw()
        elif data[0] == _INITIALIZE:
            self._calibrated = True
        elif data[0] not in (_SOFT_RESET, _GET_STATUS):
            raise NoAcknowledge(f"unknown command 0x{data[0]:02x}")

    def read(self, length: int) -> bytes:
        """Give state, humidity and temperature of 20 bits each, and the CRC."""
        busy = self._clock() < self._ready
        humidity, temperature = (0x80000, 0x80000) if busy else self._measured
        state = (_BUSY if busy else 0) | (_CALIBRATED if self._calibrated else 0) | 0x10
        data = bytes((state,)) + (humidity << 20 | temperature).to_bytes(5, "big")
        return (data + bytes((crc8(data) ^ self.damaged,)))[:length]

    def _raw(self) -> tuple[int, int]:
        # §6.1 and §6.2
        humidity, temperature = self.humidity / 100 * 2**20, (self.temperature + 50) / 200 * 2**20
        return min(max(round(humidity), 0), 2**20 - 1), min(max(round(temperature), 0), 2**20 - 1)
