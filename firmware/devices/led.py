"""A plain LED: on, off, or blinking."""

import asyncio

from msgflo import Port

from .switch import Switch, output

__all__ = ("Led", "create")


class Led(Switch):
    """Blinking ends with the next packet to `on` or `toggle`, or by itself; then it is as it was before."""

    component = "devices/Led"
    label = "LED"
    icon = "lightbulb-o"
    inports = Switch.inports + (
        Port("blink", "any", 'Hz, or {"on": seconds, "off": seconds, "count": times}; 0: stop'),
    )
    outports = (
        Port("lit", "boolean", "Whether it is on or blinks", state=True),
        Port("blinking", "boolean", "Whether it blinks", state=True),
    )

    def __init__(self, role, topics, options, pin, off):
        super().__init__(role, topics, options)
        self._pin = pin
        self._off = off
        self._before = False
        self._task = None

    def start(self):
        """Tell the state."""
        super().start()
        self._tell()

    def switch(self, on, times=None):
        """Light it or not, and end blinking, or begin it."""
        if self._task:
            self._task.cancel()
            self._task = None
        self.on = on
        self._light(on)
        if times:
            self._task = asyncio.create_task(self._blink(*times))
        self._tell()

    def on_blink(self, value):
        """Blink, or no longer."""
        times = None
        if value == 0 and not isinstance(value, bool):
            times = ()
        elif isinstance(value, dict):
            times = _checked(value.get("on", 0.5), value.get("off", value.get("on", 0.5)), value.get("count"), value)
        elif _number(value) and value > 0:
            times = _checked(0.5 / value, 0.5 / value, None, ())
        if times is None:
            what = 'blink {:.60}: allowed: Hz up to 50, or {{"on": 0.01 to 3600 s, "off": s, "count": 1 or more}}'
            self.fail(what.format(repr(value)), "blink")
            return
        if not self._task:
            self._before = self.on
        self.switch(bool(times) or self._before, times)

    async def _blink(self, on, off, count):
        while count:
            self._light(True)
            await asyncio.sleep(on)
            self._light(False)
            await asyncio.sleep(off)
            count -= 1
        self._task = None
        self.switch(self._before)

    def _light(self, on):
        self._pin(1 - self._off if on else self._off)

    def _tell(self):
        self.send("lit", self.on)
        self.send("blinking", self._task is not None)


def _number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _checked(on, off, count, keys):
    """Return seconds on, seconds off, and how often (-1: without end); None where that is not allowed."""
    for seconds in (on, off):
        if not _number(seconds) or not 0.01 <= seconds <= 3600:
            return None
    if [key for key in keys if key not in ("on", "off", "count")]:
        return None
    if count is None:
        return on, off, -1
    return (on, off, count) if type(count) is int and count > 0 else None


def create(role, topics, options, hardware):
    """Return the participant; `options`: pin, and `active`: the level that lights it, "high" unless "low"."""
    return Led(role, topics, options, *output(hardware, options))
