"""Lets packets through at a bounded rate."""

from typing import Any

from msgflo import Port
from msgflo.component import Component


class Throttle(Component):
    label = "Passes on at most one packet in a given time, in the end always the newest"
    icon = "tachometer"
    inports = (
        Port("in", "any", "What may come too often"),
        Port(
            "seconds",
            "number",
            "The least time between two packets that are passed on",
            schema={"default": 1, "minimum": 0, "maximum": 31_622_400},
        ),
    )
    outports = (Port("out", "any", "The first packet at once, then the newest whenever the time is over", qos=1),)
    held: list[Any] = []  # the newest packet that came too soon, if there is one
    waiting = False

    def on_in(self, value: Any) -> None:
        if self.waiting:
            self.held = [value]
        else:
            self.pass_on(value)

    def pass_on(self, value: Any) -> None:
        self.waiting = True
        self.later(self.settings["seconds"], self.over)
        self.send("out", value)

    def over(self) -> None:
        held, self.held, self.waiting = self.held, [], False
        if held:
            self.pass_on(held[0])
