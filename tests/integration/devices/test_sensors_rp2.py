"""Sensors' drivers on an emulated RP2040: MicroPython's own I2C, ADC and DHT timing, 32 bits."""

from __future__ import annotations

import json

import pytest

from emulation.pico import Pico

DRIVERS = ("_check", "_i2c", "_loudness", "aht20", "analog", "bh1750", "bme280", "dht", "mic", "sht3x")
MODULES = (
    "devices/__init__",
    "devices/errors",
    *(f"devices/drivers/{driver}" for driver in ("__init__", *DRIVERS)),
    "board/hardware",
)

START = """
import asyncio, json, machine, time
from machine import ADC, I2C, Pin
bus = I2C(0, sda=Pin(4), scl=Pin(5), freq=100000)
def tried(measurement):
    try:
        return asyncio.run(measurement)
    except Exception as e:
        return [type(e).__name__, str(e)]
"""


def measured(pico: Pico, name: str) -> list[float] | list[str]:
    """What a driver measures, or the name and text of what it raises."""
    found: list[float] | list[str] = json.loads(pico.run(f"print(json.dumps(tried({name}.measure())))"))
    return found


@pytest.mark.parametrize(
    ("model", "address", "temperature", "humidity"),
    [("sht3x", 0x44, -12.34, 98.7), ("aht20", 0x38, 36.6, 12.3), ("bme280", 0x76, 21.5, 45.6)],
)
def test_chip_on_i2c(pico: Pico, model: str, address: int, temperature: float, humidity: float) -> None:
    pico.i2c(0, address, model, temperature=temperature, humidity=humidity)
    pico.run(f"from devices.drivers.{model} import *\n{model} = {model.capitalize()}(bus, {address})")
    found = measured(pico, model)
    assert found[:2] == [pytest.approx(temperature, abs=0.02), pytest.approx(humidity, abs=0.1)]
    pico.i2c(0, address, model, absent=True)
    kind, text = measured(pico, model)
    assert kind == "NoAnswer"
    assert f"at 0x{address:02x}: no answer" in str(text)
    pico.i2c(0, address, model, absent=False)
    assert measured(pico, model)[0] == pytest.approx(temperature, abs=0.02)
    if model != "bme280":  # which has no checksum
        pico.i2c(0, address, model, damaged=True)
        assert measured(pico, model)[0] == "ChecksumError"
        pico.i2c(0, address, model, damaged=False)


# The address of an AHT20 and that it is to be read; then the pins are let go of, as by a reset.
INTERRUPTED = """
scl, sda = Pin(7, Pin.OPEN_DRAIN, value=1), Pin(6, Pin.OPEN_DRAIN, value=1)
sda(0)
for bit in "011100011":
    scl(0)
    sda(bit == "1")
    scl(1)
scl(0)
scl(1)
"""


def test_a_bus_is_freed_of_a_part_that_was_interrupted_while_the_board_runs(pico: Pico) -> None:
    pico.i2c(1, 0x38, "aht20", temperature=21, humidity=43)
    for line in (6, 7):
        pico.pull(line, 1)
    pico.run("from board.hardware import Hardware\nfrom devices.drivers.aht20 import Aht20\nsaid = []")
    pico.run("other = Hardware([{'id': 1, 'sda': 6, 'scl': 7, 'freq': 100000}], said.append).i2c(1)")
    pico.run("held = Aht20(other, 0x38)")
    assert measured(pico, "held")[0] == pytest.approx(21, abs=0.02)
    pico.run(INTERRUPTED)
    pico.run("machine.I2C(1, sda=Pin(6), scl=Pin(7), freq=100000)")  # so it has the pins again
    assert pico.pin(6).level == 0
    kind, text = measured(pico, "held")
    assert (kind, "ETIMEDOUT" in str(text)) == ("NoAnswer", True)
    assert pico.run("print(*said)").strip() == "I2C bus 1: SDA was low; after 3 clocks it was let go of"
    assert measured(pico, "held")[0] == pytest.approx(21, abs=0.02)


def test_bh1750(pico: Pico) -> None:
    pico.i2c(0, 0x23, "bh1750", lux=345)
    pico.run("from devices.drivers.bh1750 import Bh1750\nbh1750 = Bh1750(bus, 0x23)")
    assert measured(pico, "bh1750") == pytest.approx(345, abs=1)


def test_bosch_formulas_give_the_same_numbers_on_32_bits(pico: Pico) -> None:
    # BMP280 data sheet, 3.12, as in test_weather.py.
    trimming = (27504, 26435, -1000, 36477, -10685, 3024, 2855, 140, -7, 15500, -14600, 6000, 75, 362, 0, 315, 50, 30)
    pico.run("from devices.drivers.bme280 import compensate")
    assert pico.run(f"print(compensate({trimming}, 519888, 415148, 28000)[:2])").strip() == "(2508, 25767233)"


@pytest.mark.parametrize(
    ("model", "pin", "temperature", "humidity"),
    [("dht22", 17, -3.5, 56.7), ("dht22", 17, 23.4, 99.9), ("dht11", 18, 21, 40)],
)
def test_dht(pico: Pico, model: str, pin: int, temperature: float, humidity: float) -> None:
    pico.set_speed(0)  # one is asked once in two seconds at most, five times
    pico.dht(pin, model, temperature=temperature, humidity=humidity, fail="")
    pico.run(f"from devices.drivers.dht import Dht\ndht = Dht(Pin({pin}), {model == 'dht22'})")
    assert measured(pico, "dht") == [pytest.approx(temperature, abs=0.01), pytest.approx(humidity, abs=0.01)]
    for fail, kind in (("checksum", "ChecksumError"), ("silent", "NoAnswer")):
        pico.dht(pin, model, fail=fail)
        found = measured(pico, "dht")
        assert found[0] == kind
        assert model.upper() in str(found[1])
    pico.dht(pin, model, temperature=temperature, humidity=humidity, fail="")
    assert measured(pico, "dht")[0] == pytest.approx(temperature, abs=0.01)
    pico.set_speed(1)


def test_microphone_holds_others_up_for_20_ms_at_most(pico: Pico) -> None:
    pico.adc(27, 1.65)
    pico.run("from devices.drivers.mic import Mic\nmic = Mic(ADC(27))\nasyncio.run(mic.hear())")
    code = "s = time.ticks_us()\nfound = asyncio.run(mic.hear())\nprint(json.dumps([time.ticks_diff(time.ticks_us(), s), found]))"
    took, (square, peak) = json.loads(pico.run(code))
    print(f"{took} µs")
    assert 12_700 < took < 25_000  # with what computing takes
    assert square < 1e-6
    assert peak < 0.001
