"""Takes one value out of a message."""

from typing import Any

from msgflo import Error, Port
from msgflo.component import Component
from msgflo.values import string
from msgflo_host.builtin.core._paths import MISSING, find, parse


class Select(Component):
    label = "Takes one value out of an object or a list"
    icon = "crosshairs"
    inports = (
        Port("in", "any", "What to look into"),
        Port(
            "path",
            "any",
            'Where the value is: a text such as "sensors[0].value", or a list of keys and numbers; empty: all of it',
            schema={"default": ""},
        ),
    )
    outports = (
        Port("out", "any", "The value", qos=1),
        Port("missing", "any", "A packet without such a value, as it came", qos=1),
    )
    steps: tuple[str, ...] = ()  # of the path

    def configure(self, inport: str, value: Any) -> None:
        try:
            self.steps = tuple(map(string, value)) if isinstance(value, list) else parse(string(value))
        except Error as wrong:
            raise Error(f'inport "path": {wrong}') from None
        super().configure(inport, value)

    def on_in(self, value: Any) -> None:
        found = find(value, self.steps)
        if found is MISSING:
            self.send("missing", value)
        else:
            self.send("out", found)
