"""A JSON Schema of port maps, for editors: made of the same chips, kinds and settings that are checked.

It refuses less than the check does, which sees a port map as a whole.
"""

from __future__ import annotations

import json
from typing import Any

from . import _check_board as board
from ._check_i2c import MAX_FREQUENCY, MIN_FREQUENCY
from ._check_network import HOSTNAME
from ._check_pins import ALLOW
from .chips import CHIPS, Chip
from .kinds import KINDS, Address, Choice, Count, Kind, Pin, Remotes, Setting, Wiring, Words
from .units import CHARGE, CURRENT, FREQUENCY, SHARE, TIME, Quantity

__all__ = ["schema", "schema_text"]

Schema = dict[str, Any]
_TEXT: Schema = {"type": "string", "minLength": 1}


def schema_text() -> str:
    """Return the schema as boards/schema.json has it."""
    return json.dumps(schema(), indent=1, ensure_ascii=False) + "\n"


def schema() -> Schema:
    """Return the schema (draft 07, which editors know best)."""
    top = _object(
        "Port map of a board: docs/boards.md",
        {
            "chip": _words({chip.name: chip.title for chip in CHIPS.values()}, "The chip, or the board it is on"),
            "name": _text("Name of the board in the network; by default that of the file", board.NAME),
            "wifi": _wifi(),
            "broker": _broker(),
            "time": {
                "description": "Server whose time the board takes; by default the coordinator on the broker's host",
                "anyOf": [{"type": "string", "pattern": r"^http://[^/\[]"}, {"const": False}],
            },
            "i2c": _i2c(),
            "devices": _devices(),
            "sleep": _sleep(),
            "log": _object("What the board says", {
                "level": _words(dict.fromkeys(board.LOG_LEVELS, ""), "The least that is said", "info"),
                "topic": _boolean("Also as packets on NAME-board/log", False),
            }),
            "watchdog": _boolean("Restart a board on which nothing goes on any more", True),
            "battery": _battery(),
            "led": _object("The LED by which the board shows which one it is; on a Pico W by default its own", {
                **_wired(board.LED_PIN),
                "active": _words(dict.fromkeys(board.ACTIVE, ""), "The level at the pin when it is lit", board.ACTIVE[0]),
                "allow": _allow(),
            }, (board.LED_PIN.key,)),
            "psram": _boolean("The module has PSRAM (ESP32-WROVER; octal PSRAM on ESP32-S3), which takes pins", False),
        },
        ("chip", "broker", "devices"),
    )  # fmt: skip
    top["allOf"] = [_if("chip", chip.name, _of_chip(chip)) for chip in CHIPS.values()]
    top["definitions"] = {f"pin-{chip.name}": _pins(chip) for chip in CHIPS.values()}
    return {"$schema": "http://json-schema.org/draft-07/schema#", "title": "Port map", **top}


def _wifi() -> Schema:
    address = {key: {**_TEXT, "format": "ipv4"} for key in ("ip", "netmask", "gateway", "dns")}
    return _object("The Wi-Fi", {
        "ssid": {**_TEXT, "description": "Its name"},
        "password": {**_TEXT, "description": "Left out for an open network"},
        "country": _text("Where a Pico W is: ISO 3166-1; does nothing on an ESP32", "[A-Z]{2}"),
        "hostname": _text("By default the board's name", HOSTNAME),
        "address": _object("A static address; by default the router gives one", address, ("ip", "gateway")),
    }, ("ssid",))  # fmt: skip


def _broker() -> Schema:
    parts = {
        "url": {**_TEXT, "description": "mqtt://HOST[:PORT] or mqtts://HOST[:PORT]"},
        "user": _TEXT,
        "password": _TEXT,
        "ca": {**_TEXT, "description": "File with the certificate of the authority, beside this one; for mqtts://"},
    }
    return {
        "description": "The MQTT broker",
        "anyOf": [{**_TEXT, "description": "mqtt://[USER[:PASSWORD]@]HOST[:PORT]"}, _object("", parts, ("url",))],
    }


