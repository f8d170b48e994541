"""The chips that a board can have, and what each of their pins can and must not be used for.

Sources, named by short names below:

- ESP32: Espressif, ESP32 Series Datasheet 4.9, §2.2 Pin Overview, §3 Boot Configurations; ADC2 beside Wi-Fi: Errata, and
  ESP-IDF Programming Guide, ADC Oneshot Mode, Hardware Limitations.
- ESP32-S3, ESP32-C3: their Series Datasheets, the same sections. ADC2 of the C3 is out of use: its Errata, ADC-112.
- RP2040: Raspberry Pi, RP2040 Datasheet, §1.4.3 GPIO Functions (I2C, PWM), §4.9 ADC; Pico W Datasheet, §2.1 (GPIO 23 to 25
  and 29 belong to the Wi-Fi chip); RP2350 Datasheet, §9.4 and erratum E9 (an input's pull-down does not pull down).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

__all__ = ["CHIPS", "NOT_SUPPORTED", "Chip", "pins_text"]

NOT_SUPPORTED = frozenset(
    {"esp8266", "esp8285", "esp32s2", "esp32c2", "esp32c5", "esp32c6", "esp32c61", "esp32h2", "esp32p4", "pico2"}
)
"""Chips and boards whose names are near to those that there are."""

_RESET = "at reset it must be high, or the chip waits to be flashed"
_FLASHING = "it must be low or open when the chip is flashed"


@dataclass(frozen=True, slots=True, repr=False)
class Chip:
    """A chip, or a board where the board makes the difference; `firmware` is MicroPython's name of its build, `mcu` what the
    maker calls the chip.

    `taken` and `console` say by what, `strapping` what for. `pwm` is the number of channels,
    `rtc_memory` the bytes that survive a deep sleep, `memory` how many KB MicroPython has at least for programs: 100 of an
    Espressif's (its port's README: approximately), some less than an emulated Pico W leaves free of 264, and a Pico 2 W of 520.
    """

    name: str
    title: str
    platform: str  # what sys.platform says there
    firmware: str
    mcu: str
    pins: frozenset[int]
    adc: frozenset[int]
    i2c: int
    pwm: int
    adc2: frozenset[int] = frozenset()
    input_only: frozenset[int] = frozenset()
    no_pull: frozenset[int] = frozenset()
    no_pull_down: bool = False
    taken: Mapping[int, str] = field(default_factory=dict)
    psram: Mapping[int, str] = field(default_factory=dict)
    strapping: Mapping[int, str] = field(default_factory=dict)
    console: Mapping[int, str] = field(default_factory=dict)
    led: bool = False
    wifi: bool = True
    rtc_memory: int = 0
    memory: int = 100

    def __repr__(self) -> str:
        return f"<chip {self.name}>"

    @property
    def rp2(self) -> bool:
        return self.platform == "rp2"


def pins_text(pins: Iterable[int]) -> str:
    """Return pins as people write them: `0-5, 7`."""
    runs: list[list[int]] = []
    for pin in sorted(pins):
        if runs and pin == runs[-1][-1] + 1:
            runs[-1].append(pin)
        else:
            runs.append([pin])
    return ", ".join(f"{run[0]}-{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs)


def _pins(*parts: int | range) -> frozenset[int]:
    return frozenset(pin for part in parts for pin in ([part] if isinstance(part, int) else part))


def _by(what: str, *parts: int | range) -> dict[int, str]:
    return dict.fromkeys(sorted(_pins(*parts)), what)


_ESP32 = Chip(
    "esp32",
    "ESP32",
    "esp32",
    "ESP32_GENERIC",
    "ESP32",
    pins=_pins(range(20), range(21, 24), range(25, 28), range(32, 40)),
    adc=_pins(range(32, 40)),
    adc2=_pins(0, 2, 4, range(12, 16), range(25, 28)),
    i2c=2,
    pwm=16,
    input_only=_pins(range(34, 40)),
    no_pull=_pins(range(34, 40)),
    taken=_by("the flash", range(6, 12)),
    psram=_by("the PSRAM", 16, 17),
    strapping={
        0: _RESET,
        2: _FLASHING,
        5: "at reset it sets the timing of SDIO",
        12: "at reset it must be low, or the flash gets 1.8 V and the chip does not start",
        15: "when it is low at reset, the chip starts without its messages",
    },
    console=_by("the serial console (UART0)", 1, 3),
    rtc_memory=2048,
)
_ESP32S3 = Chip(
    "esp32s3",
    "ESP32-S3",
    "esp32",
    "ESP32_GENERIC_S3",
    "ESP32-S3",
    pins=_pins(range(22), range(26, 49)),
    adc=_pins(range(1, 11)),
    adc2=_pins(range(11, 21)),
    i2c=2,
    pwm=8,
    taken=_by("the flash", range(26, 33)),
    psram=_by("the octal PSRAM", range(33, 38)),
    strapping={
        0: _RESET,
        3: "at reset it says where JTAG is",
        45: "at reset it must be low, or the flash gets 1.8 V and the chip does not start",
        46: _FLASHING,
    },
    console=_by("USB", 19, 20) | _by("the serial console (UART0)", 43, 44),
    rtc_memory=2048,
)
_ESP32C3 = Chip(
    "esp32c3",
    "ESP32-C3",
    "esp32",
    "ESP32_GENERIC_C3",
    "ESP32-C3",
    pins=_pins(range(22)),
    adc=_pins(range(5)),
    adc2=_pins(5),
    i2c=1,
    pwm=6,
    taken=_by("the flash", range(11, 18)),
    strapping={
        2: "at reset it must be high",
        8: "it must be high when the chip is flashed",
        9: _RESET,
    },
    console=_by("USB", 18, 19) | _by("the serial console (UART0)", 20, 21),
    rtc_memory=2048,
)
_PICO = Chip(
    "pico",
    "Raspberry Pi Pico",
    "rp2",
    "RPI_PICO",
    "RP2040",
    pins=_pins(range(30)),
    adc=_pins(range(26, 30)),
    i2c=2,
    pwm=16,
    input_only=_pins(24, 29),
    taken=_by("the network (PPP on UART0)", 0, 1) | {23: "the voltage regulator", 25: "the LED; say  LED"},
    led=True,
    wifi=False,
    memory=180,
)
_PICO_W = Chip(
    "picow",
    "Raspberry Pi Pico W",
    "rp2",
    "RPI_PICO_W",
    "RP2040",
    pins=_pins(range(30)),
    adc=_pins(range(26, 29)),
    i2c=2,
    pwm=16,
    taken=_by("the Wi-Fi chip", 23, 24, 25, 29),
    led=True,
    memory=180,
)
_PICO_2_W = Chip(
    "pico2w",
    "Raspberry Pi Pico 2 W",
    "rp2",
    "RPI_PICO2_W",
    "RP2350",
    pins=_PICO_W.pins,
    adc=_PICO_W.adc,
    i2c=2,
    pwm=16,
    no_pull_down=True,
    taken=_PICO_W.taken,
    led=True,
    memory=400,
)

CHIPS = {chip.name: chip for chip in (_ESP32, _ESP32S3, _ESP32C3, _PICO_W, _PICO_2_W, _PICO)}
