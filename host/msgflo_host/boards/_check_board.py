"""Checks a port map as a whole."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

from ruamel.yaml.nodes import MappingNode, Node, ScalarNode

from msgflo import Broker

from ..errors import PortMapError
from ..util import quoting
from ..util.yaml_reader import CUT, Located, Reader
from . import _check_network as network
from ._check import BROKEN, Findings, Section
from ._check_devices import Devices, check_role_name
from ._check_i2c import buses
from ._check_pins import Pins
from .chips import CHIPS, NOT_SUPPORTED, Chip
from .kinds import Pin
from .port_map import Battery, Led, Log, PortMap, Sleep, Wifi
from .secrets_file import ALLOWED, TAG, Secrets, resolve
from .units import CHARGE, CURRENT, SHARE, TIME, with_point

__all__ = [
    "ACTIVE",
    "BATTERY_KEYS",
    "LED_KEYS",
    "LED_PIN",
    "LOG_KEYS",
    "LOG_LEVELS",
    "NAME",
    "SLEEP_KEYS",
    "TOP_KEYS",
    "check",
]

TOP_KEYS = (
    "chip", "name", "wifi", "broker", "time", "i2c", "devices", "sleep", "log", "watchdog", "battery", "led", "psram"
)  # fmt: skip
SLEEP_KEYS = ("every", "batch", "awake")
LOG_KEYS = ("level", "topic")
LOG_LEVELS = ("error", "info", "debug")
BATTERY_KEYS = ("capacity", "usable", "self_discharge", "asleep")
NAME = r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}"
EVERY = (10, 86_400)  # s
AWAKE = (5, 600)  # s
MAX_BATCH = 60
LED_PIN = Pin("pin", "output", "LED of the board, which blinks when it is asked to identify itself", led=True)
ACTIVE = ("high", "low")
LED_KEYS = (LED_PIN.key, "active", "allow")


def check(file: Path, secrets: Path, loopback: bool) -> PortMap:
    """Return the checked port map; raises PortMapError with all problems that can be found."""
    reader = _Reader(file, PortMapError, tags=(TAG,))
    read = reader.read()
    if read is None or not isinstance(read.value, dict):
        what = "is empty" if read is None else "is no map"
        raise PortMapError(
            f"{what}; a port map begins with  chip: {next(iter(CHIPS))}", file=str(file), line=1, column=1
        )
    findings = Findings(file)
    for wrong in reader.wrong:
        findings.report((wrong.line or 1, wrong.column or 1), wrong.message)
    _warn_of_cut(reader, read, "", findings)
    texts = Secrets(secrets)
    found = _Board(Section(findings, resolve(read, texts, findings)), loopback).port_map()
    findings.raise_if_any([texts.problem] if texts.problem is not None else [])
    untouched = texts.untouched()
    return replace(found, warnings=(*findings.warnings, *texts.warnings, *([untouched] if untouched else [])))


def _warn_of_cut(reader: _Reader, place: Located, path: str, findings: Findings) -> None:
    """Warn of texts for which there can be a secret, and which a # has cut."""
    if isinstance(place.value, dict):
        for key, part in place.value.items():
            _warn_of_cut(reader, part, f"{path}.{key}".strip("."), findings)
    elif path in ALLOWED and place.tag is None and reader.is_cut(place):
        findings.warn(place, f"{path}: {CUT}")


