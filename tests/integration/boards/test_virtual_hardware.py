"""What programs find on a virtual board: small ones, each on a board of its own, with MicroPython as it is there."""

from __future__ import annotations

import pytest

from interpreters import Interpreter
from paths import ROOT
from virtual_programs import Start, micropython, said, start

__all__ = ["micropython", "start"]

BUTTON = {"module": "button", "role": "button", "options": {"pin": 4, "active": "low"}}
# --- What it costs ---


def test_takes_less_than_3_kb_of_memory(start: Start) -> None:
    board = start(
        """
import gc
for name in ("machine", "network"):
    del sys.modules[name]
del machine, network
for name in dir():
    if name[0] != "_" and name not in ("sys", "asyncio", "gc", "time"):
        del globals()[name]
import json, os
asyncio.create_task
gc.collect(); before = gc.mem_alloc()
import machine, network
gc.collect(); print(gc.mem_alloc() - before)
time.sleep(60)
"""
    )
    assert int(said(board)[0]) < 3 * 1024


# --- Pins ---


def test_pins_are_set_and_read(start: Start) -> None:
    board = start(
        """
out = Pin(2, Pin.OUT, value=1)
print(out(), out.value(), Pin(2)())
out.toggle(); print(out())
up = Pin(5, Pin.IN, Pin.PULL_UP); print(up(), Pin(18, Pin.IN, Pin.PULL_DOWN)())
drain = Pin(19, Pin.OPEN_DRAIN, value=1); print(drain())
drain.off(); print(drain())
for wrong in (lambda: Pin(99), lambda: Pin(34, Pin.OUT), lambda: Pin("LED"), lambda: machine.nothing, lambda: out.nothing()):
    try:
        wrong()
    except Exception as e:
        print(type(e).__name__)
while up(): time.sleep_ms(1)
print("low")
time.sleep(60)
"""
    )
    expected = ["1 1 1", "0", "1 0", "0", "0", *["ValueError"] * 3, *["AttributeError"] * 2]
    assert said(board, len(expected)) == expected
    assert board.control({"pin": 2}) == {"pin": 2, "mode": "out", "level": 0, "pwm": None}
    board.control({"pin": 5, "value": 0})
    board.wait_for_line("low")


@pytest.mark.parametrize("chip", ["esp32", "picow"])
def test_edges_call_a_handler_while_the_event_loop_runs(start: Start, chip: str) -> None:
    board = start(
        """
pin = Pin(4, Pin.IN, Pin.PULL_UP)
pin.irq(lambda p: print("edge", p(), p is pin), Pin.IRQ_FALLING | Pin.IRQ_RISING)
other = Pin(5, Pin.IN, Pin.PULL_UP)
other.irq(lambda p: print("other"), trigger=Pin.IRQ_FALLING, hard=True)
print("ready")
asyncio.run(forever())
""",
        chip=chip,
    )
    board.wait_for_line("ready")
    board.control({"pin": 4, "value": 0})
    board.wait_for_line("edge 0 True")
    board.control({"pin": 4, "value": None})
    board.wait_for_line("edge 1 True")
    board.control({"pin": 5, "value": 0})
    board.control({"pin": 5, "value": 1})
    board.wait_for_line("other")
    board.control({"pin": 4, "value": 0})  # if there were more of the other one, they would come before
    board.wait_for(lambda: board.lines.count("edge 0 True") == 2)
    assert board.lines.count("other") == 1


def test_a_pressed_button_bounces(start: Start) -> None:
    board = start(
        """
pin = Pin(4, Pin.IN, Pin.PULL_UP)
edges = 0
def count(p):
    global edges
    edges += 1
pin.irq(count)
print("ready")
async def main():
    while True:
        await asyncio.sleep_ms(200)
        print("edges", edges, pin())
asyncio.run(main())
""",
        BUTTON,
    )
    board.wait_for_line("ready")
    board.control({"device": "button", "pressed": True})
    board.wait_for_line("edges 7 0")
    board.control({"device": "button", "pressed": False})
    board.wait_for_line("edges 14 1")
    board.control({"device": "button", "bounce": False})
    board.control({"device": "button", "press": 0.05})
    board.wait_for_line("edges 16 1")


# --- Converters, pulses, buses ---


