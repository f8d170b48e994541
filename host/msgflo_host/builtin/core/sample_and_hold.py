"""Gives the newest packet when it is asked for."""

from typing import Any

from msgflo import Port
from msgflo.component import Component


class SampleAndHold(Component):
    label = "Keeps the newest packet, and sends it when it is asked for"
    icon = "camera"
    inports = (
        Port("in", "any", "What to keep"),
        Port("sample", "bang", "Asks for what is kept"),
    )
    outports = (Port("out", "any", "What is kept; nothing if nothing came yet", qos=1),)
    remembers = ("held",)
    held: list[Any] = []  # the newest packet, if there is one: it may be null

    def on_in(self, value: Any) -> None:
        self.held = [value]

    def on_sample(self, value: Any) -> None:
        if self.held:
            self.send("out", self.held[0])
