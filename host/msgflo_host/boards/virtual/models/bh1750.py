"""BH1750: light in lux (ROHM, BH1750FVI Technical Note, 2011.11 rev. D)."""

from __future__ import annotations

import time
from collections.abc import Callable

from .bus import NoAcknowledge

__all__ = ["Bh1750"]

# Instruction Set Architecture: resolution mode -> (longest duration in s, counts a lux by 1.2, how much finer).
_MODES = {0x10: (0.18, 1), 0x11: (0.18, 2), 0x13: (0.024, 1), 0x20: (0.18, 1), 0x21: (0.18, 2), 0x23: (0.024, 1)}
_POWER_DOWN, _POWER_ON, _RESET = 0x00, 0x01, 0x07
_SENSITIVITY = 1.2  # counts a lux
_DEFAULT_TIME = 69  # of the measurement time register


class Bh1750:
    """`lux` is what shines on it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.lux = 200.0
        self._clock = clock
        self._on = False
        self._time = _DEFAULT_TIME
        self._mode: int | None = None
        self._ready = 0.0
        self._value = 0

    def write(self, data: bytes) -> None:
        """Take an instruction of one byte."""
        for code in data:
            self._instruct(code)

    def _instruct(self, code: int) -> None:
        if code in (_POWER_DOWN, _POWER_ON):
            self._on = code == _POWER_ON
            self._mode = None if not self._on else self._mode
        elif code == _RESET:
            if self._on:  # not acceptable in power down mode
                self._value = 0
        elif code & 0xF8 == 0x40:
            self._time = self._time & 0x1F | (code & 7) << 5
        elif code & 0xE0 == 0x60:
            self._time = self._time & 0xE0 | code & 0x1F
        elif code in _MODES:
            self._on = True
            self._mode = code
            self._ready = self._clock() + _MODES[code][0] * self._time / _DEFAULT_TIME
        else:
            raise NoAcknowledge(f"unknown instruction 0x{code:02x}")

    def read(self, length: int) -> bytes:
        """Give the last measured value, of 16 bits."""
        if self._mode is not None and self._clock() >= self._ready:
            counts = self.lux * _SENSITIVITY * self._time / _DEFAULT_TIME * _MODES[self._mode][1]
            self._value = min(round(counts), 65535)
            if self._mode & 0x20:  # one time: powers down by itself
                self._mode, self._on = None, False
        return self._value.to_bytes(2, "big")[:length]
