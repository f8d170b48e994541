"""Turns a switch around."""

from msgflo import Port
from msgflo.component import Component


class Not(Component):
    label = "Turns true into false, and false into true"
    icon = "exclamation"
    inports = (Port("in", "boolean", "What to turn around"),)
    outports = (Port("out", "boolean", "The opposite", qos=1),)

    def on_in(self, value: bool) -> None:
        self.send("out", not value)
