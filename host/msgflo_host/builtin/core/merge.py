"""Brings packets of several nodes together."""

from typing import Any

from msgflo import Port
from msgflo.component import Component
from msgflo_host.builtin.sizes import check_size


class Merge(Component):
    label = "Brings packets of up to four nodes together: one after the other, or joined in one object"
    icon = "compress"
    inports = (
        Port("a", "any", "Packets of one node"),
        Port("b", "any", "Packets of one node"),
        Port("c", "any", "Packets of one node"),
        Port("d", "any", "Packets of one node"),
        Port(
            "join",
            "boolean",
            "Whether to send an object of the newest packets in place of each packet",
            schema={"default": False},
        ),
    )
    outports = (
        Port(
            "out", "any", 'Each packet; or an object such as {"a": 21.5, "b": 40}, whenever a part of it is new', qos=1
        ),
    )
    remembers = ("newest",)
    newest: dict[str, Any] = {}  # by inport

    def packet(self, inport: str, value: Any) -> None:
        self.newest = {**self.newest, inport: value}
        if self.settings["join"]:
            value = check_size({letter: self.newest[letter] for letter in "abcd" if letter in self.newest})
        self.send("out", value)
