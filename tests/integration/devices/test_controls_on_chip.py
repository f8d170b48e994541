"""The drivers of controls and lights on an emulated RP2040: its interrupts, its timing, its converter."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from emulation.pico import Pico, missing
from paths import ROOT

DRIVERS = ROOT / "firmware" / "devices" / "drivers"

# The contact, somebody who looks at it, and somebody else who keeps the chip busy, 100 ms at a time.
WATCH = """
import asyncio, gc, time
from machine import Pin
from debounce import Contact
contact = Contact(Pin(14, Pin.IN, Pin.PULL_UP))
seen = []
async def watch():
    start = time.ticks_ms()
    while True:
        at = await contact.change()
        seen.append((time.ticks_diff(at, start), contact.closed))
async def busy():
    while True:
        end = time.ticks_add(time.ticks_ms(), 100)
        while time.ticks_diff(end, time.ticks_ms()) > 0:
            [0] * 50
        await asyncio.sleep_ms(1)
async def main():
    tasks = [asyncio.create_task(watch()), asyncio.create_task(busy())]
    print("watching")
    Pin(15, Pin.OUT, value=1)
    while not Pin(13, Pin.IN, Pin.PULL_DOWN)():
        await asyncio.sleep_ms(5)
    tasks[0].cancel()
    tasks[1].cancel()
    print(seen)
"""

# µs from edge to edge, from the first contact on: as buttons bounce.
PRESS = (60, 140, 55, 310, 95, 1200, 70, 400, 2100, 150)
RELEASE = (50, 7800, 130, 60)


@pytest.fixture(scope="module")
def pico() -> Iterator[Pico]:
    reason = missing()
    if reason:
        pytest.skip(reason)
    with Pico() as running:
        for driver in ("debounce", "knob", "ws2812", "pwm_rgb"):
            running.put(f"{driver}.py", (DRIVERS / f"{driver}.py").read_text())
        yield running


def edges(after: float, level: int, bounces: tuple[int, ...]) -> list[tuple[float, int]]:
    """The steps to `level`, so many µs after the one before, and its bounces."""
    steps = [(after, level)]
    for us in bounces:
        level = 1 - level
        steps.append((us, level))
    return steps


def test_presses_are_seen_once_each_while_the_chip_is_busy(pico: Pico) -> None:
    pico.drive(14, 1)
    pico.drive(13, 0)
    pico.run("import sys\nfrom machine import Pin\nPin(15, Pin.OUT, value=0)")
    pico.run(WATCH)
    before = len(pico.output)
    pico.write(b"asyncio.run(main())\x04")
    pico.wait_for("watching", after=before)
    steps: list[tuple[float, int]] = []
    for _ in range(3):
        steps += edges(60_000, 0, PRESS)
        steps += edges(45_000, 1, RELEASE)
    steps += [(60_000, 0), (9_000, 1), (40_000, 0), (300, 1)]  # glitches
    steps += edges(60_000, 0, PRESS)
    pico.play(14, steps)
    pico.sleep(0.3)
    before = len(pico.output)
    pico.drive(13, 1)
    end = pico.wait_for("]", after=before)
    seen = ast.literal_eval(pico.output[pico.output.index("[", before) : end])
    assert [closed for _, closed in seen] == [True, False] * 3 + [True]
    held = [seen[i + 1][0] - seen[i][0] for i in range(0, 6, 2)]
    for ms in held:
        assert 52 <= ms <= 54  # 45 ms, and until the bounces of the release were over


def test_a_pin_of_the_hardware_has_no_pull_resistor_that_nobody_asked_for(pico: Pico) -> None:
    pico.put("hardware.py", (DRIVERS.parents[1] / "board" / "hardware.py").read_text())
    pico.run("from machine import Pin\nfrom hardware import Hardware\nhardware = Hardware()")
    assert pico.run("print(hardware.pin(22, Pin.IN))").strip() == "Pin(GPIO22, mode=IN)"
    assert (
        pico.run("hardware.pin(22).init(Pin.OUT, value=1)\nprint(hardware.pin(22))").strip() == "Pin(GPIO22, mode=OUT)"
    )
    assert pico.led == 0
    pico.run("hardware.pin('LED').init(Pin.OUT, value=1)")  # a pin of the Wi-Fi chip, which has no pull resistors
    assert pico.led == 1


def test_the_knob_follows_the_converter(pico: Pico) -> None:
    pico.run("from machine import ADC\nfrom knob import Knob\nknob = Knob(ADC(26))")
    for volts, expected in ((0.0, 0.0), (0.02, 0.0), (0.891, 0.26), (1.65, 0.5), (3.27, 1.0), (3.3, 1.0)):
        pico.adc(26, volts)
        pico.run("knob.moved(0)")
        assert float(pico.run("print(knob.position)")) == pytest.approx(expected, abs=0.003)
    assert pico.run("print(knob.moved(0.01))") == "False\n"


def test_pixels_get_what_was_meant(pico: Pico) -> None:
    pico.pixels(16)
    pico.run("from ws2812 import Ws2812\nstrip = Ws2812(Pin(16), 8)")
    pico.run("for i in range(24): strip.values[i] = i * 11\nstrip.show()")
    shown = pico.pixels(16)
    assert shown.frames == 2
    assert shown.colors == [(33 * i + 11, 33 * i, 33 * i + 22) for i in range(8)]


def test_an_rgb_led_gets_its_duties(pico: Pico) -> None:
    pico.run("from machine import PWM\nfrom pwm_rgb import PwmRgb\nfrom array import array")
    for anode in (False, True):
        pico.run(f"led = PwmRgb([PWM(Pin(p), freq=1000) for p in (18, 19, 20)], {anode})")
        pico.run("led.values[:] = array('H', (65535, 16384, 0))\nled.show()")
        duties = [1.0, 0.25, 0.0]
        for pin, duty in zip((18, 19, 20), duties, strict=True):
            found = pico.pin(pin)
            assert found.duty == pytest.approx(1 - duty if anode else duty, abs=0.001)
            assert found.frequency == pytest.approx(1000, rel=0.01)
