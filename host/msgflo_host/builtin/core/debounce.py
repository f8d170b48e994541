"""Waits until something has come to rest."""

import time
from typing import Any

from msgflo import Port
from msgflo.component import Component

_EARLY_S = 0.001  # so much too early an alarm may ring


class Debounce(Component):
    label = "Passes on the newest packet once no other has come for a while"
    icon = "hand-paper-o"
    inports = (
        Port("in", "any", "What may come in bursts"),
        Port(
            "seconds",
            "number",
            "How long it must be quiet",
            schema={"default": 0.05, "minimum": 0, "maximum": 31_622_400},
        ),
    )
    outports = (Port("out", "any", "The last packet of each burst", qos=1),)
    newest: Any = None
    quiet_at = 0.0
    waiting = False

    def on_in(self, value: Any) -> None:
        self.newest = value
        self.quiet_at = time.monotonic() + self.settings["seconds"]
        if not self.waiting:
            self.wait()

    def wait(self) -> None:
        self.waiting = True
        self.later(self.quiet_at - time.monotonic(), self.check)

    def check(self) -> None:
        if time.monotonic() < self.quiet_at - _EARLY_S:
            self.wait()
        else:
            self.waiting = False
            self.send("out", self.newest)
