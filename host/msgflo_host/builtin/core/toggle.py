"""Makes a switch of a button."""

from typing import Any

from msgflo import Port
from msgflo.component import Component


class Toggle(Component):
    label = "Switches on and off, in turn, with each packet: makes a switch of a button"
    icon = "toggle-on"
    inports = (
        Port("in", "bang", "Switches to the other state"),
        Port("set", "boolean", "Switches to this state"),
    )
    outports = (Port("out", "boolean", "The state, whenever it was switched; false at first", qos=1),)
    remembers = ("on",)
    on = False

    def on_in(self, value: Any) -> None:
        self.on_set(not self.on)

    def on_set(self, value: bool) -> None:
        self.on = value
        self.send("out", value)
