"""Counts packets."""

from typing import Any

from msgflo import Port
from msgflo.component import Component
from msgflo.values import number


class Counter(Component):
    label = "Counts packets, such as the pulses of a meter or the presses of a button"
    icon = "sort-numeric-asc"
    inports = (
        Port("in", "bang", "What is counted"),
        Port("reset", "bang", "Begins again at 0"),
        Port("step", "number", "How much is added for each packet; may be negative", schema={"default": 1}),
    )
    outports = (Port("out", "number", "The count, whenever it was changed", qos=1),)
    remembers = ("count",)
    count: float = 0

    def packet(self, inport: str, value: Any) -> None:
        # `number` refuses what is too large to be sent.
        self.count = 0 if inport == "reset" else number(self.count + self.settings["step"])
        self.send("out", self.count)
