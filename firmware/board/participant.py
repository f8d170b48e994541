"""The board itself as a participant: how it is, and what can be done with it."""

import asyncio
import gc
from time import ticks_add, ticks_diff, ticks_ms

from micropython import const

import machine
from msgflo import Participant

from . import log

__all__ = ("Board",)

_PERIOD = const(30)  # s between reports
_CAUSES = ("PWRON", "WDT", "DEEPSLEEP", "SOFT", "HARD")  # an RP2 knows the first two only


class Board(Participant):
    """Its ports are those that `start` has; `mode` is normal or safe, `wifi` knows the signal, `led` is a pin or None."""

    component = "boards/Board"
    icon = "microchip"
    heard = False  # whether an update was, for who sets it to False

    def __init__(self, role, inports, outports, *, version, mode, wifi, led):
        self.inports = inports
        self.outports = outports
        super().__init__(role)
        self.version = version
        self.mode = mode
        self._wifi = wifi
        self._led = led
        self._blinking = None  # the task that does
        self.update = None  # async function that takes the packets of an update
        self._began = ticks_ms()
        self._seconds = 0
        self.awake = False  # whether it shall not sleep
        self.every(_PERIOD, self.report)

    def start(self):
        """Tell what does not change, then how it is."""
        self.send("reset", _cause())
        self.send("version", self.version)
        self.send("mode", self.mode)
        self.report()

    def report(self):
        """Tell how it is."""
        seconds = ticks_diff(ticks_ms(), self._began) // 1000
        self._began = ticks_add(self._began, seconds * 1000)  # ticks begin again after some days
        self._seconds += seconds
        gc.collect()
        self.send("memory", gc.mem_free())
        self.send("signal", self._wifi.signal)
        self.send("uptime", self._seconds)
        self.send("errors", log.errors)

    def on_identify(self, value):
        """Blink, in a task of its own: other packets are not to wait."""
        log.info("it is me")
        if not self._led:
            log.info("no LED of its own shows it; one can be named in the port map, as in  led: {pin: 2}")
        elif not self._blinking:
            self._blinking = asyncio.create_task(self._blink())

    async def _blink(self):
        before = self._led.value()
        for i in range(25):
            self._led.value(i & 1 ^ 1)
            await asyncio.sleep_ms(200)
        self._led.value(before)
        self._blinking = None

    async def on_restart(self, value):
        """Start anew; what is not true is no reason to."""
        if value is True:
            from .starts import reached

            reached()  # at once, that it is no failed start
            log.info("starting anew, as wished")
            await self._engine.stop()  # pyright: ignore[reportAttributeAccessIssue] - a Session
            machine.reset()

    def on_stay_awake(self, value):
        """Whether not to sleep."""
        self.awake = value is True

    def on_log_level(self, value):
        """Say more, or less."""
        if value in log.LEVELS:
            log.level = log.LEVELS.index(value)
        else:
            log.error("{!r} is no level; allowed: {}".format(value, ", ".join(log.LEVELS)))

    def on_update(self, payload):
        """Part of a new version."""
        self.heard = True
        return self.update(payload)


def _cause():
    cause = machine.reset_cause()
    for name in _CAUSES:
        if cause == getattr(machine, name + "_RESET", None):
            return name.lower()
    return str(cause)
