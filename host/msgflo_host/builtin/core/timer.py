"""Sends packets by the clock."""

import time
from typing import Any

from msgflo import Port
from msgflo.component import Component


class Timer(Component):
    label = "Sends a packet again and again, at an interval"
    icon = "clock-o"
    inports = (
        Port(
            "interval",
            "number",
            "Seconds from one packet to the next",
            schema={"default": 1, "minimum": 0.01, "maximum": 31_622_400},
        ),
        Port("running", "boolean", "Whether packets are sent", schema={"default": True}),
    )
    outports = (Port("out", "bang", "True, whenever an interval is over", qos=1),)
    started = False
    alarm: Any = None
    due = 0.0  # when the next packet is sent

    def start(self) -> None:
        self.started = True
        self.begin()

    def configure(self, inport: str, value: Any) -> None:
        if self.settings[inport] != value:  # a graph that is started again does not disturb the rhythm
            super().configure(inport, value)
            if self.started:
                self.begin()

    def begin(self) -> None:
        if self.alarm is not None:
            self.alarm.cancel()
        if self.settings["running"]:
            self.due = time.monotonic()
            self.wait()

    def wait(self) -> None:
        now = time.monotonic()
        # Counted from when it should have been, so that no drift adds up; what was missed is left out.
        self.due = max(self.due + self.settings["interval"], now)
        self.alarm = self.later(self.due - now, self.over)

    def over(self) -> None:
        self.wait()
        self.send("out", True)
