"""Buttons, LEDs, pixels, relays and the 433 MHz radio of a virtual board."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Callable, Mapping
from typing import Any

from .hardware import Hardware
from .models.bounce import edges
from .pins import Pin
from .thing import ControlError, Thing, Value

__all__ = ["Button", "Led", "Pixels", "Radio", "Relay", "Rgb"]

_MOST_RECEIVED = 65_536  # durations that wait for the program
_LONGEST = 65_535  # µs, of one duration


class Button(Thing):
    """A contact that bounces, as all do."""

    inputs = (
        Value("pressed", "boolean", "Whether somebody holds it"),
        Value("press", "number", "Hold it for so long, then let it go", "s", 0.001, 60),
        Value("bounce", "boolean", "Whether its contact bounces"),
    )

    def __init__(self, hardware: Hardware, options: Mapping[str, Any], changed: Callable[[], None]) -> None:
        super().__init__(hardware, options, changed)
        self.state = {"pressed": False, "bounce": True}
        self._pin = hardware.pin(options["pin"])
        self._closed = 1 if options.get("active") == "high" else 0
        self._due: list[asyncio.TimerHandle] = []

    def set_pressed(self, pressed: bool) -> None:
        self._cancel()
        self._move(pressed)

    def set_press(self, seconds: float) -> None:
        self._cancel()
        self._move(True)
        self._due.append(asyncio.get_running_loop().call_later(seconds, self._move, False))

    def _cancel(self) -> None:
        for each in self._due:
            each.cancel()
        self._due.clear()

    def _move(self, closed: bool) -> None:
        self.state["pressed"] = closed
        self.changed()
        for after, contact in edges(closed) if self.state["bounce"] else [(0.0, closed)]:
            if after:
                self._due.append(asyncio.get_running_loop().call_later(after, self._touch, contact))
            else:
                self._touch(contact)

    def _touch(self, contact: bool) -> None:
        self._pin.drive(self._closed if contact else None)

    def show(self) -> dict[str, Any]:
        return {"pressed": self.state["pressed"]}


class _Output(Thing):
    """Something at one pin that is on or off."""

    shown = ""

    def __init__(self, hardware: Hardware, options: Mapping[str, Any], changed: Callable[[], None]) -> None:
        super().__init__(hardware, options, changed)
        self._pin = hardware.pin(options["pin"])
        self._pin.listeners.append(changed)
        self._low = options.get("active") == "low"

    def show(self) -> dict[str, Any]:
        driven = self._pin.duty > 0 if not self._low else self._pin.duty < 1
        return {self.shown: driven and self._pin.driving}


class Led(_Output):
    """An LED."""

    outputs = (Value("lit", "boolean", "Whether it shines"),)
    shown = "lit"


class Relay(_Output):
    """A relay."""

    outputs = (Value("closed", "boolean", "Whether it has closed its contact"),)
    shown = "closed"


class Rgb(Thing):
    """A LED of three colours on three pins with pulse width modulation."""

    outputs = (Value("color", "string", "As #rrggbb"),)

    def __init__(self, hardware: Hardware, options: Mapping[str, Any], changed: Callable[[], None]) -> None:
        super().__init__(hardware, options, changed)
        self._pins = [hardware.pin(options[color]) for color in ("red", "green", "blue")]
        self._anode = options.get("common") == "anode"
        for pin in self._pins:
            pin.listeners.append(changed)

    def show(self) -> dict[str, Any]:
        return {"color": _color([self._brightness(pin) for pin in self._pins])}

    def _brightness(self, pin: Pin) -> int:
        if not pin.driving:
            return 0
        return round(255 * (1 - pin.duty if self._anode else pin.duty))


class Pixels(Thing):
    """A strip of WS2812."""

    outputs = (Value("colors", "array", "Of each pixel, as #rrggbb"),)

    def __init__(self, hardware: Hardware, options: Mapping[str, Any], changed: Callable[[], None]) -> None:
        super().__init__(hardware, options, changed)
        self._data = bytearray(3 * options.get("count", 1))
        order = options.get("order", "GRB")
        self._places = [order.index(color) for color in "RGB"]
        hardware.pin(options["pin"]).bits = self._take

    def _take(self, data: bytes) -> None:
        # What comes first is for the first pixel; those that get nothing stay as they are.
        length = min(len(data), len(self._data))
        self._data[:length] = data[:length]
        self.changed()

    def lose_power(self) -> None:
        """Go dark."""
        self._take(bytes(len(self._data)))

    def show(self) -> dict[str, Any]:
        pixels = (self._data[at : at + 3] for at in range(0, len(self._data), 3))
        return {"colors": [_color([pixel[place] for place in self._places]) for pixel in pixels]}


class Radio(Thing):
    """Receiver and transmitter for 433 MHz; pulses are durations in µs: high, low, high, low, …"""

    outputs = (
        Value("sent", "array", "The pulses that were sent last"),
        Value("repeat", "number", "How often they were sent"),
        Value("count", "number", "How many times something was sent"),
    )

    def __init__(self, hardware: Hardware, options: Mapping[str, Any], changed: Callable[[], None]) -> None:
        super().__init__(hardware, options, changed)
        self._sent: dict[str, Any] = {"sent": [], "repeat": 0, "count": 0}
        self._receiver: Pin | None = None
        if options.get("receive") is not None:
            self._receiver = hardware.pin(options["receive"])
            self.inputs = (Value("pulses", "array", "Pulses that it receives now", "µs"),)
        if options.get("transmit") is not None:
            hardware.pin(options["transmit"]).sent = self._send

    def set_pulses(self, pulses: list[Any]) -> None:
        """Receive pulses, and after them nothing: the last low is a long one."""
        if len(pulses) % 2 or not all(type(each) is int and 0 < each <= 1_000_000 for each in pulses):
            raise ControlError("pulses: whole µs from 1 to 1000000 are needed, an even number of them: high, low, …")
        assert self._receiver is not None
        waiting = self._receiver.received
        lengths = [*(min(each, _LONGEST) for each in pulses[:-1]), _LONGEST][: len(pulses)]
        packed = struct.pack(f"<{len(lengths)}H", *lengths)
        if len(waiting) + len(packed) <= 2 * _MOST_RECEIVED:
            waiting += packed

    def _send(self, durations: list[int], repeat: int) -> None:
        self._sent = {"sent": durations, "repeat": repeat, "count": self._sent["count"] + 1}
        self.changed()

    def show(self) -> dict[str, Any]:
        return dict(self._sent)


def _color(parts: list[int]) -> str:
    return "#{:02x}{:02x}{:02x}".format(*parts)
