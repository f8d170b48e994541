"""Quantities as people write them: a number, a blank or none, a unit, as in `30 s`, `5 min` or `2000 mAh`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches

__all__ = ["CHARGE", "CURRENT", "FREQUENCY", "SHARE", "TIME", "Quantity", "plain", "with_point", "without_unit"]

_WITH_COMMA = re.compile(r"[+-]?[0-9]{1,15},[0-9]{1,15}[^0-9.,]*")
_FORM = re.compile(r"\s*([+-]?[0-9]{1,15}(?:\.[0-9]{1,15})?)\s*([^\s0-9.+-]*)\s*")


@dataclass(frozen=True, slots=True)
class Quantity:
    """A quantity in several units: the factor of each to the one that is used inside."""

    name: str
    units: Mapping[str, float]
    example: str

    def parse(self, value: object) -> float:
        """Return the number in the unit that is used inside; ValueError says what is wrong, to follow `KEY is VALUE`."""
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise ValueError(f"{self.name} is needed, as in {self.example}")
        found = _FORM.fullmatch(value if isinstance(value, str) else format(value, "f") if value else "0")
        if found is None:
            raise ValueError(with_point(value) or f"{self.name} is needed, as in {self.example}")
        number, unit = found.groups()
        allowed = ", ".join(self.units)
        if not unit:
            one_of = f", one of {allowed}; as in" if len(self.units) > 1 else ", as in"
            raise ValueError(f"the unit is missing{one_of} {self.example}")
        if unit not in self.units:
            near = " or ".join(self._near(unit))
            raise ValueError(f"unknown unit {unit}; {f'did you mean {near}?' if near else f'allowed are {allowed}'}")
        return plain(float(number) * self.units[unit])

    def _near(self, unit: str) -> list[str]:
        """Return the units that may be meant: minutes by `m` as well as milliseconds, the larger first."""
        word, units = unit.lower(), sorted(self.units, key=lambda each: -self.units[each])
        same = [each for each in units if each.lower() == word]
        longer = [each for each in units if each.lower().startswith(word)]
        shorter = sorted((each for each in units if word.startswith(each.lower())), key=len)[-1:]
        return same or longer or get_close_matches(unit, units, 1, 0.5) or shorter

    def shown(self, number: float) -> str:
        """Return a number with the largest unit that leaves it at least 1."""
        for unit, factor in sorted(self.units.items(), key=lambda item: -item[1]):
            if abs(number) >= factor:
                return f"{plain(number / factor):g} {unit}"
        smallest = min(self.units, key=lambda unit: self.units[unit])
        return f"{plain(number / self.units[smallest]):g} {smallest}"

    @property
    def pattern(self) -> str:
        """A regular expression for editors."""
        return rf"^\s*[0-9]+(\.[0-9]+)?\s*({'|'.join(map(re.escape, self.units))})\s*$"


def plain(number: float) -> float:
    """Return a number without what floats add to it, a whole one as int."""
    rounded = round(number, 9)
    return int(rounded) if rounded == int(rounded) else rounded


def without_unit(value: object, low: float, high: float) -> float | None:
    """Return the number in a text that has a unit where none is allowed; None where it is no such text, or not in range.

    Percents of a number that goes to 1 at most are its hundredths.
    """
    found = _FORM.fullmatch(value) if isinstance(value, str) else None
    if found is None or not found[2]:
        return None
    number = plain(float(found[1]) / (100 if found[2] == "%" and high <= 1 else 1))
    return number if low <= number <= high else None


def with_point(value: object) -> str | None:
    """Return the hint for a number with a decimal comma; None for all else."""
    text = value.strip() if isinstance(value, str) else ""
    found = _WITH_COMMA.fullmatch(text)
    return f"a decimal point is needed: {text.replace(',', '.')}" if found else None


TIME = Quantity("a time", {"ms": 0.001, "s": 1, "min": 60, "h": 3600, "d": 86400}, "30 s, 500 ms, 5 min or 1 h")
FREQUENCY = Quantity("a frequency", {"Hz": 1, "kHz": 1000, "MHz": 1_000_000}, "100 kHz")
CHARGE = Quantity("a capacity", {"mAh": 1, "Ah": 1000}, "2000 mAh")
CURRENT = Quantity("a current", {"uA": 1, "µA": 1, "mA": 1000}, "50 uA")
SHARE = Quantity("a share", {"%": 0.01}, "80 %")
