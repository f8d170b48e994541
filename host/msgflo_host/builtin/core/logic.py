"""Switches: what is true, and what is false."""

from __future__ import annotations

from typing import Any

from ..component import Component, Context, Port

__all__ = ["Not", "Threshold", "Toggle"]


class Not(Component):
    """Turns a switch around."""

    name = "core/Not"
    description = "Turns true into false, and false into true"
    icon = "exclamation"
    inports = (Port("in", "boolean", "What to turn around"),)
    outports = (Port("out", "boolean", "The opposite"),)

    def packet(self, port: str, value: Any) -> None:
        self.send("out", not value)


class Toggle(Component):
    """Makes a switch of a button."""

    name = "core/Toggle"
    description = "Switches on and off, in turn, with each packet: makes a switch of a button"
    icon = "toggle-on"
    inports = (
        Port("in", "bang", "Switches to the other state"),
        Port("set", "boolean", "Switches to this state"),
    )
    outports = (Port("out", "boolean", "The state, whenever it was switched; false at first"),)

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._on = False

    def packet(self, port: str, value: Any) -> None:
        self._on = value if port == "set" else not self._on
        self.send("out", self._on)


class Threshold(Component):
    """Makes a switch of a measurement.

    It answers every packet, so that a device which missed one is right again with the next; core/Changed thins that out.
    """

    name = "core/Threshold"
    description = "Tells whether a number is high, without flutter where it is near the threshold"
    icon = "thermometer-half"
    inports = (
        Port("in", "number", "The number to judge"),
        Port("threshold", "number", "True from here on", 0),
        Port("hysteresis", "number", "How far below the threshold a number must fall to become false", 0, minimum=0),
    )
    outports = (Port("out", "boolean", "Whether the number is high; one packet for each"),)

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._high = False

    def packet(self, port: str, value: Any) -> None:
        threshold = self.settings["threshold"]
        # Without hysteresis, the threshold itself is still high.
        stays = self._high and value > threshold - self.settings["hysteresis"]
        self._high = value >= threshold or stays
        self.send("out", self._high)
