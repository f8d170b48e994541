"""A sound at a microphone: a tone of a level, as a voltage or as samples of a digital microphone."""

from __future__ import annotations

import array
import math
import random

__all__ = ["Sound"]

_TONE = 440.0  # Hz


class Sound:
    """`level` is in dB below the loudest sine that the converter takes (dBFS), from -120 to 0."""

    def __init__(self, level: float = -60.0) -> None:
        self.level = level
        self._phase = 0.0
        self._random = random.Random(1)

    @property
    def amplitude(self) -> float:
        """The peak of the tone, as a part of the full scale: 0 to 1."""
        return float(10 ** (self.level / 20))

    def volts(self, full: float = 3.3) -> float:
        """Return the voltage of an analogue microphone at some moment: about the middle of the range."""
        return full / 2 * (1 + self.amplitude * math.sin(self._random.uniform(0, 2 * math.pi)))

    def samples(self, count: int, bits: int, rate: int) -> bytes:
        """Return samples of 16 bits, or of 24 bits at the top of 32 (such as INMP441), little-endian."""
        full = self.amplitude * ((1 << bits - 1) - 1)
        step = 2 * math.pi * _TONE / rate
        values = array.array("h" if bits == 16 else "i", (0,) * count)
        for index in range(count):
            values[index] = round(full * math.sin(self._phase + index * step)) & (-1 if bits == 16 else ~0xFF)
        self._phase = (self._phase + count * step) % (2 * math.pi)
        return values.tobytes()
