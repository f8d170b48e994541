"""A microphone on I2S that sends 24 bits in 32, such as TDK's INMP441, its L/R pin at ground.

Data sheet DS-INMP441-00 (1.1): 64 clocks a frame, 7.8 to 50 kHz; silent for 2^18 clocks after power-up.
"""

import asyncio
from array import array

from micropython import const

from machine import I2S

from ..errors import NoAnswer
from ._loudness import loudness

__all__ = ("I2sMic",)

_SAMPLES = const(256)


class I2sMic:
    """Takes 256 samples, 16 ms at 16 kHz, while other things go on; `unit` is which of the chip's I2S units to use."""

    def __init__(self, sck, ws, sd, unit=0):
        self._i2s = I2S(unit, sck=sck, ws=ws, sd=sd, mode=I2S.RX, bits=32, format=I2S.MONO, rate=16000, ibuf=4096)
        self._samples = array("h", bytearray(4 * _SAMPLES))  # of each pair the second one is the upper half
        self._filled = True
        self._wait = 300  # ms, once
        self._i2s.irq(self._done)

    async def hear(self):
        """Return the mean square and the peak of a moment, 1 is full scale; raises NoAnswer."""
        await asyncio.sleep_ms(self._wait)
        self._wait = 0
        self._filled = False
        self._i2s.readinto(self._samples)
        for _ in range(50):
            if self._filled:
                break
            await asyncio.sleep_ms(4)
        else:
            raise NoAnswer("I2S microphone: no samples within 200 ms: look at the pins sck, ws, sd")
        square, peak = loudness(self._samples, 1, 2 * _SAMPLES, 2)
        if not peak:  # even silence has noise
            raise NoAnswer(
                "I2S microphone: all samples are {}: look at its wiring, L/R to ground".format(self._samples[1])
            )
        return square, peak

    def _done(self, i2s):
        self._filled = True
