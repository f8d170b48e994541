"""Shared by all checks of a port map: collects problems with their places, and reads values of the right type."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from ..errors import PortMapError
from ..util import quoting
from ..util.yaml_reader import Located
from .units import Quantity, plain, with_point, without_unit

__all__ = ["BROKEN", "Findings", "Section", "nearest", "shown"]

_PLAIN = re.compile(r"[\w./-]{1,64}")
BROKEN = object()  # the value of a secret or number that could not be read; that was reported


class Findings:
    """The problems of a port map, and the warnings about it."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._found: dict[tuple[int, int, str], PortMapError] = {}
        self._warnings: dict[tuple[int, int, str], PortMapError] = {}

    def report(self, place: Located | tuple[int, int], message: str) -> None:
        """Note a problem at a value, or at a line and column."""
        self._add(self._found, place, message)

    def warn(self, place: Located | tuple[int, int], message: str) -> None:
        """Note a value that can be right, and probably is not meant."""
        self._add(self._warnings, place, message)

    @property
    def warnings(self) -> tuple[str, ...]:
        """The warnings, by line."""
        return tuple(str(self._warnings[key]) for key in sorted(self._warnings))

    def _add(self, problems: dict[tuple[int, int, str], PortMapError], place: Any, message: str) -> None:
        line, column = (place.line, place.column) if isinstance(place, Located) else place
        problems[line, column, message] = PortMapError(message, file=str(self.file), line=line, column=column)

    def raise_if_any(self, more: Iterable[PortMapError] = ()) -> None:
        """Raise PortMapError if there are problems: those in this file by line, then more that are in another."""
        problems = [self._found[key] for key in sorted(self._found)] + list(more)
        if problems:
            raise problems[0] if len(problems) == 1 else PortMapError(problems=problems)


def nearest(word: str, known: Collection[str], what: str = "allowed are") -> str:
    """Return the hint for an unknown word: the one that was meant, or all that there are."""
    lower = {each.lower(): each for each in known}
    near = get_close_matches(word.lower(), lower, 1, 0.6) if len(word) < 80 else []
    return f"did you mean {quoting.quoted(lower[near[0]])}?" if near else f"{what} {', '.join(known) or 'none'}"


def shown(place: Located) -> str:
    """Return a value for a message; a secret is ***."""
    if place.tag is not None:
        return "***"
    value = place.value
    if isinstance(value, dict | list):
        return f"a {'map' if isinstance(value, dict) else 'list'} of {len(value)}" if value else "empty"
    return "empty" if value is None else quoting.shown(value)


