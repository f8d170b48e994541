"""An analogue microphone with an amplifier (MAX4466, MAX9814, …) at an ADC, its output at half the supply when silent."""

import time
from array import array

from micropython import const

from ..errors import OutOfRange
from ._loudness import loudness

__all__ = ("Mic",)

_SAMPLES = const(128)
_APART = const(100)  # µs
_LIMIT = const(16000)  # µs; some ADCs are slow


class Mic:
    """Takes 128 samples in 13 ms: nothing else runs meanwhile, so do other things between."""

    def __init__(self, adc):
        self._adc = adc
        self._samples = array("H", bytearray(2 * _SAMPLES))

    async def hear(self):
        """Return the mean square and the peak of a moment, 1 is full scale; raises OutOfRange for a stuck input."""
        samples = self._samples
        count = passed = 0
        start = time.ticks_us()
        while count < _SAMPLES and passed < _LIMIT:
            passed = time.ticks_diff(time.ticks_us(), start)
            if passed >= count * _APART:
                samples[count] = self._adc.read_u16()
                count += 1
        square, peak = loudness(samples, 0, count, 1)
        if not peak and not 64 < samples[0] < 65400:
            raise OutOfRange("microphone: stuck at {} of 65535: look at its wiring and power".format(samples[0]))
        return square, peak
