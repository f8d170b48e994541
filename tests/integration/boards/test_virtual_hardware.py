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


@pytest.mark.parametrize(
    ("chip", "numbers", "others"),
    [
        ("esp32", "1 3 7 2 1 1 2", "(-1,), (0,), (2,), (1, 4)"),
        ("picow", "0 1 2 1 2 8 4", "(-1,), (3,), (7,), (0, -1)"),
    ],
)
def test_modes_and_pulls_have_the_numbers_of_the_chip_and_no_others_are_taken(
    start: Start, chip: str, numbers: str, others: str
) -> None:
    board = start(
        f"""
print(Pin.IN, Pin.OUT, Pin.OPEN_DRAIN, Pin.PULL_UP, Pin.PULL_DOWN, Pin.IRQ_RISING, Pin.IRQ_FALLING)
pin = Pin(16, Pin.IN, Pin.PULL_UP); print(pin())
pin.init(Pin.IN, Pin.PULL_DOWN); print(pin())
for how in ({others}):
    try:
        Pin(16, *how)
        print("taken", how)
    except ValueError:
        pass
try:
    pin.irq(print, 1 if Pin.IRQ_RISING == 8 else 8)
except ValueError:
    print("refused")
time.sleep(60)
""",
        chip=chip,
    )
    assert said(board, 4) == [numbers, "1", "0", "refused"]


@pytest.mark.parametrize(("chip", "pin"), [("esp32", 34), ("picow", "LED")])
def test_hardware_of_the_firmware_takes_a_pin_that_not_everything_can_be_done_with(
    start: Start, chip: str, pin: int | str
) -> None:
    board = start(
        f"""
sys.path.append({str(ROOT / "firmware/board")!r})
from hardware import Hardware
Hardware().pin({pin!r})
try:
    Pin({pin!r}, -1, -1)
except ValueError:
    print("taken as it is only")
time.sleep(60)
""",
        chip=chip,
    )
    assert said(board) == ["taken as it is only"]


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


def test_converters_and_pwm(start: Start) -> None:
    board = start(
        """
adc = ADC(Pin(34)); adc.atten(ADC.ATTN_11DB)
try:
    ADC(Pin(23))
except ValueError as e:
    print("no ADC")
pwm = PWM(Pin(2), freq=1000, duty_u16=16384)
print(pwm.freq(), pwm.duty_u16())
while adc.read_u16() < 30000: time.sleep_ms(1)
print(abs(adc.read_uv() - 2000000) < 20000)
pwm.duty_u16(65535)
print("bright")
time.sleep(60)
"""
    )
    assert said(board, 2) == ["no ADC", "1000 16384"]
    assert board.control({"pin": 2})["pwm"] == {"freq": 1000, "duty": 0.25}
    board.control({"adc": 34, "volts": 2.0})
    board.wait_for_line("bright")
    assert board.lines[-2] == "True"
    assert board.control({"pin": 2})["pwm"]["duty"] == 1


def test_i2c_speaks_to_models_and_tells_who_is_absent(start: Start) -> None:
    board = start(
        """
bus = I2C(0, scl=Pin(22), sda=Pin(21), freq=100000)
print(*bus.scan())
try:
    bus.readfrom(0x45, 6)
except OSError as e:
    print(e.errno)
bus.writeto(0x44, b"\\x24\\x00")
time.sleep_ms(20)
data = bytearray(6)
bus.readfrom_into(0x44, data)
print(len(data), data[0] << 8 | data[1])
print(bus.readfrom_mem(0x76, 0xD0, 1))
bus.writeto_mem(0x76, 0xF2, b"\\x05")
into = bytearray(2); bus.readfrom_mem_into(0x76, 0xF2, into); print(into)
time.sleep(60)
""",
        {"module": "climate", "role": "air", "options": {"sensor": "sht3x", "i2c": 0, "address": 0x44}},
        {"module": "weather", "role": "weather", "options": {"i2c": 0, "address": 0x76}},
    )
    assert said(board, 5) == ["68 118", "19", "6 24716", "b'`'", r"bytearray(b'\x05\x00')"]


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


def test_a_strip_shows_its_colors_and_a_dht_answers(start: Start) -> None:
    board = start(
        """
machine.bitstream(Pin(5, Pin.OUT), 0, (400, 850, 800, 450), bytearray(b"\\x01\\xff\\x02" b"\\x00\\x00\\x00"))
data = bytearray(5)
machine.dht_readinto(Pin(15), data)
print(data[0] << 8 | data[1], (data[0] + data[1] + data[2] + data[3]) & 255 == data[4])
try:
    machine.dht_readinto(Pin(18), data)
except OSError as e:
    print(e.errno)
time.sleep(60)
""",
        {"module": "pixels", "role": "strip", "options": {"pin": 5, "count": 2}},
        {"module": "climate", "role": "air", "options": {"sensor": "dht22", "pin": 15}},
    )
    assert said(board, 2) == ["450 True", "110"]
    assert board.control({"device": "strip"})["values"] == {"colors": ["#ff0102", "#000000"]}


