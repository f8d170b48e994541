"""Passes packets on."""

from typing import Any

from msgflo import Port
from msgflo.component import Component


class Repeat(Component):
    label = "Passes packets on as they come"
    icon = "repeat"
    inports = (Port("in", "any", "What to pass on"),)
    outports = (Port("out", "any", "The same", qos=1),)

    def on_in(self, value: Any) -> None:
        self.send("out", value)
