"""How loud it is: a microphone at an ADC or on I2S."""

import asyncio
import math
import time

from msgflo import Port

from .errors import DeviceError
from .sensor import Sensor

__all__ = ("Sound", "create")

_PAUSE = 0.06  # seconds between two moments of listening


class Sound(Sensor):
    """`driver` has an async `hear()` that returns the mean square and the peak of a moment.

    Levels are in dB, `reference` at a sine of full scale. An INMP441 has -26 dB (full scale) at 94 dB of sound pressure: with
    a `reference` of 120 levels are sound pressure.
    """

    component = "devices/Sound"
    label = "Loudness"
    icon = "microphone"
    settings = (
        ("interval", "number", 1, 0.1, 86400, "Seconds between levels"),
        ("threshold", "number", -20, -150, 200, "dB above which it is loud"),
        ("hold", "number", 1, 0, 3600, "Seconds from one `loud` to the next at least"),
        ("reference", "number", 0, -150, 200, "dB at full scale"),
    )
    outports = (
        Port("level", "number", "dB, mean"),
        Port("peak", "number", "dB"),
        Port("loud", "number", "dB, when above the threshold"),
    )

    _square = _peak = _moments = 0  # since the last reading
    _error = None
    _loud = None  # ticks of the last `loud`, if less than `hold` ago

    async def run(self):
        """Listen."""
        while True:
            try:
                square, peak = await self.driver.hear()
            except (DeviceError, OSError) as e:
                self._error = e
                await asyncio.sleep(1)
                continue
            self._square += square
            self._peak = max(self._peak, peak)
            self._moments += 1
            now = time.ticks_ms()
            if self._loud is not None and time.ticks_diff(now, self._loud) >= self.config["hold"] * 1000:
                self._loud = None
            level = self._decibels(square)
            if self._loud is None and level > self.config["threshold"]:
                self._loud = now
                self.send("loud", level)
            await asyncio.sleep(_PAUSE)

    async def measure(self):
        """Return what was heard since the last time."""
        while not self._moments:
            if self._error:
                error, self._error = self._error, None
                raise error
            await asyncio.sleep(0.05)
        reading = {
            "level": self._decibels(self._square / self._moments),
            "peak": self._decibels(self._peak * self._peak / 2),
        }
        self._square = self._peak = self._moments = 0
        self._error = None
        return reading

    def _decibels(self, square):
        # A millionth of a millionth: below what 16 bits can tell.
        return round(10 * math.log10(2 * square + 1e-12) + self.config["reference"], 1)


def create(role, topics, options, hardware):
    """Make one; options: `pin` of an ADC; or the pins `sck`, `ws`, `sd` of I2S, and `i2s`, which of the chip's units."""
    if "pin" in options:
        from .drivers.mic import Mic

        driver = Mic(hardware.adc(options["pin"]))
    else:
        from .drivers.i2s_mic import I2sMic

        pins = [hardware.pin(options[each]) for each in ("sck", "ws", "sd")]
        driver = I2sMic(pins[0], pins[1], pins[2], options.get("i2s", 0))
    return Sound(role, topics, options, driver)
