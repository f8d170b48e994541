"""The kinds of devices: what is wired for each, and which class of the firmware runs it.

Pins, buses and addresses are declared here; settings and ports are read from the firmware's class, which CPython can
import as well.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

__all__ = [
    "KINDS",
    "Address",
    "Choice",
    "Count",
    "Field",
    "Kind",
    "Pin",
    "Remotes",
    "Setting",
    "Wiring",
    "Words",
]

Use = Literal["input", "output", "both", "adc", "pwm"]


@dataclass(frozen=True, slots=True)
class Pin:
    """A GPIO: `both` is one that is an open drain, which both sides pull low. `led`: the board's own LED will do."""

    key: str
    use: Use
    description: str
    required: bool = True
    led: bool = False


@dataclass(frozen=True, slots=True)
class Address:
    """Address and bus of an I2C device; the first address is the default."""

    allowed: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several words; the first is the default."""

    key: str
    allowed: tuple[str, ...]
    description: str


@dataclass(frozen=True, slots=True)
class Words:
    """Any of several words, by default none."""

    key: str
    allowed: tuple[str, ...]
    description: str


@dataclass(frozen=True, slots=True)
class Count:
    """A number; without a default it must be given. `whole`: no fractions."""

    key: str
    low: float
    high: float
    description: str
    default: float | None = None
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Field:
    """A mark of a remote control: a whole number, true or false, or a text of hexadecimal digits."""

    key: str
    type: Literal["whole", "boolean", "hex"]
    low: int = 0
    high: int = 0
    required: bool = True


@dataclass(frozen=True, slots=True)
class Remotes:
    """Remote controls by the roles that they get: the fields of each protocol."""

    key: str
    protocols: Mapping[str, tuple[Field, ...]]
    description: str


Wiring = Pin | Address | Choice | Words | Count | Remotes


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting of the firmware's class; `unit` is s for a time, else None. `allowed`: the texts, None for any."""

    id: str
    type: str
    default: Any
    low: float = 0
    high: float = 0
    allowed: tuple[str, ...] | None = None
    description: str = ""
    unit: str | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Kind:
    """A kind of device: `module` and `cls` are the firmware's, `fixed` options that the kind itself says.

    `pull` is "up" or "down" where the firmware counts on a resistor in the chip, "active" where that depends.
    `sleeps`: one reading at each waking does. `fastest`: seconds that the part needs from one reading to the next.
    """

    name: str
    title: str
    module: str
    cls: str
    wiring: tuple[Wiring, ...]
    fixed: Mapping[str, Any] = field(default_factory=dict)
    pull: str | None = None
    sleeps: bool = False
    fastest: float = 0.0
    any_of: tuple[str, ...] = ()  # of these wiring keys at least one
    single: bool = False  # a board can have one
    apart: tuple[str, str, float] | None = None  # two settings that must differ, and how much

    def __repr__(self) -> str:
        return f"<kind {self.name}>"

    @property
    def i2c(self) -> Address | None:
        """The addresses that it can have, None if it is no I2C device."""
        return next((each for each in self.wiring if isinstance(each, Address)), None)

    def firmware_class(self) -> Any:
        """Return the firmware's class; raises ImportError, AttributeError where the firmware has none."""
        return getattr(importlib.import_module(f"devices.{self.module}"), self.cls)

    @property
    def component(self) -> str:
        """The name by which a graph knows it, such as devices/Climate."""
        return str(self.firmware_class().component)

    def settings(self) -> dict[str, Setting]:
        """Return its settings by their ids."""
        return {setting[0]: _setting(*setting) for setting in self.firmware_class().settings}

    def ports(self) -> tuple[dict[str, str], dict[str, str]]:
        """Return its inports and its outports: their ids and types."""
        found = self.firmware_class()
        settings = {setting[0]: setting[1] for setting in found.settings}
        inports = {port.id: port.type for port in found.inports} | settings
        outports = {port.id: port.type for port in found.outports} | {"error": "object"}
        return inports, outports | ({"settings": "object"} if settings else {})


def _setting(id: str, type: str, default: Any, low: Any, high: Any, description: str) -> Setting:
    if type == "string":
        return Setting(id, type, default, allowed=None if low is None else tuple(low), description=description)
    if type == "boolean":
        return Setting(id, type, default, description=description)
    unit = "s" if re.search(r"\bseconds\b", description, re.I) else None  # as the firmware says it
    return Setting(id, type, default, low, high, description=description, unit=unit)


def _dht(model: str, fastest: float) -> Kind:
    data = Pin("pin", "both", "Data; 4.7 to 10 kΩ to 3.3 V")
    title = f"{model.upper()}: temperature and humidity"
    return Kind(model, title, "climate", "Climate", (data,), {"sensor": model}, pull="up", sleeps=True, fastest=fastest)