def _i2c() -> Schema:
    bus = _object("An I2C bus", {
        "id": {"type": "integer", "minimum": 0, "maximum": max(chip.i2c for chip in CHIPS.values()) - 1},
        "sda": _pin("Data"),
        "scl": _pin("Clock"),
        "frequency": _quantity(FREQUENCY, f"{MIN_FREQUENCY} to {MAX_FREQUENCY} Hz", FREQUENCY.shown(100_000)),
        "allow": _allow(),
    }, ("sda", "scl"))  # fmt: skip
    return {"description": "The I2C bus, or a list of them", "anyOf": [bus, {"type": "array", "items": bus}]}


def _sleep() -> Schema:
    return _object("The board sleeps, and wakes to measure", {
        "every": _quantity(TIME, "From one waking to the next"),
        "batch": {"type": "integer", "minimum": 1, "maximum": board.MAX_BATCH, "default": 1,
                  "description": "Readings that are sent together"},
        "awake": _quantity(TIME, "Without network it sleeps again after this", "20 s"),
    }, ("every",))  # fmt: skip


def _battery() -> Schema:
    return _object("For `msgflo board power`", {
        "capacity": _quantity(CHARGE, "What is printed on the battery"),
        "usable": _quantity(SHARE, "How much of it can be taken", "80 %"),
        "self_discharge": _quantity(SHARE, "What it loses per month by itself", "2 %"),
        "asleep": _quantity(CURRENT, "What the whole board takes asleep, if measured"),
    }, ("capacity",))  # fmt: skip


def _devices() -> Schema:
    titles = {kind.name: kind.title for kind in KINDS.values()}
    return {
        "type": "object",
        "description": "What is wired to the board; the name of each is its role",
        "additionalProperties": {
            "type": "object",
            "required": ["kind"],
            "properties": {"kind": _words(titles, "What it is")},
            "allOf": [_if("kind", kind.name, _of_kind(kind)) for kind in KINDS.values()],
        },
    }


def _of_kind(kind: Kind) -> Schema:
    properties: Schema = {
        "kind": {},
        "role": {**_TEXT, "description": "By default the device's name; topics are ROLE/PORT"},
        "topics": _object("Topics other than ROLE/PORT", {
            port: _TEXT for ports in kind.ports() for port in ports
        }),
        "allow": _allow(),
    }  # fmt: skip
    required = []
    for each in kind.wiring:
        properties |= _wired(each)
        if (isinstance(each, Pin) and each.required) or (isinstance(each, Count) and each.default is None):
            required.append(each.key)
    properties |= {setting.id: _setting(setting) for setting in kind.settings().values()}
    found = _object(kind.title, properties, required)
    return found | ({"anyOf": [{"required": [key]} for key in kind.any_of]} if kind.any_of else {})


def _wired(wiring: Wiring) -> Schema:
    if isinstance(wiring, Pin):
        return {wiring.key: _pin(wiring.description, led=wiring.led)}
    if isinstance(wiring, Choice):
        return {wiring.key: _words(dict.fromkeys(wiring.allowed, ""), wiring.description, wiring.allowed[0])}
    if isinstance(wiring, Address):
        return {
            "i2c": {"type": "integer", "minimum": 0, "description": "Which bus, if there are several"},
            "address": {"enum": list(wiring.allowed), "default": wiring.allowed[0], "description": "I2C address"},
        }
    if isinstance(wiring, Words):
        word = _words(dict.fromkeys(wiring.allowed, ""), wiring.description)
        return {wiring.key: {"anyOf": [word, {"type": "array", "items": word}]}}
    if isinstance(wiring, Remotes):
        return {wiring.key: _remotes(wiring)}
    found: Schema = {"type": "integer" if wiring.whole else "number", "minimum": wiring.low, "maximum": wiring.high}
    default = {} if wiring.default is None else {"default": wiring.default}
    return {wiring.key: found | {"description": wiring.description} | default}


