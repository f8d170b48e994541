"""Light of any colour."""

import asyncio

from msgflo import Port
from msgflo._platform import ticks_diff, ticks_ms  # which the host has too, for it reads ports and settings

from .colors import rgb
from .errors import DeviceError
from .switch import Switch

__all__ = ("Lamp",)


class Lamp(Switch):
    """Derive from this for a kind of light; off and white at the start.

    A colour switches it on. A list of colours is for several pixels; one that is shorter is repeated.
    `light` is a driver with `values`, `full`, `places` and `show()`: see drivers/ws2812.py.
    """

    inports = Switch.inports + (Port("color", "color", '"#rrggbb", [r, g, b] or a name'),)
    outports = (Port("state", "object", state=True),)
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
        self._task = None

    def send_settings(self):
        """Report the settings and the state, and shine accordingly."""
        super().send_settings()
        self.switch(self.on)

    def on_color(self, value):
        """Shine in this colour, or these."""
        colors = value if isinstance(value, list) and value and not isinstance(value[0], int) else (value,)
        most = len(self._light.values) // 3
        try:
            if len(colors) > most:
                raise DeviceError("color: {} colours: allowed: up to {}".format(len(colors), most))
            found = bytearray(3 * len(colors))
            for i, color in enumerate(colors):
                found[3 * i : 3 * i + 3] = rgb(color)
        except DeviceError as e:
            self.fail(e, "color")
            return
        self.well()
        self._colors = found
        self.switch(True)

    def switch(self, on):
        """Fade to on or off, or there at once, and report the state."""
        self.on = on
        light = self._light
        colors = self._colors
        goal = values = light.values
        self._ms = round(self.config["fade"] * 1000)
        if self._ms:
            self._from = self._from or values[:]
            self._from[:] = values
            self._to = goal = self._to or values[:]
            self._start = ticks_ms()
            self._part = -1  # how far it has come, of 256
            self._task = self._task or asyncio.create_task(self._fade())
        scale = round(self.config["brightness"] * light.full * 256 / 25500) if on else 0
        for i in range(len(values)):
            goal[i - i % 3 + light.places[i % 3]] = colors[i % len(colors)] * scale + 128 >> 8
        if not self._ms:
            light.show()
        state = self.config.copy()
        state["on"] = on
        try:
            names = []
            for i in range(0, len(colors), 3):
                names.append("#{:02x}{:02x}{:02x}".format(*colors[i : i + 3]))
            state["color"] = names if len(names) > 1 else names[0]
            self.send("state", state)
        except MemoryError:
            # It shines, but a list of hundreds of colours takes 10 KB to be told.
            names = state["color"] = None
            self.send("state", state)
            self.fail("color: no memory to tell {} colours".format(len(colors) // 3), "color")

    async def _fade(self):
        # Takes no memory, however many frames there are. Ended by `_ms` = 0: here, or by a change that is shown at once.
        values = self._light.values
        while self._ms:
            part = min(int(ticks_diff(ticks_ms(), self._start)) * 256 // self._ms, 256)
            if part != self._part:
                self._part = part
                for i in range(len(values)):
                    old = self._from[i]
                    values[i] = old + ((self._to[i] - old) * part >> 8)
                self._light.show()
                if part == 256:
                    self._ms = 0
            await asyncio.sleep_ms(20)  # 50 frames a second
        self._task = None
