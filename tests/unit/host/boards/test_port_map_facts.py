"""What is declared of chips and kinds of devices agrees with itself, and with the firmware."""

from __future__ import annotations

import importlib
import inspect
import re

import pytest

from msgflo_host.boards._check_devices import DEVICE_KEYS
from msgflo_host.boards.chips import CHIPS, Chip, pins_text
from msgflo_host.boards.kinds import KINDS, Address, Choice, Count, Kind, Pin
from msgflo_host.boards.units import CHARGE, CURRENT, FREQUENCY, SHARE, TIME, Quantity
from paths import ROOT

chips = pytest.mark.parametrize("chip", CHIPS.values(), ids=lambda chip: chip.name)
kinds = pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)


@chips
def test_whatever_is_logged_of_a_pin_is_logged_of_one_that_the_chip_has(chip: Chip) -> None:
    for pins in (chip.adc, chip.adc2, chip.input_only, chip.no_pull):
        assert pins <= chip.pins
    for pins in (chip.taken, chip.psram, chip.strapping, chip.console):
        assert pins.keys() <= chip.pins
    assert not chip.adc & chip.adc2
    assert not chip.strapping.keys() & chip.console.keys()


@kinds
def test_kind_has_a_module_that_makes_it(kind: Kind) -> None:
    module = importlib.import_module(f"devices.{kind.module}")
    assert list(inspect.signature(module.create).parameters) == ["role", "topics", "options", "hardware"]
    assert issubclass(kind.firmware_class(), importlib.import_module("devices.device").Device)


@kinds
def test_kind_that_sleeps_can_take_a_single_reading(kind: Kind) -> None:
    from devices.sensor import Sensor

    assert not kind.sleeps or issubclass(kind.firmware_class(), Sensor)


@kinds
def test_no_key_has_two_meanings(kind: Kind) -> None:
    keys = list(DEVICE_KEYS) + list(kind.settings())
    for each in kind.wiring:
        keys += ["i2c", "address"] if isinstance(each, Address) else [each.key]
    assert len(keys) == len(set(keys))


@kinds
def test_settings_are_as_they_are_read(kind: Kind) -> None:
    for setting in kind.settings().values():
        assert setting.type in ("number", "boolean", "string")
        if setting.type == "number":
            assert setting.low <= setting.default <= setting.high
            # That a number is a time is known by its description; all times are in seconds.
            times = ("interval", "hold", "debounce", "long_time", "double_time", "fade", "rest", "silence")
            assert (setting.unit == "s") == (setting.id in times), "is it a time? then say Seconds, and add it here"
            assert not re.search(r"milliseconds|minutes|\bms\b", setting.description)


@kinds
def test_wiring_is_what_the_firmware_asks_for(kind: Kind) -> None:
    source = inspect.getsource(importlib.import_module(f"devices.{kind.module}"))
    source += inspect.getsource(importlib.import_module("devices.switch"))  # which opens the pin of some
    for each in kind.wiring:
        for key in ["i2c", "address"] if isinstance(each, Address) else [each.key]:
            assert f'"{key}"' in source
        if isinstance(each, Choice):
            assert each.allowed
        if isinstance(each, Count) and each.default is not None:
            assert each.low <= each.default <= each.high
    pins = [each.key for each in kind.wiring if isinstance(each, Pin)]
    assert set(kind.any_of) <= set(pins)


# --- The documentation ---

DOCUMENT = (ROOT / "docs" / "boards.md").read_text(encoding="utf-8")
ROWS = [line for line in DOCUMENT.splitlines() if line.startswith("| `")]


@kinds
def test_kind_is_documented_with_all_that_it_has(kind: Kind) -> None:
    (row,) = [row for row in ROWS if f"`{kind.name}`" in row.split("|")[1] and "→" in row]
    inports, outports = kind.ports()
    for name in [*kind.settings(), *inports, *(port for port in outports if port not in ("error", "settings"))]:
        assert f"`{name}`" in row
    said = re.findall(r"`(\w+)`", "|".join(row.split("|")[4:]))
    assert set(said) <= kind.settings().keys() | inports.keys() | outports.keys()
    for each in kind.wiring:
        for key in [f"0x{address:02x}" for address in each.allowed] if isinstance(each, Address) else [f"`{each.key}`"]:
            assert key in row


@chips
def test_chip_is_documented_with_its_pins(chip: Chip) -> None:
    (row,) = [row for row in ROWS if f"`{chip.name}`" in row.split("|")[1] and "ADC" not in row and "→" not in row]
    left = chip.pins - chip.input_only - chip.taken.keys() - chip.strapping.keys() - chip.console.keys()
    assert f"| {pins_text(left)} | {pins_text(chip.adc)} |" in row
    for pins in (chip.strapping, chip.console):
        assert not pins or f"{chip.name}: " in next(row for row in ROWS if row.startswith("| `strapping`"))


# --- Units ---


@pytest.mark.parametrize(
    ("quantity", "text", "number"),
    [
        (TIME, "30 s", 30),
        (TIME, "30s", 30),
        (TIME, "  0.5   min ", 30),
        (TIME, "1.5 h", 5400),
        (TIME, "1 d", 86400),
        (TIME, "20 ms", 0.02),
        (FREQUENCY, "400 kHz", 400_000),
        (CHARGE, "2.6 Ah", 2600),
        (CURRENT, "12 µA", 12),
        (SHARE, "80 %", 0.8),
    ],
)
def test_quantity_is_read(quantity: Quantity, text: str, number: float) -> None:
    assert quantity.parse(text) == number
    assert re.search(quantity.pattern, text)


@pytest.mark.parametrize(
    "text", ["", "s", "30", "3O s", "30 S", "30 s s", "1e3 s", "30 seconds", "½ h", "30 s\n1 s", "1,5 h"]
)
def test_what_is_no_quantity_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"needed|missing|unknown"):
        TIME.parse(text)
    assert not re.search(TIME.pattern, text)


@pytest.mark.parametrize(
    ("number", "text"),
    [(86400, "1 d"), (300, "5 min"), (90, "1.5 min"), (0.02, "20 ms"), (0, "0 ms"), (3661, "1.01694 h")],
)
def test_time_is_shown_as_people_write_it(number: float, text: str) -> None:
    assert TIME.shown(number) == text
