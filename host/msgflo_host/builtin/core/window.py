"""Sums up the latest numbers."""

import time
from math import fsum
from typing import Any

from msgflo import Port
from msgflo.component import Component


class Window(Component):
    label = "Mean, least, largest and count of the latest numbers"
    icon = "bar-chart"
    inports = (
        Port("in", "number", "A number that joins the latest ones"),
        Port(
            "size", "number", "How many numbers are the latest", schema={"default": 10, "minimum": 1, "maximum": 10_000}
        ),
        Port(
            "seconds",
            "number",
            "How long a number belongs to them; 0: however old it is",
            schema={"default": 0, "minimum": 0},
        ),
        Port("reset", "bang", "Forgets all numbers"),
    )
    outports = (
        Port("mean", "number", "Their mean", qos=1),
        Port("min", "number", "The least of them", qos=1),
        Port("max", "number", "The largest of them", qos=1),
        Port("count", "number", "How many they are", qos=1),
    )
    latest: list[tuple[float, float]] = []  # when, and what

    def on_in(self, value: float) -> None:
        now, seconds = time.monotonic(), self.settings["seconds"]
        latest = [*self.latest, (now, value)][-int(self.settings["size"]) :]
        self.latest = [each for each in latest if not seconds or each[0] >= now - seconds]
        numbers = [each for _, each in self.latest]
        try:
            mean = fsum(numbers) / len(numbers)
        except OverflowError:  # the sum is too large, the mean is not
            mean = fsum(each / len(numbers) for each in numbers)
        self.send("mean", mean)
        self.send("min", min(numbers))
        self.send("max", max(numbers))
        self.send("count", len(numbers))

    def on_reset(self, value: Any) -> None:
        self.latest = []
