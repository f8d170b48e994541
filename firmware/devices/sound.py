"""How loud it is: a microphone at an ADC or on I2S."""

import asyncio
import math
import time

from msgflo import Port

from .device import Device
from .errors import DeviceError

__all__ = ("Sound", "create")


class Sound(Device):
    """`driver` has an async `hear()` that returns the mean square and the peak of a moment.

    Levels are in dB, `reference` at a sine of full scale. An INMP441 has -26 dB (full scale) at 94 dB of sound pressure: with
    a `reference` of 120 levels are sound pressure.
    """

    component = "devices/Sound"
    icon = "microphone"
    settings = (
        ("interval", "number", 1, 0.1, 86400, "Seconds between levels"),
        ("threshold", "number", -20, -150, 200, "dB that are loud"),
        ("hold", "number", 1, 0, 3600, "Seconds from loud to loud"),
        ("reference", "number", 0, -150, 200, "dB at full scale"),
    )
    outports = (
        Port("level", "number", "dB", state=True),
        Port("peak", "number", "dB", state=True),
        Port("loud", "number", "dB"),
    )
    _loud = None  # ticks of the last `loud`, if that is less than `hold` ago

    def __init__(self, role, topics, options, driver):
        self.driver = driver
        super().__init__(role, topics, options)

    async def run(self):
        """Listen."""
        while True:
            try:
                await self.listen()
            except (DeviceError, OSError) as e:
                self.fail(e)
                await asyncio.sleep(max(self.config["interval"], 1))

    async def listen(self):
        """Listen for an interval, then report how loud it was; raises DeviceError, OSError."""
        squares = peak = moments = 0
        start = now = time.ticks_ms()
        while not moments or time.ticks_diff(now, start) < self.config["interval"] * 1000:
            await asyncio.sleep(0.06)  # from one moment of listening to the next
            square, high = await self.driver.hear()
            squares += square
            peak = max(peak, high)
            moments += 1
            now = time.ticks_ms()
            if self._loud is not None and time.ticks_diff(now, self._loud) >= self.config["hold"] * 1000:
                self._loud = None
            level = self._decibels(square)
            if self._loud is None and level > self.config["threshold"]:
                self._loud = now
                self.send("loud", level)
        self.well()
        self.send("level", self._decibels(squares / moments))
        self.send("peak", self._decibels(peak * peak / 2))

    def _decibels(self, square):
        # What is added is below what 16 bits resolve.
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
