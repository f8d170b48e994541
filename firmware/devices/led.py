"""A plain LED: on, off, or blinking."""

import asyncio

from msgflo import Port

from .switch import Switch

__all__ = ("Led", "create")


class Led(Switch):
    """Blinking ends with the next packet to `on` or `toggle`, or by itself; then it is as it was before."""

    component = "devices/Led"
    label = "LED"
    icon = "lightbulb-o"
    inports = Switch.inports + (Port("blink", "any", 'Hz, or {"on": s, "off": s, "count": n}'),)
    outports = (
        Port("lit", "boolean", "On or blinking", state=True),
        Port("blinking", "boolean", state=True),
    )

    def __init__(self, role, topics, options, pin, off):
        super().__init__(role, topics, options)
        self._pin = pin
        self._off = off
        self._before = False
        self._task = None

    def send_settings(self):
        """Tell the state: there are no settings."""
        self.send("lit", self.on)
        self.send("blinking", self._task is not None)

    def switch(self, on, times=None):
        """Light it or not, and end blinking, or begin it."""
        if self._task:
            self._task.cancel()
            self._task = None
        self.on = on
        self._pin(on ^ self._off)
        if times:
            self._task = asyncio.create_task(self._blink(*times))
        self.send_settings()

    def on_blink(self, value):
        """Blink, or no longer."""
        try:
            times = _times(value)
        except (ArithmeticError, TypeError, ValueError):
            what = 'blink {:.60}: allowed: Hz up to 50, or {{"on": 0.01 to 3600 s, "off": s, "count": 1 or more}}'
            self.fail(what.format(repr(value)), "blink")
            return
        if not self._task:
            self._before = self.on
        self.switch(bool(times) or self._before, times)

    async def _blink(self, on, off, count):
        while count:
            self._pin(1 - self._off)
            await asyncio.sleep(on)
            self._pin(self._off)
            await asyncio.sleep(off)
            count -= 1
        self._task = None
        self.switch(self._before)


def _times(value):
    """Return seconds on, seconds off, and how often (-1: without end); None for 0 Hz. Raises what is caught above."""
    count = -1
    if isinstance(value, dict):
        value = value.copy()
        on = value.pop("on", 0.5)
        off = value.pop("off", on)
        if "count" in value:
            count = value.pop("count")
            if type(count) is not int or count < 1:
                raise ValueError
        if value:
            raise ValueError
    elif value == 0 and value is not False:
        return None
    else:
        on = off = 0.5 / value
    for part in (value, on, off):
        if isinstance(part, bool):
            raise TypeError
    if not (0.01 <= on <= 3600 and 0.01 <= off <= 3600):
        raise ValueError
    return on, off, count


def create(role, topics, options, hardware):
    """Return the participant; `options`: pin, and `active`: the level that lights it, "high" unless "low"."""
    from machine import Pin

    pin = hardware.pin(options["pin"])
    off = 1 if options.get("active") == "low" else 0
    pin.init(Pin.OUT, value=off)  # off from the start: never on for a moment
    return Led(role, topics, options, pin, off)