class Section:
    """A map in the file. What is absent or wrong is read as None; what is wrong has been reported then."""

    def __init__(self, findings: Findings, at: Located, path: str = "") -> None:
        self.findings = findings
        self.at = at
        self.path = path

    def where(self, key: str) -> str:
        """Return the name of a key for messages, as in `wifi.ssid`."""
        shown = key if _PLAIN.fullmatch(key) else quoting.quoted(key)
        return f"{self.path}.{shown}" if self.path else shown

    def place_of(self, key: str) -> Located | tuple[int, int]:
        """Return where to point at for a key: its value, itself if that is empty, or where this section begins."""
        place: Located | None = self.at.value.get(key)
        if place is None:
            return self.at
        return self.at.keys[key] if place.value is None else place

    def report(self, key: str, message: str) -> None:
        """Report a problem of a key's value."""
        self.findings.report(self.place_of(key), message)

    def wrong(self, key: str, allowed: str, value: str | None = None) -> None:
        """Report that a key's value, shown as it is or as `value`, is not what is allowed; not of one that was reported."""
        if self.at.value[key].value is BROKEN:
            return
        self.report(key, f"{self.where(key)} is {value or shown(self.at.value[key])}; {allowed}")

    def known(self, keys: Collection[str]) -> None:
        """Report keys other than these."""
        for key in self.at.value:
            if key not in keys:
                where = f" in {self.path}" if self.path else ""
                self.findings.report(
                    self.at.keys[key], f"unknown key {quoting.quoted(key)}{where}; {nearest(key, keys)}"
                )

    def has(self, key: str) -> bool:
        """Return whether a key is there, whatever its value."""
        return key in self.at.value

    def given(self, key: str, needed: str | None = None) -> Located | None:
        """Return what is at a key; without, report `needed`, an example, unless that is None."""
        place: Located | None = self.at.value.get(key)
        if place is None and needed is not None:
            self.findings.report(self.at, f"{self.where(key)} is missing; as in  {needed}")
        return None if place is None or place.value is BROKEN else place

    def text(self, key: str, needed: str | None = None, *, hidden: bool = False) -> str | None:
        """Return a text that is not empty; a `hidden` one is in no message."""
        place = self.given(key, needed)
        if place is None or (isinstance(place.value, str) and place.value):
            return None if place is None else place.value
        if place.value is None or isinstance(place.value, str | dict | list):
            self.wrong(key, "a text is needed")
        elif hidden:
            self.findings.report(place, f"{self.where(key)} is no text; put it in quotes")
        else:
            self.wrong(key, "a text is needed; put it in quotes")
        return None

    def boolean(self, key: str, default: bool) -> bool:
        """Return true or false."""
        place = self.given(key)
        if place is None or isinstance(place.value, bool):
            return default if place is None else place.value
        self.wrong(key, "true or false is needed")
        return default

    def choice(self, key: str, allowed: Collection[str], needed: str | None = None) -> str | None:
        """Return one of several words."""
        place = self.given(key, needed)
        if place is None:
            return None
        if isinstance(place.value, str) and place.value in allowed:
            return place.value
        text = place.value if isinstance(place.value, str) else ""
        self.wrong(key, nearest(text, allowed))
        return None

    def words(self, key: str, allowed: Collection[str]) -> list[str]:
        """Return words of several, a list of them or one."""
        place = self.given(key)
        if place is None:
            return []
        found: list[str] = []
        for word in place.value if isinstance(place.value, list) else [place]:
            if isinstance(word.value, str) and word.value in allowed:
                found.append(word.value)
            elif word.value is not BROKEN:
                text = word.value if isinstance(word.value, str) else ""
                self.findings.report(word, f"{self.where(key)} has {shown(word)}; {nearest(text, allowed)}")
        return found

    def number(self, key: str, low: float, high: float, *, whole: bool = False, needed: str | None = None) -> Any:
        """Return a number from `low` to `high`."""
        place = self.given(key, needed)
        if place is None:
            return None
        good = isinstance(place.value, int if whole else int | float) and not isinstance(place.value, bool)
        if good and low <= place.value <= high:
            return place.value
        bare = without_unit(place.value, low, high)
        hint = f", without a unit: {bare}" if bare is not None and not (whole and bare % 1) else ""
        point = with_point(place.value)
        if point is not None and not whole:
            self.wrong(key, point)
            return None
        self.wrong(key, f"a {'whole ' if whole else ''}number from {plain(low)} to {plain(high)} is needed{hint}")
        return None

    def quantity(self, key: str, kind: Quantity, low: float, high: float, needed: str | None = None) -> float | None:
        """Return a number with a unit, in the unit that is used inside, from `low` to `high`."""
        place = self.given(key, needed)
        if place is None:
            return None
        try:
            number = kind.parse(place.value)
        except ValueError as reason:
            self.wrong(key, str(reason))
            return None
        if low <= number <= high:
            return number
        self.wrong(key, f"{kind.shown(low)} to {kind.shown(high)} are allowed")
        return None

    def section(self, key: str, example: str, needed: str | None = None) -> Section | None:
        """Return the map at a key."""
        place = self.given(key, needed)
        if place is None:
            return None
        if isinstance(place.value, dict):
            return Section(self.findings, place, self.where(key))
        self.wrong(key, f"a map is needed, as in  {key}: {example}")
        return None
