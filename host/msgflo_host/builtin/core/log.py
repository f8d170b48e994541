"""Shows packets."""

from typing import Any

from msgflo import Port
from msgflo.component import Component
from msgflo.values import text_of

_MAX_LINE = 1_000  # characters


class Log(Component):
    label = "Shows packets in the log and in editors, and passes them on"
    icon = "terminal"
    inports = (
        Port("in", "any", "What to show"),
        Port("label", "string", "What to show before each packet", schema={"default": ""}),
    )
    outports = (Port("out", "any", "The same", qos=1),)

    def on_in(self, value: Any) -> None:
        label, text = self.settings["label"], text_of(value)
        line = f"{label}: {text}" if label else text
        self.show(line if len(line) <= _MAX_LINE else line[:_MAX_LINE] + "…")
        self.send("out", value)
