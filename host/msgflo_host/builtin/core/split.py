"""Takes objects apart."""

from typing import Any

from msgflo import Error, Port
from msgflo.component import Component
from msgflo.values import shown, string

_LETTERS = "abcd"


class Split(Component):
    label = "Takes an object apart: the values of up to four keys, and the rest"
    icon = "sitemap"
    inports = (
        Port("in", "object", "What to take apart"),
        Port(
            "keys",
            "array",
            "The keys whose values leave on a, b, c and d, in this order",
            schema={"default": ["a", "b", "c", "d"]},
        ),
    )
    outports = (
        Port("a", "any", "The value of one key; nothing where the object has no such key", qos=1),
        Port("b", "any", "The value of one key; nothing where the object has no such key", qos=1),
        Port("c", "any", "The value of one key; nothing where the object has no such key", qos=1),
        Port("d", "any", "The value of one key; nothing where the object has no such key", qos=1),
        Port("rest", "object", "An object of the other keys; nothing if there are none", qos=1),
    )

    def configure(self, inport: str, value: list[Any]) -> None:
        try:
            keys = [string(key) for key in value]
        except Error as wrong:
            raise Error(f'inport "keys": {wrong}') from None
        if len(keys) > len(_LETTERS) or len(set(keys)) < len(keys):
            raise Error(f'inport "keys": {shown(value)}; at most four are allowed, none of them twice')
        super().configure(inport, keys)

    def on_in(self, value: dict[str, Any]) -> None:
        keys = self.settings["keys"]
        for letter, key in zip(_LETTERS, keys, strict=False):
            if key in value:
                self.send(letter, value[key])
        rest = {key: part for key, part in value.items() if key not in keys}
        if rest:
            self.send("rest", rest)
