"""Checks the I2C buses of a port map."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..util.yaml_reader import Located
from ._check import BROKEN, Section
from ._check_pins import Pins
from .chips import Chip, pins_text
from .kinds import Pin
from .port_map import Bus
from .units import FREQUENCY

__all__ = ["BUS_KEYS", "MAX_FREQUENCY", "MIN_FREQUENCY", "Buses", "buses"]

BUS_KEYS = ("id", "sda", "scl", "frequency", "allow")
MIN_FREQUENCY, MAX_FREQUENCY = 10_000, 400_000  # Hz; fast mode is what all our parts can do
_EXAMPLE = "{sda: 21, scl: 22}"
_PINS = {"sda": Pin("sda", "both", "Data"), "scl": Pin("scl", "both", "Clock")}


@dataclass(frozen=True, slots=True)
class Buses:
    """The buses that are right, and the `ids` of all, of wrong ones too; None where not all of these are known."""

    good: tuple[Bus, ...] = ()
    ids: tuple[int, ...] | None = ()


def buses(top: Section, chip: Chip | None, pins: Pins) -> Buses:
    """Return the buses."""
    if top.given("i2c") is None:
        return Buses(ids=None if top.has("i2c") else ())
    found: list[Bus] = []
    ids: list[int | None] = []
    for index, section in enumerate(_sections(top)):
        if section is None:
            ids.append(None)
            continue
        bus = _bus(section, chip, pins, index)
        number = bus.id if bus is not None else _id(section, chip, index)
        if number is not None and number in ids:
            top.findings.report(
                section.place_of("id" if section.has("id") else "sda"), f"there are two I2C buses {number}"
            )
        elif bus is not None:
            found.append(bus)
        ids.append(number)
    known = [each for each in ids if each is not None]
    return Buses(tuple(found), tuple(dict.fromkeys(known)) if len(known) == len(ids) else None)


def _id(section: Section, chip: Chip | None, index: int) -> int | None:
    """Return the id of a bus with which something else is wrong; None where it is not known."""
    rp2 = chip is not None and chip.rp2
    place: Located | None = section.at.value.get("id" if section.has("id") or not rp2 else "sda")
    if place is None and not rp2:
        return index
    if place is None or type(place.value) is not int:
        return None
    return place.value if section.has("id") else place.value // 2 % 2


def _sections(top: Section) -> Iterator[Section | None]:
    place = top.at.value["i2c"]
    if not isinstance(place.value, list):
        yield top.section("i2c", _EXAMPLE)
        return
    for item in place.value:
        if isinstance(item.value, dict):
            yield Section(top.findings, item, "i2c")
        else:
            if item.value is not BROKEN:
                top.findings.report(item, f"i2c: a map is needed for each bus, as in  - {_EXAMPLE}")
            yield None


def _bus(section: Section, chip: Chip | None, pins: Pins, index: int) -> Bus | None:
    section.known(BUS_KEYS)
    sda, scl = (pins.take(section, _PINS[key]) for key in ("sda", "scl"))
    frequency = section.quantity("frequency", FREQUENCY, MIN_FREQUENCY, MAX_FREQUENCY)
    last = chip.i2c - 1 if chip is not None else 1
    number = section.number("id", 0, last, whole=True) if section.has("id") else index
    if section.has("frequency") and frequency is None:
        return None
    if number is None or not isinstance(sda, int) or not isinstance(scl, int):
        return None
    if number > last:
        section.findings.report(
            section.at, f"i2c: the {chip.name if chip else 'chip'} has {last + 1} bus{'es' if last else ''}"
        )
        return None
    if chip is not None and chip.rp2:
        if not section.has("id"):
            number = sda // 2 % 2
        if not _on_bus(section, chip, number, sda, scl):
            return None
    return Bus(number, sda, scl, int(frequency or 100_000))


def _on_bus(section: Section, chip: Chip, number: int, sda: int, scl: int) -> bool:
    """Report pins that an RP2 does not lead to the bus: RP2040 Datasheet, §1.4.3, functions F3."""
    good = True
    for key, pin, first in (("sda", sda, 0), ("scl", scl, 1)):
        fitting = [each for each in sorted(chip.pins - chip.taken.keys()) if each % 4 == 2 * number + first]
        if pin not in fitting:
            section.wrong(key, f"{key.upper()} of I2C bus {number} of an RP2 is on GPIO {pins_text(fitting)}")
            good = False
    return good