class _Reader(Reader):
    """Reads on after a number that is none or a key that cannot be, so that all else is checked too; `wrong` has those."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.wrong: list[PortMapError] = []

    def slip(self, message: str, line: int, column: int) -> None:
        self.wrong.append(PortMapError(message, file=self.file, line=line, column=column))

    def _scalar(self, node: ScalarNode) -> Any:
        try:
            return super()._scalar(node)
        except PortMapError as wrong:
            self.wrong.append(wrong)
            return BROKEN

    def _map(self, node: MappingNode, depth: int) -> Located:
        halves = [(pair, rest) for pair, rest in pairwise(node.value) if _is_comma(*pair, *rest)]
        node.value = [pair for pair in node.value if all(pair is not rest for _, rest in halves)]
        found = super()._map(node, depth)
        for (key, value), (rest, _) in halves:
            place, text = found.value[key.value], f"{value.value},{rest.value}"
            message = f"{key.value} is {quoting.quoted(text)}; {with_point(text)}"
            self.slip(message, value.start_mark.line + 1, value.start_mark.column + 1)
            found.value[key.value] = replace(place, value=BROKEN)
        return found


def _is_comma(key: Node, value: Node, rest: Node, nothing: Node) -> bool:
    """Return whether a value in braces and the key that follows are a number with a decimal comma, as in `0,5 min`."""
    texts = all(isinstance(each, ScalarNode) for each in (key, value, rest, nothing))
    if not texts or nothing.value or rest.start_mark.index != value.end_mark.index + 1 or key.value == "password":
        return False
    return with_point(f"{value.value},{rest.value}") is not None


class _Board:
    """The checks of one file."""

    def __init__(self, top: Section, loopback: bool) -> None:
        self._top = top
        self._loopback = loopback

    def port_map(self) -> PortMap:
        """Return the port map; it is of use only if nothing was reported."""
        top = self._top
        top.known(TOP_KEYS)
        chip = self._chip()
        name = self._name()
        wifi = network.wifi(top, chip)
        broker = network.broker(top, self._loopback)
        psram = self._psram(chip)
        pins = Pins(chip, psram)
        i2c = buses(top, chip, pins)
        devices = Devices(top, pins, i2c.ids, f"{name}-board", top.has("sleep")).check()
        return PortMap(
            file=top.findings.file,
            name=name,
            chip=chip or CHIPS["esp32"],
            broker=broker or Broker(),
            wifi=self._with_hostname(wifi, name),
            time=network.time(top, broker),
            i2c=i2c.good,
            devices=devices,
            sleep=self._sleep(),
            log=self._log(),
            watchdog=top.boolean("watchdog", True),
            battery=self._battery(),
            led=_led(top, pins),
            psram=psram,
        )

    def _chip(self) -> Chip | None:
        place = self._top.at.value.get("chip")
        if place is not None and str(place.value).lower().replace("-", "") in NOT_SUPPORTED:
            self._top.wrong("chip", f"it is not supported; allowed are {', '.join(CHIPS)}")
            return None
        name = self._top.choice("chip", CHIPS, "chip: esp32")
        return CHIPS[name] if name else None

    def _name(self) -> str:
        name = self._top.text("name") if self._top.has("name") else self._top.findings.file.stem
        if name is None:
            return "board"
        if re.fullmatch(NAME, name):
            check_role_name(self._top.findings, self._top.place_of("name"), f"{name}-board")
            return name
        allowed = "at most 32 letters, digits, - and _ are allowed, a letter or digit first"
        if self._top.has("name"):
            self._top.wrong("name", allowed)
        else:
            self._top.findings.report(self._top.at, f"name is missing, and the file's, {name!r}, is none; {allowed}")
        return "board"

    def _with_hostname(self, wifi: Wifi | None, name: str) -> Wifi | None:
        if wifi is None or wifi.hostname is not None:
            return wifi
        hostname = name.replace("_", "-").strip("-")
        return replace(wifi, hostname=hostname)

    def _psram(self, chip: Chip | None) -> bool:
        psram = self._top.boolean("psram", False)
        if psram and chip is not None and not chip.psram:
            having = ", ".join(each.name for each in CHIPS.values() if each.psram)
            self._top.wrong("psram", f"for the {chip.name} that makes no difference; it is for {having}")
        return psram

    def _sleep(self) -> Sleep | None:
        section = self._top.section("sleep", "{every: 5 min}")
        if section is None:
            return None
        section.known(SLEEP_KEYS)
        every = section.quantity("every", TIME, *EVERY, needed="every: 5 min")
        batch = section.number("batch", 1, MAX_BATCH, whole=True) or 1
        awake = section.quantity("awake", TIME, *AWAKE) or 20
        if every is not None and awake >= every:
            section.report("awake" if section.has("awake") else "every", _longer(section, awake, every))
        return Sleep(every or EVERY[0], batch, awake)

    def _log(self) -> Log:
        section = self._top.section("log", "{level: info}")
        if section is None:
            return Log()
        section.known(LOG_KEYS)
        return Log(section.choice("level", LOG_LEVELS) or "info", section.boolean("topic", False))

    def _battery(self) -> Battery | None:
        section = self._top.section("battery", "{capacity: 2000 mAh}")
        if section is None:
            return None
        section.known(BATTERY_KEYS)
        capacity = section.quantity("capacity", CHARGE, 1, 1_000_000, needed="capacity: 2000 mAh")
        usable = section.quantity("usable", SHARE, 0.01, 1)
        lost = section.quantity("self_discharge", SHARE, 0, 1)
        asleep = section.quantity("asleep", CURRENT, 0.1, 1_000_000)
        return Battery(capacity or 1, 0.8 if usable is None else usable, 0.02 if lost is None else lost, asleep)


def _longer(section: Section, awake: float, every: float) -> str:
    return f"{section.path}.awake, {TIME.shown(awake)}, must be less than {section.path}.every, {TIME.shown(every)}"


def _led(top: Section, pins: Pins) -> Led | None:
    """Return the LED; to be called when all devices have taken their pins."""
    section = top.section("led", "{pin: 2}")
    if section is None:
        return None
    section.known(LED_KEYS)
    pin = pins.take(section, LED_PIN)
    active = section.choice("active", ACTIVE)
    return None if pin is None else Led(pin, active != "low")