def test_drivers_of_the_firmware_understand_the_models(start: Start, micropython: Interpreter) -> None:
    """Both were written after the data sheets, and not after each other."""
    board = start(
        f"""
sys.path.append({str(ROOT / "firmware")!r})
bus = I2C(0, scl=Pin(22), sda=Pin(21))
from devices.drivers.sht3x import Sht3x
from devices.drivers.aht20 import Aht20
from devices.drivers.bme280 import Bme280
from devices.drivers.bh1750 import Bh1750
from devices.drivers.dht import Dht
async def main():
    for driver in (Sht3x(bus, 0x44), Aht20(bus, 0x38), Bme280(bus, 0x76), Bh1750(bus, 0x23), Dht(Pin(15), True)):
        found = await driver.measure()
        print(*[round(each, 1) for each in (found if isinstance(found, tuple) else (found,))])
asyncio.run(main())
time.sleep(60)
""",
        *[
            {"module": "climate", "role": sensor, "options": {"sensor": sensor, "i2c": 0}}
            for sensor in ("sht3x", "aht20", "bme280")
        ],
        {"module": "lux", "role": "lux", "options": {"i2c": 0}},
        {"module": "climate", "role": "dht", "options": {"sensor": "dht22", "pin": 15}},
    )
    assert said(board, 5) == ["21.0 45.0", "21.0 45.0", "21.0 45.0 1013.2", "200.0", "21.0 45.0"]


def test_a_microphone_is_heard_by_i2s(start: Start) -> None:
    board = start(
        """
from array import array
mic = I2S(0, sck=Pin(14), ws=Pin(15), sd=Pin(32), mode=I2S.RX, bits=32, format=I2S.MONO, rate=16000, ibuf=4096)
samples = array("i", bytearray(1024))
began = time.ticks_ms()
print(mic.readinto(samples), time.ticks_diff(time.ticks_ms(), began) >= 15, max(samples) > 1 << 29)
done = []
mic.irq(done.append)
async def main():
    mic.readinto(samples)
    print(len(done))
    while not done: await asyncio.sleep_ms(1)
    print(done[0] is mic)
asyncio.run(main())
time.sleep(60)
""",
        {"module": "sound", "role": "sound", "options": {"sck": 14, "ws": 15, "sd": 32}},
    )
    board.control({"device": "sound", "level": -6})
    assert said(board, 3)[1:] == ["0", "True"]
    assert said(board)[0].startswith("1024 True ")


# --- Starts ---

CAUSES = "print('cause', reset_cause(), RTC().memory())\n"


def test_reset_causes_and_what_survives(start: Start) -> None:
    board = start(
        CAUSES
        + """
if reset_cause() == PWRON_RESET:
    RTC().memory(b"kept")
    deepsleep(100)
if reset_cause() == machine.DEEPSLEEP_RESET:
    machine.reset()
if reset_cause() == machine.HARD_RESET and len(RTC().memory()) == 4:
    RTC().memory(b"and more")
    soft_reset()
time.sleep(60)
"""
    )
    assert said(board, 4) == ["cause 1 b''", "cause 4 b'kept'", "cause 2 b'kept'", "cause 5 b'and more'"]
    board.control({"reset": True})
    assert said(board, 5)[4] == "cause 2 b'and more'"
    board.control({"power": False})
    board.wait_for(lambda: board.control({"get": True})["state"] == "off")
    board.control({"power": True})
    assert said(board, 6)[5] == "cause 1 b''"


def test_a_watchdog_that_is_not_fed_resets(start: Start) -> None:
    board = start(
        CAUSES
        + """
if reset_cause() == WDT_RESET: time.sleep(60)
dog = WDT(timeout=2000)
for _ in range(10):
    time.sleep_ms(250)
    dog.feed()
print("fed")
time.sleep(60)
"""
    )
    assert said(board, 3) == ["cause 1 b''", "fed", "cause 3 b''"]
    assert "[watchdog: not fed for 2 s, reset]" in board.lines


def test_a_program_that_ends_is_started_again(start: Start) -> None:
    board = start(CAUSES + "raise ValueError('broken')")
    board.wait_for(lambda: board.lines.count("ValueError: broken") == 2)
    assert "the program has ended, exit code 1; starting again in 1 s" in board.output
    assert "cause 5 b''" in board.lines
