"""Lets packets through while it is open."""

from typing import Any

from msgflo import Port
from msgflo.component import Component


class Gate(Component):
    label = "Lets packets through while it is open"
    icon = "unlock-alt"
    inports = (
        Port("in", "any", "What wants to pass"),
        Port("open", "boolean", "Whether packets pass", schema={"default": True}),
    )
    outports = (Port("out", "any", "What has passed", qos=1),)

    def on_in(self, value: Any) -> None:
        if self.settings["open"]:
            self.send("out", value)
