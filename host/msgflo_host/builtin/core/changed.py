"""Leaves out what is no news."""

from typing import Any

from msgflo import Error, Port
from msgflo.component import Component
from msgflo.values import number


class Changed(Component):
    label = "Lets through only what differs from what it let through before"
    icon = "exchange"
    inports = (
        Port("in", "any", "What may be news"),
        Port(
            "deadband",
            "number",
            "A number must differ by more than this to be news",
            schema={"default": 0, "minimum": 0},
        ),
    )
    outports = (Port("out", "any", "What is news; the first packet is", qos=1),)
    remembers = ("before",)
    before: list[Any] = []  # what it let through, if there is something: it may be null

    def on_in(self, value: Any) -> None:
        if not self.before or self.differs(value, self.before[0]):
            self.send("out", value)
            self.before = [value]

    def differs(self, value: Any, before: Any) -> bool:
        try:
            return bool(abs(number(value) - number(before)) > self.settings["deadband"])
        except Error:  # not two numbers
            # For Python, true is 1.
            return isinstance(value, bool) != isinstance(before, bool) or bool(value != before)
