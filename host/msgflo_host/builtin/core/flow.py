"""Ways of packets: to let them through, hold them back, bring them together, take them apart."""

from __future__ import annotations

from typing import Any

from ..component import Component, ComponentError, Context, Port
from ..values import check_size, shown, string

__all__ = ["Drop", "Gate", "Merge", "Repeat", "SampleAndHold", "Split"]

_LETTERS = ("a", "b", "c", "d")


class Repeat(Component):
    """Passes packets on."""

    name = "core/Repeat"
    description = "Passes packets on as they come"
    icon = "repeat"
    inports = (Port("in", "any", "What to pass on"),)
    outports = (Port("out", "any", "The same"),)

    def packet(self, port: str, value: Any) -> None:
        self.send("out", value)


class Drop(Component):
    """Takes packets away."""

    name = "core/Drop"
    description = "Takes packets, and does nothing with them"
    icon = "trash-o"
    inports = (Port("in", "any", "What nobody needs"),)

    def packet(self, port: str, value: Any) -> None:
        pass


class Gate(Component):
    """Lets packets through while it is open."""

    name = "core/Gate"
    description = "Lets packets through while it is open"
    icon = "unlock-alt"
    inports = (
        Port("in", "any", "What wants to pass"),
        Port("open", "boolean", "Whether packets pass", True),
    )
    outports = (Port("out", "any", "What has passed"),)

    def packet(self, port: str, value: Any) -> None:
        if self.settings["open"]:
            self.send("out", value)


class Merge(Component):
    """Brings packets of several nodes together."""

    name = "core/Merge"
    description = "Brings packets of up to four nodes together: one after the other, or joined in one object"
    icon = "compress"
    inports = (
        *(Port(letter, "any", "Packets of one node") for letter in _LETTERS),
        Port("join", "boolean", "Whether to send an object of the newest packets in place of each packet", False),
    )
    outports = (
        Port("out", "any", 'Each packet; or an object such as {"a": 21.5, "b": 40}, whenever a part of it is new'),
    )

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._newest: dict[str, Any] = {}

    def packet(self, port: str, value: Any) -> None:
        self._newest[port] = value
        if self.settings["join"]:
            value = check_size({letter: self._newest[letter] for letter in _LETTERS if letter in self._newest})
        self.send("out", value)


class Split(Component):
    """Takes objects apart."""

    name = "core/Split"
    description = "Takes an object apart: the values of up to four keys, and the rest"
    icon = "sitemap"
    inports = (
        Port("in", "object", "What to take apart"),
        Port("keys", "array", "The keys whose values leave on a, b, c and d, in this order", list(_LETTERS)),
    )
    outports = (
        *(Port(letter, "any", "The value of one key; nothing where the object has no such key") for letter in _LETTERS),
        Port("rest", "object", "An object of the other keys; nothing if there are none"),
    )

    def configure(self, port: str, value: Any) -> None:
        try:
            keys = [string(key) for key in value]
        except ComponentError as wrong:
            raise ComponentError(f'inport "keys": {wrong}') from None
        if len(keys) > len(_LETTERS) or len(set(keys)) < len(keys):
            raise ComponentError(f'inport "keys": {shown(value)}; at most four are allowed, none of them twice')
        super().configure(port, keys)

    def packet(self, port: str, value: Any) -> None:
        keys = self.settings["keys"]
        for letter, key in zip(_LETTERS, keys, strict=False):
            if key in value:
                self.send(letter, value[key])
        rest = {key: part for key, part in value.items() if key not in keys}
        if rest:
            self.send("rest", rest)


class SampleAndHold(Component):
    """Gives the newest packet when it is asked for."""

    name = "core/SampleAndHold"
    description = "Keeps the newest packet, and sends it when it is asked for"
    icon = "camera"
    inports = (
        Port("in", "any", "What to keep"),
        Port("sample", "bang", "Asks for what is kept"),
    )
    outports = (Port("out", "any", "What is kept; nothing if nothing came yet"),)

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._kept: tuple[Any, ...] = ()

    def packet(self, port: str, value: Any) -> None:
        if port == "in":
            self._kept = (value,)
        elif self._kept:
            self.send("out", self._kept[0])