def _on_i2c(
    name: str, title: str, module: str, cls: str, addresses: tuple[int, ...], fixed: Mapping[str, Any] | None = None
) -> Kind:
    return Kind(name, title, module, cls, (Address(addresses),), fixed or {}, sleeps=True)


_CODE = Field("code", "whole", 1, 2**24 - 2)
_BASE = Field("base", "whole", 100, 1000, required=False)  # µs; shown with what is received
_REMOTES = {
    "ev1527": (_CODE, _BASE),
    "pt2262": (_CODE, _BASE),
    "nexa": (
        Field("house", "whole", 0, 2**26 - 1),
        Field("unit", "whole", 0, 15, required=False),
        Field("group", "boolean", required=False),
        Field("on", "boolean", required=False),
        _BASE,
    ),
    "unknown": (Field("code", "hex"), Field("bits", "whole", 1, 200, required=False), _BASE),
}

_UNCHECKED = ("LaCrosse-TX141B", "LaCrosse-TX141Bv2", "LaCrosse-TX141Bv3")
_ACTIVE_LOW = Choice("active", ("low", "high"), "The level at the pin when it is pressed")
_ACTIVE_HIGH = Choice("active", ("high", "low"), "The level at the pin that switches it on")

KINDS = {
    kind.name: kind
    for kind in (
        _dht("dht11", 1.0),
        _dht("dht22", 2.0),
        _on_i2c(
            "sht3x", "SHT30/31/35: temperature and humidity", "climate", "Climate", (0x44, 0x45), {"sensor": "sht3x"}
        ),
        _on_i2c("aht20", "AHT20: temperature and humidity", "climate", "Climate", (0x38,), {"sensor": "aht20"}),
        _on_i2c("bme280", "BME280: temperature, humidity and air pressure", "weather", "Weather", (0x76, 0x77)),
        Kind("mic", "Analogue microphone", "sound", "Sound", (Pin("pin", "adc", "Output of the microphone's amplifier"),)),
        Kind(
            "i2s_mic", "Digital microphone (I2S), such as INMP441", "sound", "Sound",
            (
                Pin("sck", "output", "Bit clock (SCK, BCLK)"),
                Pin("ws", "output", "Word select (WS, LRCLK)"),
                Pin("sd", "input", "Data of the microphone (SD, DOUT)"),
            ),
            single=True,
        ),
        Kind(
            "ldr", "Light-dependent resistor", "light", "Light",
            (Pin("pin", "adc", "Middle of the divider of LDR and resistor"),), sleeps=True,
        ),
        _on_i2c("bh1750", "BH1750: light in lux", "lux", "Lux", (0x23, 0x5C)),
        Kind(
            "battery", "Battery voltage", "battery", "Battery",
            (
                Pin("pin", "adc", "Middle of the divider across the battery"),
                Count("divider", 1, 100, "Battery voltage / voltage at the pin, at most 3.3 V: 2 for two equal resistors"),
            ),
            sleeps=True,
        ),
        Kind(
            "button", "Button", "button", "Button",
            (Pin("pin", "input", "Contact of the button"), _ACTIVE_LOW), pull="active",
        ),
        Kind(
            "potentiometer", "Potentiometer", "potentiometer", "Potentiometer", (Pin("pin", "adc", "Wiper"),),
            apart=("low", "high", 1e-6),
        ),
        Kind(
            "ws2812", "WS2812 (NeoPixel) strip", "pixels", "Pixels",
            (
                Pin("pin", "output", "Data in (DIN) of the first pixel"),
                Count("count", 1, 300, "Number of pixels", 1, whole=True),
                Choice("order", ("GRB", "RGB", "BRG", "BGR", "GBR", "RBG"), "Order of the colours on the wire"),
            ),
        ),
        Kind(
            "rgb_led", "RGB LED on three pins", "rgb", "Rgb",
            (
                Pin("red", "pwm", "Red, through a resistor"),
                Pin("green", "pwm", "Green, through a resistor"),
                Pin("blue", "pwm", "Blue, through a resistor"),
                Choice("common", ("cathode", "anode"), "What the three have in common: cathode to GND, anode to 3.3 V"),
            ),
        ),
        Kind("led", "LED", "led", "Led", (Pin("pin", "output", "LED, through a resistor", led=True), _ACTIVE_HIGH)),
        Kind("relay", "Relay", "relay", "Relay", (Pin("pin", "output", "Input of the relay's driver"), _ACTIVE_HIGH)),
        Kind(
            "rf433", "433 MHz receiver and/or transmitter", "rf433", "Radio",
            (
                Pin("receive", "input", "Data of the receiver; at most 3.3 V", required=False),
                Pin("transmit", "output", "Data of the transmitter", required=False),
                Remotes("remotes", _REMOTES, "Remote controls that become participants, by their roles"),
                Words("unchecked", _UNCHECKED, "Models without a checksum that become participants all the same"),
            ),
            any_of=("receive", "transmit"), single=True,
        ),
    )
}  # fmt: skip
