"""Messages: a part of them, a text made of them, a look at them."""

from __future__ import annotations

import re
from typing import Any

from ..component import Component, ComponentError, Context, Port
from ..values import MAX_TEXT, array, number, shown, string, text_of
from . import _paths

__all__ = ["Log", "Select", "Template"]

_MAX_LINE = 1_000  # characters in the log
_PART = re.compile(r"\{\{|\}\}|\{(?P<path>[^{}:]*)(?::\.(?P<decimals>[0-9])f)?\}")


class Select(Component):
    """Takes one value out of a message."""

    name = "core/Select"
    description = "Takes one value out of an object or a list"
    icon = "crosshairs"
    inports = (
        Port("in", "any", "What to look into"),
        Port(
            "path", "any", 'Where the value is: a text such as "sensors[0].value", or a list of keys and numbers;'
            " empty: all of it", "",
        ),
    )  # fmt: skip
    outports = (
        Port("out", "any", "The value"),
        Port("missing", "any", "A packet without such a value, as it came"),
    )

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._path: tuple[str, ...] = ()

    def configure(self, port: str, value: Any) -> None:
        try:
            steps = _paths.parse(string(value)) if not isinstance(value, list) else tuple(map(string, array(value)))
        except ComponentError as wrong:
            raise ComponentError(f'inport "path": {wrong}') from None
        super().configure(port, value)
        self._path = steps

    def packet(self, port: str, value: Any) -> None:
        found = _paths.find(value, self._path)
        if found is _paths.MISSING:
            self.send("missing", value)
        else:
            self.send("out", found)


class Template(Component):
    """Makes a text of a packet."""

    name = "core/Template"
    description = "Puts values of a packet into a text"
    icon = "font"
    inports = (
        Port("in", "any", "Where the values are"),
        Port(
            "template", "string", "The text: {temperature} stands for a value, {sensors[0].value} for one further in,"
            " {temperature:.1f} for one with one decimal place, {} for the packet itself, {{ and }} for braces", "{}",
        ),
    )  # fmt: skip
    outports = (Port("out", "string", "The text, for each packet that has all the values"),)

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._parts = _parts(self.settings["template"])

    def configure(self, port: str, value: Any) -> None:
        self._parts = _parts(value)
        super().configure(port, value)

    def packet(self, port: str, value: Any) -> None:
        texts: list[str] = []
        size = 0
        for part in self._parts:
            texts.append(part if isinstance(part, str) else part.text(value))
            size += len(texts[-1])
            if size > MAX_TEXT:
                raise ComponentError(f"the text is too long; at most {MAX_TEXT} characters are allowed")
        self.send("out", "".join(texts))


class _Place:
    """A place in a template that a value fills."""

    def __init__(self, name: str, decimals: str | None) -> None:
        self._name = name
        self._path = _paths.parse(name)
        self._decimals = decimals

    def text(self, packet: Any) -> str:
        value = _paths.find(packet, self._path)
        if value is _paths.MISSING:
            raise ComponentError(f"no {shown(self._name)} in the packet, {shown(packet)}")
        if self._decimals is None:
            return text_of(value)
        try:
            return f"{number(value):.{self._decimals}f}"
        except ComponentError as wrong:
            raise ComponentError(f"{shown(self._name)}: {wrong}") from None


def _parts(template: str) -> list[str | _Place]:
    """Return a template's texts and places; raise ComponentError if it is none."""
    if len(template) > MAX_TEXT:
        raise ComponentError(f'inport "template": {len(template)} characters; at most {MAX_TEXT} are allowed')
    result: list[str | _Place] = []
    end = 0
    for found in _PART.finditer(template):
        result += [_plain(template, end, found.start())]
        if found["path"] is None:
            result.append(found[0][0])
        else:
            try:
                result.append(_Place(found["path"], found["decimals"]))
            except ComponentError as wrong:
                raise ComponentError(f'inport "template", character {found.start() + 1}: {wrong}') from None
        end = found.end()
    return [*result, _plain(template, end, len(template))]


def _plain(template: str, start: int, end: int) -> str:
    text = template[start:end]
    brace = re.search("[{}]", text)
    if brace:
        raise ComponentError(
            f'inport "template", character {start + brace.start() + 1}: {shown(text[brace.start() :])}; allowed: '
            "{name}, {name:.1f}, {}, and {{ or }} for a brace"
        )
    return text


class Log(Component):
    """Shows packets."""

    name = "core/Log"
    description = "Shows packets in the log and in editors, and passes them on"
    icon = "terminal"
    inports = (
        Port("in", "any", "What to show"),
        Port("label", "string", "What to show before each packet", ""),
    )
    outports = (Port("out", "any", "The same"),)

    def packet(self, port: str, value: Any) -> None:
        label, text = self.settings["label"], text_of(value)
        line = f"{label}: {text}" if label else text
        self.context.log(line if len(line) <= _MAX_LINE else line[:_MAX_LINE] + "…")
        self.send("out", value)
