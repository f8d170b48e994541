"""A button: pressed or not, and what was meant by it."""

from msgflo import Port
from msgflo._platform import ticks_diff, ticks_ms  # which the host has too, for it reads ports and settings

from .device import Device

__all__ = ("Button", "create")


class Button(Device):
    """Tells presses, long ones and double ones.

    `press` comes with each press, at once: `debounce` seconds after the contact came to rest. Nothing waits for what the
    press may become. `long` comes once, when it has been held for `long_time`, and `double` with a press that begins
    within `double_time` of the beginning of the one before, unless that one was the second of a double already.

    A button that is held when the board starts is `pressed`, but that is no press.
    """

    component = "devices/Button"
    label = "Button"
    icon = "hand-o-down"
    outports = (
        Port("pressed", "boolean", state=True),
        Port("press", "boolean"),
        Port("long", "boolean"),
        Port("double", "boolean"),
    )
    settings = (
        ("debounce", "number", 0.02, 0.001, 0.5, "Seconds of stillness"),
        ("long_time", "number", 0.8, 0.1, 60, "Seconds"),
        ("double_time", "number", 0.4, 0, 5, "Seconds from press to press"),
    )

    def __init__(self, role, topics, options, contact):
        super().__init__(role, topics, options)
        self._contact = contact
        self.changed("debounce")

    def changed(self, setting):
        """Debounce as set."""
        self._contact.still = self._ms("debounce")

    async def run(self):
        """Tell whether it is pressed, and what happens."""
        contact = self._contact
        since = None  # the press that goes on, unless it is a long one already
        first = None  # the press before, if it may become the first of a double
        self.send("pressed", contact.closed)
        while True:
            within = None if since is None else self._ms("long_time") - ticks_diff(ticks_ms(), since)
            time = await contact.change(within)
            if since is not None and ticks_diff(ticks_ms() if time is None else time, since) >= self._ms("long_time"):
                since = first = None
                self.send("long", True)
            if time is None:
                continue
            self.send("pressed", contact.closed)
            since = time if contact.closed else None
            if since is not None:
                self.send("press", True)
                if first is not None and 0 <= ticks_diff(time, first) < self._ms("double_time"):
                    first = None
                    self.send("double", True)
                else:
                    first = time

    def _ms(self, setting):
        return round(self.config[setting] * 1000)


def create(role, topics, options, hardware):
    """Return the participant; `options`: pin, and `active`: the pin's level when pressed, "low" unless "high"."""
    from machine import Pin

    from .drivers.debounce import Contact

    high = options.get("active") == "high"
    pin = hardware.pin(options["pin"], Pin.IN, Pin.PULL_DOWN if high else Pin.PULL_UP)
    return Button(role, topics, options, Contact(pin, 1 if high else 0))