def _remotes(wiring: Remotes) -> Schema:
    types: dict[str, Schema] = {
        "whole": {"type": "integer"}, "boolean": {"type": "boolean"}, "hex": {"type": "string", "pattern": "^[0-9a-f]+$"}
    }  # fmt: skip
    each = []
    for protocol, fields in wiring.protocols.items():
        properties: Schema = {"protocol": {"const": protocol}}
        for field in fields:
            limits = {"minimum": field.low, "maximum": field.high} if field.type == "whole" else {}
            properties[field.key] = types[field.type] | limits
        each.append(_object("", properties, ["protocol", *(field.key for field in fields if field.required)]))
    return {"type": "object", "description": wiring.description, "additionalProperties": {"oneOf": each}}


def _setting(setting: Setting) -> Schema:
    if setting.type == "boolean":
        return _boolean(setting.description, setting.default)
    if setting.type == "string":
        if setting.allowed is None:
            return {**_TEXT, "description": setting.description, "default": setting.default}
        return _words(dict.fromkeys(setting.allowed, ""), setting.description, setting.default)
    if setting.unit == "s":
        return _quantity(TIME, setting.description, TIME.shown(setting.default))
    limits = {"minimum": setting.low, "maximum": setting.high}
    return {"type": "number", **limits, "description": setting.description, "default": setting.default}


def _of_chip(chip: Chip) -> Schema:
    """Return the part that depends on the chip: its pins, and whether there must be a Wi-Fi."""
    pins = {"$ref": f"#/definitions/pin-{chip.name}"}
    keys = sorted({each.key for kind in KINDS.values() for each in kind.wiring if isinstance(each, Pin)})
    device = {"properties": dict.fromkeys(keys, pins)}
    bus = {"properties": {"sda": pins, "scl": pins}}
    found: Schema = {
        "properties": {
            "devices": {"additionalProperties": device},
            "i2c": {**bus, "items": bus},
            "led": {"properties": {board.LED_PIN.key: pins}},
            **({} if chip.wifi else {"wifi": False}),
        },
    }
    return found | ({"required": ["wifi"]} if chip.wifi else {})


def _pins(chip: Chip) -> Schema:
    return {"enum": [*sorted(chip.pins - chip.taken.keys()), *(["LED"] if chip.led else [])]}


def _if(key: str, value: str, then: Schema) -> Schema:
    return {"if": {"properties": {key: {"const": value}}, "required": [key]}, "then": then}


def _object(description: str, properties: Schema, required: tuple[str, ...] | list[str] = ()) -> Schema:
    found: Schema = {"type": "object", "additionalProperties": False, "properties": properties}
    found |= {"description": description} if description else {}
    return found | ({"required": list(required)} if required else {})


def _text(description: str, pattern: str) -> Schema:
    return {"type": "string", "pattern": f"^{pattern}$", "description": description}


def _words(words: dict[str, str], description: str, default: str | None = None) -> Schema:
    """One of several words; editors show what each stands for."""
    found: Schema = {"enum": list(words), "description": description}
    if any(words.values()):
        found["enumDescriptions"] = list(words.values())
    return found if default is None else found | {"default": default}


def _boolean(description: str, default: bool) -> Schema:
    return {"type": "boolean", "description": description, "default": default}


def _quantity(quantity: Quantity, description: str, default: str | None = None) -> Schema:
    text = f"{description}; as in {quantity.example}"
    found: Schema = {"type": "string", "pattern": quantity.pattern, "description": text}
    return found if default is None else found | {"default": default}


def _pin(description: str, *, led: bool = False) -> Schema:
    return {
        "anyOf": [{"type": "integer", "minimum": 0}, *([{"const": "LED"}] if led else [])],
        "description": f"GPIO: {description}",
    }


def _allow() -> Schema:
    word = _words(ALLOW, "What was looked after")
    return {"anyOf": [word, {"type": "array", "items": word}]}