def test_pulses_are_received_and_sent(start: Start) -> None:
    board = start(
        """
from pulses_linux import Receiver, Transmitter
receiver = Receiver(Pin(16, Pin.IN))
transmitter = Transmitter(Pin(17, Pin.OUT, value=0))
print("ready")
async def main():
    heard = []
    while len(heard) < 600:
        heard.extend(receiver.take())
        await asyncio.sleep_ms(1)
    print(len(heard), heard[:4], heard[-1])
    await transmitter.send([350, 1050, 1050, 350], 4)
    print("sent")
asyncio.run(main())
time.sleep(60)
""",
        {"module": "rf433", "role": "radio", "options": {"receive": 16, "transmit": 17}},
    )
    board.wait_for_line("ready")
    board.control({"device": "radio", "pulses": [*[500, 2000, 510, 90000] * 149, 500, 2000, 510, 300]})
    assert said(board, 3)[1:] == ["600 [500, 2000, 510, 65535] 65535", "sent"]
    assert board.control({"device": "radio"})["values"] == {"sent": [350, 1050, 1050, 350], "repeat": 4, "count": 1}


def test_the_rest_of_machine(start: Start) -> None:
    board = start(
        """
print(len(machine.unique_id()), machine.freq() > 1000000, Pin("LED", Pin.OUT)())
began = time.ticks_ms(); machine.lightsleep(50); print(time.ticks_diff(time.ticks_ms(), began) >= 50)
machine.enable_irq(machine.disable_irq()); machine.idle()
print(machine.time_pulse_us(Pin(14), 1, 20000))
RTC().datetime((2030, 1, 2, 0, 3, 4, 5, 0)); print(RTC().datetime()[:6])
network.WLAN().active(True); network.WLAN().connect("<a> 'b' \xfc", None); print(network.WLAN().config("ssid") == "<a> 'b' \xfc")
try:
    machine.Timer(-1, callback=print)
except NotImplementedError as e:
    print(e)
time.sleep(60)
""",
        chip="picow",
    )
    assert said(board, 6) == [
        "6 True 0",
        "True",
        "-2",
        "[2030, 1, 2, 2, 3, 4]",
        "True",
        "a virtual board has no machine.Timer; use asyncio",
    ]


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


def test_an_rp2_knows_two_causes(start: Start) -> None:
    board = start(
        """
print(reset_cause(), [hasattr(machine, each + "_RESET") for each in ("PWRON", "HARD", "WDT", "DEEPSLEEP", "SOFT")])
if reset_cause() == 1: machine.reset()
time.sleep(60)
""",
        chip="picow",
    )
    assert said(board, 2) == [f"{cause} [True, False, True, False, False]" for cause in (1, 3)]


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


def test_a_sleeper_without_a_time_sleeps_until_it_is_reset(start: Start) -> None:
    board = start(CAUSES + "if reset_cause() == 1: deepsleep()\ntime.sleep(60)")
    board.wait_for(lambda: board.control({"get": True})["state"] == "asleep")
    board.control({"reset": True})
    board.wait_for_line("cause 2")


# --- Wi-Fi ---

JOIN = """
wlan = network.WLAN(network.STA_IF)
wlan.active(True)
def join():
    wlan.connect("Home", "password")
    time.sleep_ms(300)
    while wlan.status() == network.STAT_CONNECTING: time.sleep_ms(10)
    for name in ("GOT_IP", "NO_AP_FOUND", "WRONG_PASSWORD", "HANDSHAKE_TIMEOUT"):
        if wlan.status() == getattr(network, "STAT_" + name, None): print(name, wlan.isconnected(), wlan.ifconfig()[0])
"""


@pytest.mark.parametrize(("chip", "wrong"), [("esp32", "HANDSHAKE_TIMEOUT"), ("picow", "WRONG_PASSWORD")])
def test_wifi_that_is_there_absent_or_lets_nobody_in(start: Start, chip: str, wrong: str) -> None:
    alone = "wlan.config(reconnects=0)\n" if chip == "esp32" else ""
    board = start(JOIN + alone + "while True:\n    join()\n    time.sleep_ms(50)\n", chip=chip)
    board.wait_for_line("GOT_IP True 127.0.0.1")
    assert board.control({"wifi": False}) == {"wifi": False, "connected": False, "rssi": -58}
    board.wait_for_line("NO_AP_FOUND False 0.0.0.0")
    board.control({"wifi": "wrong password"})
    board.wait_for_line(f"{wrong} False 0.0.0.0")


def test_wifi_tells_its_signal_and_takes_settings(start: Start) -> None:
    board = start(
        JOIN
        + """
network.hostname("kitchen"); network.country("DE")
join()
print(network.hostname(), network.country(), wlan.status("rssi"), wlan.config("mac") == wlan.config("mac"))
try:
    wlan.config(nothing=1)
except ValueError as e:
    print(e)
wlan.ifconfig(("10.0.0.2", "255.0.0.0", "10.0.0.1", "10.0.0.1"))
join()
wlan.disconnect(); print(wlan.isconnected(), wlan.status() == network.STAT_IDLE)
time.sleep(60)
"""
    )
    assert said(board, 5) == [
        "GOT_IP True 127.0.0.1",
        "kitchen DE -58 True",
        "unknown config param",
        "GOT_IP True 10.0.0.2",
        "False True",
    ]
