"""Makes a switch of a measurement."""

from msgflo import Port
from msgflo.component import Component


class Threshold(Component):
    label = "Tells whether a number is high, without flutter where it is near the threshold"
    icon = "thermometer-half"
    inports = (
        Port("in", "number", "The number to judge"),
        Port("threshold", "number", "True from here on", schema={"default": 0}),
        Port(
            "hysteresis",
            "number",
            "How far below the threshold a number must fall to become false",
            schema={"default": 0, "minimum": 0},
        ),
    )
    outports = (Port("out", "boolean", "Whether the number is high; one packet for each", qos=1),)
    remembers = ("high",)
    high = False

    def on_in(self, value: float) -> None:
        threshold = self.settings["threshold"]
        # Without hysteresis, the threshold itself is still high.
        stays = self.high and value > threshold - self.settings["hysteresis"]
        self.high = value >= threshold or stays
        # Every packet is answered, so that a device which missed one is right again with the next.
        self.send("out", self.high)
