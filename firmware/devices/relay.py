"""A relay, or whatever else a pin switches."""

import asyncio

from msgflo import Port
from msgflo._platform import ticks_diff, ticks_ms  # which the host has too, for it reads ports and settings

from .switch import Switch

__all__ = ("Relay", "create")


class Relay(Switch):
    """Off at the start. With a `rest` it is not switched more often than that: the latest request then comes later."""

    component = "devices/Relay"
    label = "Relay"
    icon = "power-off"
    outports = (Port("closed", "boolean", state=True),)
    settings = (("rest", "number", 0, 0, 3600, "Least seconds between switchings"),)

    def __init__(self, role, topics, options, pin, off):
        super().__init__(role, topics, options)
        self._pin = pin
        self._off = off
        self._closed = False
        self._since = ticks_ms()
        self._task = None

    def send_settings(self):
        """Tell the settings and the state."""
        super().send_settings()
        self.send("closed", self._closed)

    def switch(self, on):
        """Switch it, now or as soon as it had its rest, and report the state then."""
        self.on = on
        if self._task:
            return
        rest = round(self.config["rest"] * 1000)
        past = ticks_diff(ticks_ms(), self._since)
        if 0 <= past < rest and on != self._closed:
            self._task = asyncio.create_task(self._later(rest - past))
            return
        if on != self._closed:
            self._closed = on
            self._since = ticks_ms()
            self._pin(on ^ self._off)
        self.send("closed", on)

    async def _later(self, ms):
        await asyncio.sleep_ms(ms)
        self._task = None
        self.switch(self.on)


def create(role, topics, options, hardware):
    """Return the participant; `options`: pin, and `active`: the level that closes it, "high" unless "low"."""
    from machine import Pin

    pin = hardware.pin(options["pin"])
    off = 1 if options.get("active") == "low" else 0
    pin.init(Pin.OUT, value=off)  # off from the start: never on for a moment
    return Relay(role, topics, options, pin, off)
