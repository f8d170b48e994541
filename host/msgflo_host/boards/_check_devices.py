"""Checks the devices of a port map one by one: kind, wiring, settings, role, topics and remote controls."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any
from unicodedata import combining, normalize

from msgflo import topics

from ..util import quoting, text_checks
from ..util.yaml_reader import Located
from ._check import Findings, Section, nearest
from ._check_pins import Pins
from .kind_names import ALSO_CALLED, NOT_SUPPORTED
from .kinds import KINDS, Address, Choice, Count, Field, Kind, Pin, Remotes, Setting, Words
from .port_map import Device
from .units import TIME

__all__ = ["DEVICE_KEYS", "Devices", "check_role_name"]

DEVICE_KEYS = ("kind", "role", "topics", "allow")
_MAX_ROLE = 64
_CELL_V = 4.2  # of a lithium-ion cell that is full
_REMOTE = "{protocol: ev1527, code: 123456}"
_FBP_NODE = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_LETTERS = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ß": "ss", "ø": "o", "Ø": "O"}
)
_PIN_V = 3.3  # more is beyond every chip's converter, and destroys the pin


class Devices:
    """Checks the section `devices`; `sleeps`: the board does."""

    def __init__(self, top: Section, pins: Pins, buses: Sequence[int] | None, board_role: str, sleeps: bool) -> None:
        self._top = top
        self._pins = pins
        self._buses = buses
        self._board_role = board_role
        self._sleeps = sleeps
        self._roles: dict[str, str] = {board_role: "the board itself"}
        self._addresses: dict[tuple[int, int], str] = {}
        self._outports: dict[str, str] = {}
        self._single: dict[str, str] = {}

    def check(self) -> tuple[Device, ...]:
        """Return the devices that are all right."""
        section = self._top.section("devices", "{air: {kind: dht22, pin: 4}}", "devices: {air: {kind: dht22, pin: 4}}")
        if section is None:
            return ()
        found = [self._device(section, name) for name in section.at.value]
        return tuple(device for device in found if device is not None)

    def _device(self, devices: Section, name: str) -> Device | None:
        section = devices.section(name, "{kind: dht22, pin: 4}", "{kind: dht22, pin: 4}")
        if section is None:
            return None
        role = self._role(section, name)
        kind = self._kind(section)
        if kind is None:
            return None
        try:
            settings = kind.settings()
        except (ImportError, AttributeError) as missing:
            section.wrong("kind", f"the firmware has none: {missing}")
            return None
        section.known([*DEVICE_KEYS, *_wiring_keys(kind), *settings])
        self._possible(section, kind)
        wiring = self._wiring(section, kind)
        self._pins.together(section, wiring)
        values = {
            key: value for key, s in settings.items()
            if section.has(key) and (value := self._setting(section, s, kind)) is not None
        }  # fmt: skip
        if kind.apart:
            _apart(section, settings, *kind.apart)
        if "divider" in wiring:
            _bearable(section, wiring["divider"], values.get("cells", 1))
        place = self._key_of(name)
        return Device(name, role, kind, wiring, values, self._topics(section, kind, role), place)

    def _kind(self, section: Section) -> Kind | None:
        place = section.at.value.get("kind")
        other = NOT_SUPPORTED.get(str(place.value).lower()) if place is not None else None
        if other is not None:
            section.wrong("kind", f"it is not supported; {other}")
            return None
        meant = ALSO_CALLED.get(str(place.value).lower()) if place is not None else None
        if meant is not None:
            section.wrong("kind", f"did you mean {quoting.quoted(meant)}?")
            return None
        name = section.choice("kind", KINDS, "kind: dht22")
        return KINDS[name] if name else None

    def _possible(self, section: Section, kind: Kind) -> None:
        """Report a device that this board cannot have."""
        if self._sleeps and not kind.sleeps:
            others = ", ".join(each.name for each in KINDS.values() if each.sleeps)
            section.wrong("kind", f"it is of no use on a board that sleeps, which can have {others}")
        if kind.single:
            other = self._single.setdefault(kind.name, section.path)
            if other != section.path:
                section.wrong("kind", f"a board can have one of them, and {other} is one")

    def _role(self, section: Section, name: str) -> str:
        role = section.text("role") if section.has("role") else name
        if role is None:
            return name
        self._claim(role, section.path, section.place_of("role") if section.has("role") else self._key_of(name))
        return role

    def _claim(self, role: str, who: str, place: Any) -> None:
        """Note a role as taken; reports one that cannot be, or is taken already."""
        reason = _wrong_topic(role) or (f"it is longer than {_MAX_ROLE} characters" if len(role) > _MAX_ROLE else None)
        if reason:
            self._top.findings.report(place, f"{who}: the role {quoting.quoted(role)} cannot be one: {reason}")
        else:
            check_role_name(self._top.findings, place, role)
        other = self._roles.setdefault(role, who)
        if other != who:
            self._top.findings.report(place, f"{who}: the role {quoting.quoted(role)} is taken by {other}")

    def _key_of(self, name: str) -> tuple[int, int]:
        return self._top.at.value["devices"].keys[name]  # type: ignore[no-any-return]

    def _wiring(self, section: Section, kind: Kind) -> dict[str, Any]:
        found: dict[str, Any] = {}
        if kind.any_of and not any(section.has(key) for key in kind.any_of):
            keys = " or ".join(kind.any_of)
            section.findings.report(section.at, f"{section.path} needs {keys}; as in  {kind.any_of[0]}: 16")
        for each in kind.wiring:
            if isinstance(each, Address):
                found |= self._address(section, each)
            elif isinstance(each, Pin):
                if section.has(each.key) or each.required:
                    found[each.key] = self._pins.take(section, each, kind)
            elif isinstance(each, Choice):
                found[each.key] = section.choice(each.key, each.allowed) or each.allowed[0]
            elif isinstance(each, Words):
                found[each.key] = section.words(each.key, each.allowed) or None
            elif isinstance(each, Remotes):
                found[each.key] = _remotes(section, each, self._claim) or None
            else:
                found[each.key] = self._count(section, each)
        return {key: value for key, value in found.items() if value is not None}

    def _count(self, section: Section, count: Count) -> Any:
        needed = f"{count.key}: {max(count.low, 2):g}" if count.default is None else None
        value = section.number(count.key, count.low, count.high, whole=count.whole, needed=needed)
        return count.default if value is None else value

    def _address(self, section: Section, address: Address) -> dict[str, Any]:
        bus = self._bus(section)
        value = section.given("address")
        if value is None and section.has("address"):
            return {}
        number = address.allowed[0] if value is None else value.value
        if isinstance(number, bool) or number not in address.allowed:
            _wrong_address(section, number, address.allowed)
            return {}
        if bus is None:
            return {}
        other = self._addresses.setdefault((bus, number), section.path)
        if other != section.path:
            place = section.place_of("address" if section.has("address") else "kind")
            section.findings.report(
                place, f"{section.path}: address 0x{number:02x} on I2C bus {bus} is taken by {other}"
            )
        return {"i2c": bus, "address": number}

    def _bus(self, section: Section) -> int | None:
        if self._buses is None:  # it was reported why
            return None
        there = ", ".join(map(str, self._buses))
        place = section.given("i2c")
        if place is None and section.has("i2c"):
            return None
        if not self._buses:
            where = section.place_of("i2c" if place else "kind")
            section.findings.report(where, f"{section.path} is on I2C; add the bus, as in  i2c: {{sda: 21, scl: 22}}")
        elif place is None and len(self._buses) == 1:
            return self._buses[0]
        elif place is None:
            section.findings.report(section.place_of("kind"), f"{section.path}.i2c is missing; there are buses {there}")
        elif isinstance(place.value, bool) or place.value not in self._buses:
            section.wrong("i2c", f"there is no such bus; there is {there}")
        else:
            return int(place.value)
        return None

    def _setting(self, section: Section, setting: Setting, kind: Kind) -> Any:
        if setting.id == "interval" and self._sleeps:
            section.wrong("interval", "this board sleeps, and sleep.every says how often it measures")
            return None
        if setting.type == "boolean":
            return section.boolean(setting.id, bool(setting.default))
        if setting.type == "string":
            if setting.allowed is None:
                return section.text(setting.id)
            return section.choice(setting.id, setting.allowed)
        low = max(setting.low, kind.fastest) if setting.id == "interval" else setting.low
        if setting.unit == "s":
            return section.quantity(setting.id, TIME, low, setting.high)
        return section.number(setting.id, low, setting.high)

    def _topics(self, section: Section, kind: Kind, role: str) -> dict[str, str]:
        inports, outports = kind.ports()
        given = section.section("topics", "{temperature: home/kitchen/temperature}")
        found: dict[str, str] = {}
        if given is not None:
            ports = [*outports, *inports]
            for port in given.at.value:
                if port not in ports:
                    place = given.at.keys[port]
                    what = f"{given.path}: there is no port {quoting.quoted(port)}; {nearest(port, ports, 'there are')}"
                    given.findings.report(place, what)
                elif (topic := given.text(port)) is not None:
                    if reason := _wrong_topic(topic):
                        given.wrong(port, reason)
                    elif topic.startswith(f"{self._board_role}/"):
                        where = f"{section.path}, port {port}"
                        given.report(port, f"{where}: the topic {quoting.quoted(topic)} is that of the board itself")
                    else:
                        found[port] = topic
        if self._roles.get(role) == section.path:  # of a role that is taken, all topics are
            self._unique(section, given, role, inports, outports, found)
        return found

    def _unique(
        self,
        section: Section,
        given: Section | None,
        role: str,
        inports: Iterable[str],
        outports: Iterable[str],
        found: dict[str, str],
    ) -> None:
        """Report outports that would write to a topic of another outport, or of an inport of the same device."""

        def place_of(port: str) -> Any:
            return given.place_of(port) if given is not None and given.has(port) else section.at

        for port in outports:
            topic = found.get(port, f"{role}/{port}")
            other = self._outports.setdefault(topic, f"{section.path}, port {port}")
            if other != f"{section.path}, port {port}":
                message = f"{section.path}, port {port}: the topic {quoting.quoted(topic)} is that of {other}"
                section.findings.report(place_of(port), message)
        own = {found.get(port, f"{role}/{port}"): port for port in outports}
        for port in inports:
            topic = found.get(port, f"{role}/{port}")
            if topic in own:
                where = place_of(port if port in found else own[topic])
                message = (
                    f"{section.path}: inport {port} and outport {own[topic]} have the topic {quoting.quoted(topic)}"
                )
                section.findings.report(where, message)


def _bearable(section: Section, divider: float, cells: float) -> None:
    """Report a divider that leaves more of a battery than a pin bears."""
    volts = _CELL_V * cells / divider
    if volts > _PIN_V:
        least = math.ceil(_CELL_V * cells / _PIN_V * 10) / 10
        full = f"{cells:g} cell{'s' * (cells != 1)} of {_CELL_V} V"
        section.wrong(
            "divider", f"{full} would be {volts:.1f} V at the pin, which bears {_PIN_V} V; from {least:g} on is allowed"
        )


def _apart(section: Section, settings: dict[str, Setting], first: str, second: str, least: float) -> None:
    """Report two settings, each given or by default, that are too near to each other."""
    given = [section.at.value[key].value if section.has(key) else settings[key].default for key in (first, second)]
    numbers = [each for each in given if isinstance(each, int | float) and not isinstance(each, bool)]
    if len(numbers) == 2 and abs(numbers[0] - numbers[1]) < least:
        key = second if section.has(second) else first
        other = first if key == second else second
        allowed = f"{other} is {numbers[0 if other == first else 1]:g}, and they must be at least {least:f} apart"
        section.wrong(key, allowed)


def _wrong_address(section: Section, number: object, allowed: Sequence[int]) -> None:
    """Report an address, in both ways of writing it; 44 may have been meant as 0x44, and "0x44" is a text."""
    meant = next((each for each in allowed if str(number).lower() in (f"{each:x}", f"0x{each:x}")), None)
    hint = " or ".join(f"0x{each:02x}" for each in allowed)
    quotes = ", without quotes" if isinstance(number, str) else ""
    hint = f"this part can have {hint}" if meant is None else f"did you mean 0x{meant:02x}{quotes}?"
    section.wrong("address", hint, f"0x{number:02x} ({number})" if type(number) is int else None)


def _wiring_keys(kind: Kind) -> list[str]:
    keys: list[str] = []
    for each in kind.wiring:
        keys += ["i2c", "address"] if isinstance(each, Address) else [each.key]
    return keys


def _wrong_topic(topic: str) -> str | None:
    """Return why a text is no topic for a port."""
    if not topic:
        return "it is empty"
    try:
        text_checks.check_mqtt(topic)
    except text_checks.Problem:
        return "a character in it, or the number of its slashes, is not allowed in a topic"
    if topics.is_filter(topic):
        return "wildcards, + and #, are not allowed"
    if topic[0] == "$" or topic == "fbp" or topic.startswith("fbp/"):
        return "fbp, fbp/… and $… are reserved"
    return None


def check_role_name(findings: Findings, place: Located | tuple[int, int], role: str) -> None:
    """Warn of a role that no .fbp graph can name."""
    if _FBP_NODE.fullmatch(role):
        return
    like = re.sub(r"[ ./]+", "-", _ascii(role))
    instead = f"; as in  {like}" if _FBP_NODE.fullmatch(like) else ""
    allowed = "a letter or _ comes first, then letters, digits, _ and -"
    findings.warn(place, f"no .fbp graph can name the role {quoting.quoted(role)}: {allowed}{instead}")


def _ascii(text: str) -> str:
    """Return a text with Latin letters as they are written where there are no others: ü as ue, é as e."""
    written = normalize("NFC", text).translate(_LETTERS)
    return "".join(each for each in normalize("NFD", written) if not combining(each))


def _remotes(section: Section, kind: Remotes, claim: Callable[[str, str, Any], object]) -> dict[str, dict[str, Any]]:
    """Return the marks of each remote; calls `claim(role, who, place)` for each role."""
    if not section.has(kind.key):
        return {}
    found: dict[str, dict[str, Any]] = {}
    listed = section.section(kind.key, f"{{doorbell: {_REMOTE}}}")
    if listed is None:
        return {}
    if not section.has("receive"):
        section.findings.report(
            section.at.keys[kind.key], f"{listed.path} are of no use without a receiver; as in  receive: 16"
        )
    for role in listed.at.value:
        claim(role, listed.where(role), listed.at.keys[role])
        remote = listed.section(role, _REMOTE, _REMOTE)
        if remote is not None:
            found[role] = _remote(remote, kind)
    _different(listed, found)
    return found


def _remote(section: Section, kind: Remotes) -> dict[str, Any]:
    protocol = section.choice("protocol", kind.protocols, "protocol: ev1527")
    if protocol is None:
        return {}
    fields = kind.protocols[protocol]
    section.known(["protocol", *(field.key for field in fields)])
    found = {field.key: _value(section, field) for field in fields if field.required or section.has(field.key)}
    return {"protocol": protocol, **{key: value for key, value in found.items() if value is not None}}


def _value(section: Section, field: Field) -> Any:
    needed = f"{field.key}: {'9f3' if field.type == 'hex' else 123456}"
    if field.type == "whole":
        return section.number(field.key, field.low, field.high, whole=True, needed=needed)
    if field.type == "boolean":
        return section.boolean(field.key, False)
    place: Located | None = section.given(field.key, needed)
    if place is None:
        return None
    # The text that `unknown` shows: without zeros in front.
    if isinstance(place.value, str) and re.fullmatch("0|[1-9a-f][0-9a-f]{0,49}", place.value):
        return place.value
    section.wrong(
        field.key, "the text that the port unknown shows is needed, in quotes: hexadecimal digits, small letters"
    )
    return None


def _different(listed: Section, found: dict[str, dict[str, Any]]) -> None:
    """Report two that are known by the same."""
    seen: list[tuple[dict[str, Any], str]] = []
    for role, remote in found.items():
        known_by = {key: value for key, value in remote.items() if key != "base"}
        other = next((other for same, other in seen if same == known_by and len(known_by) > 1), None)
        if other is not None:
            listed.report(role, f"{listed.where(role)} is known by the same as {listed.where(other)}")
        seen.append((known_by, role))
