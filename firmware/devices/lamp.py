"""Light of any colour."""

import asyncio

from msgflo import Port
from msgflo._platform import ticks_diff, ticks_ms  # which the host has too, for it reads ports and settings

from .colors import rgb
from .errors import DeviceError
from .switch import Switch

__all__ = ("Lamp",)

_FRAME = 20  # ms


class Lamp(Switch):
    """Derive from this for a kind of light; off and white at the start. A colour switches it on.

    `light` is a driver with `values`, `full`, `places` and `show()`: see drivers/ws2812.py.
    """

    inports = Switch.inports + (Port("color", "any", '"#rrggbb", [r, g, b] or a name'),)
    outports = (Port("state", "object", "Where it is, or fades to", state=True),)
    settings = (
        ("brightness", "number", 100, 0, 100, "Percent"),
        ("fade", "number", 0, 0, 3600, "Seconds that a change takes"),
    )

    def __init__(self, role, topics, options, light):
        super().__init__(role, topics, options)
        self._light = light
        self._colors = b"\xff\xff\xff"
        self._from = self._to = None  # values; not before they are needed
        self._ms = 0  # what the fade takes; 0: there is none
        self._start = 0
        self._task = None
        light.show()

    def start(self):
        """Tell the state."""
        super().start()
        self._tell()

    def changed(self, setting):
        """Shine as the brightness says."""
        if setting == "brightness":
            self.switch(self.on)
        else:
            self._tell()

    def on_color(self, value):
        """Shine in this colour."""
        try:
            self._colors = self.colors(value)
        except DeviceError as e:
            self.fail(e, "color")
            return
        self.well()
        self.switch(True)

    def colors(self, value):
        """Return what was sent to `color` as bytes, three for each colour; raises DeviceError."""
        return bytes(rgb(value))

    def switch(self, on):
        """Fade to on or off, or there at once."""
        self.on = on
        values = self._light.values
        self._ms = round(self.config["fade"] * 1000)
        if self._ms:
            if self._from is None:
                self._from, self._to = values[:], values[:]
            self._from[:] = values
            self._start = ticks_ms()
            self._fill(self._to)
            if self._task is None:
                self._task = asyncio.create_task(self._fade())
        else:
            self._fill(values)
            self._light.show()
        self._tell()

    async def _fade(self):
        # Takes no memory, however many frames there are. Ended by `_ms` = 0: here, or by a change that is shown at once.
        shown = 0
        values = self._light.values
        while self._ms:
            part = min(ticks_diff(ticks_ms(), self._start) * 256 // self._ms, 256)
            if part != shown:
                shown = part
                for i in range(len(values)):
                    old = self._from[i]
                    values[i] = old + ((self._to[i] - old) * part >> 8)
                self._light.show()
                if part == 256:
                    self._ms = shown = 0
            await asyncio.sleep_ms(_FRAME)
        self._task = None

    def _fill(self, values):
        """Work out the values: the colours, again and again, as bright as wanted."""
        light = self._light
        scale = round(self.config["brightness"] * light.full * 256 / 25500) if self.on else 0
        for i in range(len(values)):
            values[i - i % 3 + light.places[i % 3]] = self._colors[i % len(self._colors)] * scale + 128 >> 8

    def _tell(self):
        colors = ["#{:02x}{:02x}{:02x}".format(*self._colors[i : i + 3]) for i in range(0, len(self._colors), 3)]
        state = {"on": self.on, "color": colors if len(colors) > 1 else colors[0]}
        for setting in self.config:
            state[setting] = self.config[setting]
        self.send("state", state)
