"""Turns one range of numbers into another."""

from math import isfinite

from msgflo import Error, Port
from msgflo.component import Component


class Scale(Component):
    label = "Turns numbers of one range into those of another, such as 0 to 1023 into 0 to 100"
    icon = "arrows-h"
    inports = (
        Port("in", "number", "The number to turn"),
        Port("inmin", "number", "What becomes outmin", schema={"default": 0}),
        Port("inmax", "number", "What becomes outmax; not the same as inmin", schema={"default": 1}),
        Port("outmin", "number", "What inmin becomes; may be more than outmax", schema={"default": 0}),
        Port("outmax", "number", "What inmax becomes", schema={"default": 1}),
        Port("clamp", "boolean", "Whether results stay between outmin and outmax", schema={"default": False}),
    )
    outports = (Port("out", "number", "The number in the other range", qos=1),)

    def on_in(self, value: float) -> None:
        low, high = self.settings["inmin"], self.settings["inmax"]
        first, last = self.settings["outmin"], self.settings["outmax"]
        if low == high:
            raise Error(f"inmin and inmax are both {low:g}; they must differ")
        result = first + (value - low) / (high - low) * (last - first)
        if self.settings["clamp"]:
            result = min(max(result, min(first, last)), max(first, last))
        if not isfinite(result):
            raise Error(f"the result for {value:g} is too large")
        self.send("out", result)
