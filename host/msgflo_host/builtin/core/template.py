"""Makes a text of a packet."""

import re
from typing import Any

from msgflo import Error, Port
from msgflo.component import Component
from msgflo.values import number, shown, text_of
from msgflo_host.builtin.core._paths import MISSING, find, parse
from msgflo_host.builtin.sizes import MAX_TEXT

_PART = re.compile(r"\{\{|\}\}|\{(?P<path>[^{}:]*)(?::\.(?P<decimals>[0-9])f)?\}")


class Template(Component):
    label = "Puts values of a packet into a text"
    icon = "font"
    inports = (
        Port("in", "any", "Where the values are"),
        Port(
            "template",
            "string",
            "The text: {temperature} stands for a value, {sensors[0].value} for one further in,"
            " {temperature:.1f} for one with one decimal place, {} for the packet itself, {{ and }} for braces",
            schema={"default": "{}"},
        ),
    )
    outports = (Port("out", "string", "The text, for each packet that has all the values", qos=1),)

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.parts = _parts(self.settings["template"])

    def configure(self, inport: str, value: str) -> None:
        self.parts = _parts(value)
        super().configure(inport, value)

    def on_in(self, value: Any) -> None:
        texts: list[str] = []
        size = 0
        for part in self.parts:
            texts.append(part if isinstance(part, str) else part.text(value))
            size += len(texts[-1])
            if size > MAX_TEXT:
                raise Error(f"the text is too long; at most {MAX_TEXT} characters are allowed")
        self.send("out", "".join(texts))


class _Place:
    """A place in a template that a value fills."""

    def __init__(self, name: str, decimals: str | None) -> None:
        self._name = name
        self._path = parse(name)
        self._decimals = decimals

    def text(self, packet: Any) -> str:
        value = find(packet, self._path)
        if value is MISSING:
            raise Error(f"no {shown(self._name)} in the packet, {shown(packet)}")
        if self._decimals is None:
            return str(text_of(value))
        try:
            return f"{number(value):.{self._decimals}f}"
        except Error as wrong:
            raise Error(f"{shown(self._name)}: {wrong}") from None


def _parts(template: str) -> list[str | _Place]:
    """Return a template's texts and places; raise Error if it is none."""
    if len(template) > MAX_TEXT:
        raise Error(f'inport "template": {len(template)} characters; at most {MAX_TEXT} are allowed')
    result: list[str | _Place] = []
    end = 0
    for found in _PART.finditer(template):
        result.append(_plain(template, end, found.start()))
        if found["path"] is None:
            result.append(found[0][0])
        else:
            try:
                result.append(_Place(found["path"], found["decimals"]))
            except Error as wrong:
                raise Error(f'inport "template", character {found.start() + 1}: {wrong}') from None
        end = found.end()
    return [*result, _plain(template, end, len(template))]


def _plain(template: str, start: int, end: int) -> str:
    text = template[start:end]
    brace = re.search("[{}]", text)
    if brace:
        raise Error(
            f'inport "template", character {start + brace.start() + 1}: {shown(text[brace.start() :])}; allowed: '
            "{name}, {name:.1f}, {}, and {{ or }} for a brace"
        )
    return text
