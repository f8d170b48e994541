"""Measurements: to scale, to count, to sum up."""

from __future__ import annotations

from collections import deque
from math import fsum, isfinite
from typing import Any

from ..component import Component, ComponentError, Context, Port
from ..values import number

__all__ = ["Changed", "Counter", "Scale", "Window"]


class Scale(Component):
    """Turns one range of numbers into another."""

    name = "core/Scale"
    description = "Turns numbers of one range into those of another, such as 0 to 1023 into 0 to 100"
    icon = "arrows-h"
    inports = (
        Port("in", "number", "The number to turn"),
        Port("inmin", "number", "What becomes outmin", 0),
        Port("inmax", "number", "What becomes outmax; not the same as inmin", 1),
        Port("outmin", "number", "What inmin becomes; may be more than outmax", 0),
        Port("outmax", "number", "What inmax becomes", 1),
        Port("clamp", "boolean", "Whether results stay between outmin and outmax", False),
    )
    outports = (Port("out", "number", "The number in the other range"),)

    def packet(self, port: str, value: Any) -> None:
        low, high = self.settings["inmin"], self.settings["inmax"]
        first, last = self.settings["outmin"], self.settings["outmax"]
        if low == high:
            raise ComponentError(f"inmin and inmax are both {low:g}; they must differ")
        result = first + (value - low) / (high - low) * (last - first)
        if self.settings["clamp"]:
            result = min(max(result, min(first, last)), max(first, last))
        if not isfinite(result):
            raise ComponentError(f"the result for {value:g} is too large")
        self.send("out", result)


class Counter(Component):
    """Counts packets."""

    name = "core/Counter"
    description = "Counts packets, such as the pulses of a meter or the presses of a button"
    icon = "sort-numeric-asc"
    inports = (
        Port("in", "bang", "What is counted"),
        Port("reset", "bang", "Begins again at 0"),
        Port("step", "number", "How much is added for each packet; may be negative", 1),
    )
    outports = (Port("out", "number", "The count, whenever it was changed"),)

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._count: float = 0

    def packet(self, port: str, value: Any) -> None:
        self._count = 0 if port == "reset" else number(self._count + self.settings["step"])
        self.send("out", self._count)


class Window(Component):
    """Sums up the latest numbers."""

    name = "core/Window"
    description = "Mean, least, largest and count of the latest numbers"
    icon = "bar-chart"
    inports = (
        Port("in", "number", "A number that joins the latest ones"),
        Port("size", "number", "How many numbers are the latest", 10, minimum=1, maximum=10_000),
        Port("seconds", "number", "How long a number belongs to them; 0: however old it is", 0, minimum=0),
        Port("reset", "bang", "Forgets all numbers"),
    )
    outports = (
        Port("mean", "number", "Their mean"),
        Port("min", "number", "The least of them"),
        Port("max", "number", "The largest of them"),
        Port("count", "number", "How many they are"),
    )

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._latest: deque[tuple[float, float]] = deque()  # when, and what

    def packet(self, port: str, value: Any) -> None:
        latest, now, seconds = self._latest, self.context.now(), self.settings["seconds"]
        if port == "reset":
            latest.clear()
            return
        latest.append((now, value))
        while len(latest) > self.settings["size"] or (seconds and latest[0][0] < now - seconds):
            latest.popleft()
        numbers = [each for _, each in latest]
        try:
            mean = fsum(numbers) / len(numbers)
        except OverflowError:
            mean = fsum(each / len(numbers) for each in numbers)
        self.send("mean", mean)
        self.send("min", min(numbers))
        self.send("max", max(numbers))
        self.send("count", len(numbers))


class Changed(Component):
    """Leaves out what is no news."""

    name = "core/Changed"
    description = "Lets through only what differs from what it let through before"
    icon = "exchange"
    inports = (
        Port("in", "any", "What may be news"),
        Port("deadband", "number", "A number must differ by more than this to be news", 0, minimum=0),
    )
    outports = (Port("out", "any", "What is news; the first packet is"),)

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._known = False
        self._before: Any = None

    def packet(self, port: str, value: Any) -> None:
        if not self._known or self._differs(value):
            self._known, self._before = True, value
            self.send("out", value)

    def _differs(self, value: Any) -> bool:
        try:
            return bool(abs(number(value) - number(self._before)) > self.settings["deadband"])
        except ComponentError:  # not two numbers
            # For Python, true is 1.
            return isinstance(value, bool) != isinstance(self._before, bool) or bool(value != self._before)
