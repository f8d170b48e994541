"""The emulated Pico W itself: what other tests build on."""

from __future__ import annotations

import hashlib
import itertools
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from emulation import pico as emulator
from emulation.pico import Pico, PicoError
from systems import until

# The first test may have to build MicroPython.
pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.skipif(emulator.missing() is not None, reason=emulator.missing() or ""),
]

MIN_HEAP = 200_000
JOIN = """
import network, time
wlan = network.WLAN(network.STA_IF)
wlan.active(True)
wlan.connect("any", "password")
while not wlan.isconnected():
    time.sleep_ms(10)
"""


@pytest.fixture(scope="module")
def shared() -> Iterator[Pico]:
    """A board that runs nothing of its own."""
    with Pico() as pico:
        yield pico


@pytest.fixture
def pico(shared: Pico) -> Pico:
    """The same, with a new interpreter and every pin let go of."""
    shared.hard_reset()
    shared.set_speed(1)
    return shared


def mpremote(pico: Pico, *arguments: str | Path) -> str:
    command = [sys.executable, "-m", "mpremote", "connect", pico.port, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_it_is_a_pico_w_with_what_stock_firmware_has(pico: Pico, record_property: pytest.RecordProperty) -> None:
    told = pico.run(
        "import sys, gc\nprint(sys.implementation._machine, sys.implementation._build, gc.mem_free(), sep='|')"
    )
    machine, build, free = told.strip().split("|")
    assert (machine, build) == ("Raspberry Pi Pico W with RP2040", "RPI_PICO_W")
    assert int(free) > MIN_HEAP
    record_property("free heap", free)
    modules = "asyncio binascii deflate dht hashlib json machine neopixel network os rp2 select socket ssl struct tls"
    pico.run("\n".join(f"import {name}" for name in modules.split()))
    with pytest.raises(PicoError, match="ZeroDivisionError"):
        pico.run("1/0")


def test_mpremote_copies_files_that_survive_every_reset(pico: Pico, tmp_path: Path) -> None:
    file = tmp_path / "file.txt"
    file.write_text("A line that is long enough to fill more than one block of flash.\n" * 100)
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    boots = len(pico.boots)
    assert digest in mpremote(pico, "cp", file, ":file.txt", "+", "soft-reset", "sha256sum", ":file.txt", "+", "reset")
    until(lambda: len(pico.boots) > boots)
    assert pico.boots[-1].cause == "watchdog"
    again = "import hashlib\nprint(hashlib.sha256(open('file.txt', 'rb').read()).digest().hex())"
    assert pico.run(again) == f"{digest}\n"
    pico.hard_reset()
    assert pico.run(again) == f"{digest}\n"
    pico.power_off()
    pico.power_on()
    assert pico.run(again) == f"{digest}\n"


JOINED = """
import rp2
@rp2.asm_pio(fifo_join={join})
def program():
    label("again")
    push(noblock)
    jmp("again")
machine = rp2.StateMachine(0, program, freq=1000000)
"""


def test_fifos_of_a_state_machine_that_are_joined(pico: Pico) -> None:
    received = "machine.active(1)\nwhile machine.rx_fifo() < {0}: pass\nmachine.active(0)\nprint(machine.rx_fifo())"
    pico.run(JOINED.format(join="rp2.PIO.JOIN_NONE"))
    assert pico.run("machine.put(1)\nmachine.put(2)\nprint(machine.tx_fifo())") == "2\n"
    assert pico.run(received.format(4)) == "4\n"
    pico.run(JOINED.format(join="rp2.PIO.JOIN_RX"))
    assert pico.run("print(machine.tx_fifo(), machine.rx_fifo())") == "0 0\n"
    assert pico.run(received.format(8)) == "8\n"
    # FSTAT: that of the transmitter is both full and empty, so what is put waits for ever.
    fstat = pico.run("import machine as chip\nfstat = chip.mem32[0x50200004]\nprint(fstat >> 16 & 1, fstat >> 24 & 1)")
    assert fstat == "1 1\n"
    pico.run(JOINED.format(join="rp2.PIO.JOIN_TX"))
    assert pico.run("for i in range(8): machine.put(i)\nprint(machine.tx_fifo())") == "8\n"


def test_watchdog_and_sleep(pico: Pico) -> None:
    pico.set_speed(0)
    boots = len(pico.boots)
    pico.run("import machine, time")
    pico.write("machine.WDT(timeout=2000)\ntime.sleep(60)\x04")
    until(lambda: len(pico.boots) > boots)
    assert pico.run("import machine, time; print(machine.reset_cause() == machine.WDT_RESET)") == "True\n"
    before, asleep = pico.time, pico.asleep
    # Up to 1.25 lwIP's timer wakes a Pico W early: https://github.com/micropython/micropython/issues/16181
    pico.run("t = time.ticks_ms()\nwhile time.ticks_diff(time.ticks_ms(), t) < 5_000: machine.lightsleep(5_000)")
    assert 4.9 < pico.asleep - asleep < 5.1
    # Measured on the chip: idle time that is skipped passes between two questions, too.
    took = int(pico.run("t = time.ticks_ms()\ntime.sleep(600)\nprint(time.ticks_diff(time.ticks_ms(), t))"))
    assert 600_000 <= took < 600_100
    assert pico.time - before > 605


def test_the_radio_keeps_its_power_until_it_is_deinitialised_as_on_the_real_one(pico: Pico) -> None:
    def radio(seconds: float = 5) -> float:
        before = pico.traffic()["radio"], pico.time
        pico.set_speed(0)
        pico.run(f"time.sleep({seconds})")
        pico.set_speed(1)  # while questions are asked, no idle time is skipped
        return (pico.traffic()["radio"] - before[0]) / 1000 / (pico.time - before[1])

    pico.run("import time")
    assert radio() == 0
    pico.run(JOIN)
    pico.run("wlan.active(False)\nprint(wlan.active())")
    assert radio() == pytest.approx(1, abs=0.01)
    assert pico.run("print(wlan.isconnected())") == "True\n"
    pico.run("wlan.active(True)\nwlan.deinit()")
    assert radio() == 0
    assert pico.run("print(wlan.active(), wlan.isconnected(), wlan.status())") == "True False 0\n"
    took = int(pico.run(f"t = time.ticks_ms()\n{JOIN}\nprint(time.ticks_diff(time.ticks_ms(), t))"))
    assert 620 <= took < 2000
    pico.run("import machine\nwlan.deinit()\nled = machine.Pin('LED', machine.Pin.OUT, value=1)")
    assert (radio(), pico.led) == (pytest.approx(1, abs=0.01), 1)


def test_pins(pico: Pico) -> None:
    pico.run("from machine import *\nimport time\nbutton = Pin(14, Pin.IN, Pin.PULL_UP)\nPin('LED', Pin.OUT).on()")
    assert (pico.pin(14).level, pico.pin(14).state, pico.led) == (1, "up", 1)
    pico.run("events = []\nbutton.irq(lambda _: events.append((time.ticks_us(), button.value())))")
    pico.press(14, 0.05, bounces=2)
    times = eval(pico.run("print(events)"))
    assert len(times) == 10
    assert times[1][0] - times[0][0] == pytest.approx(700, abs=100)
    pico.adc(26, 1.65)
    assert int(pico.run("print(ADC(26).read_u16())")) == pytest.approx(32768, abs=20)
    pico.run("PWM(Pin(15), freq=1000, duty_u16=16384)")
    assert (pico.pin(15).frequency, pico.pin(15).duty) == (
        pytest.approx(1000, rel=0.001),
        pytest.approx(0.25, abs=0.001),
    )
    with pico.capture(15) as edges:
        pico.sleep(0.003)
    rising = [at for at, level in edges if level]
    assert rising[1] - rising[0] == pytest.approx(1000, rel=0.001)


def test_pixels(pico: Pico) -> None:
    frames = pico.pixels(16).frames
    pico.run(
        "import neopixel, machine\nn = neopixel.NeoPixel(machine.Pin(16), 2)\nn[0] = (255, 0, 1)\nn[1] = (2, 128, 3)"
    )
    pico.run("n.write()")
    pico.sleep(0.001)
    shown = pico.pixels(16)
    assert (shown.frames - frames, shown.colors) == (1, [(255, 0, 1), (2, 128, 3)])


@pytest.mark.parametrize(("model", "temperature", "humidity"), [("dht22", -3.5, 56.7), ("dht11", 21, 40)])
def test_dht(pico: Pico, model: str, temperature: float, humidity: float) -> None:
    pin = {"dht22": 17, "dht11": 18}[model]
    pico.set_speed(0)
    pico.dht(pin, model, temperature=temperature, humidity=humidity)
    pico.run(f"import dht, machine\nd = dht.{model.upper()}(machine.Pin({pin}))\nd.measure()")
    measured = eval(pico.run("print((d.temperature(), d.humidity()))"))
    assert measured == (pytest.approx(temperature), pytest.approx(humidity))
    pico.dht(pin, model, fail="checksum")
    with pytest.raises(PicoError, match="checksum"):
        pico.run("d.measure()")
    pico.dht(pin, model, fail="silent")
    with pytest.raises(PicoError, match="OSError"):
        pico.run("d.measure()")


def test_i2c_sensors(pico: Pico) -> None:
    pico.i2c(0, 0x44, "sht3x", temperature=21.5, humidity=43)
    pico.i2c(0, 0x38, "aht20", temperature=21.5, humidity=43)
    pico.i2c(0, 0x76, "bme280", raw=[519888, 415148, 30000])
    pico.i2c(1, 0x23, "bh1750", lux=500)
    pico.run(
        "from machine import *\nimport time\ni = I2C(0, sda=Pin(4), scl=Pin(5))\nj = I2C(1, sda=Pin(6), scl=Pin(7))"
    )
    assert pico.run("print(i.scan(), j.scan())") == "[56, 68, 118] [35]\n"
    pico.run(
        "def ask(bus, address, command, ms, n):\n"
        " bus.writeto(address, command)\n time.sleep_ms(ms)\n print(list(bus.readfrom(address, n)))"
    )
    sht = eval(pico.run(r"ask(i, 0x44, b'\x24\x00', 20, 6)"))
    assert 175 * (sht[0] << 8 | sht[1]) / 65535 - 45 == pytest.approx(21.5, abs=0.01)
    aht = eval(pico.run(r"ask(i, 0x38, b'\xac\x33\x00', 80, 7)"))
    assert (aht[1] << 12 | aht[2] << 4 | aht[3] >> 4) / 2**20 * 100 == pytest.approx(43, abs=0.01)
    pico.run(r"i.writeto(0x76, b'\xf2\x01\xf4\x25')")
    bme = eval(pico.run(r"ask(i, 0x76, b'\xf7', 20, 8)"))
    assert (bme[0] << 12 | bme[1] << 4 | bme[2] >> 4, bme[6] << 8 | bme[7]) == (415148, 30000)
    assert eval(pico.run(r"ask(j, 0x23, b'\x20', 130, 2)")) == [600 >> 8, 600 & 255]
    with pytest.raises(PicoError, match="EIO"):
        pico.run("i.writeto(0x45, b'x')")


def test_pio_runs_in_chip_time(pico: Pico) -> None:
    pico.run(
        "import rp2\nfrom machine import Pin\n"
        "@rp2.asm_pio(set_init=rp2.PIO.OUT_LOW)\ndef square():\n set(pins, 1) [9]\n set(pins, 0) [9]\n"
        "rp2.StateMachine(0, square, freq=1_000_000, set_base=Pin(10)).active(1)"
    )
    with pico.capture(10) as edges:
        pico.sleep(0.001)
    assert {round(after[0] - before[0], 3) for before, after in itertools.pairwise(edges)} == {10}


def test_the_network_can_be_cut(pico: Pico) -> None:
    pico.set_speed(0)
    pico.run(JOIN)
    pico.wifi(internet=False)
    pico.run("import socket\ns = socket.socket()\ns.settimeout(1)")
    with pytest.raises(PicoError, match="OSError"):
        pico.run("s.connect(('10.0.0.1', 1883))")
    pico.wifi(internet=True, air=False)
    assert (
        pico.run("time.sleep_ms(10)\nprint(wlan.isconnected(), wlan.status() == network.STAT_NO_AP_FOUND)")
        == "False True\n"
    )
    pico.wifi(air=True, ssid="home", key="secret12")
    pico.run("wlan.connect('home', 'wrong-one')\ntime.sleep(1)")
    assert pico.run("print(wlan.status() == network.STAT_WRONG_PASSWORD)") == "True\n"
    pico.run("wlan.connect('home', 'secret12')\ntime.sleep(1)")
    assert pico.run("print(wlan.isconnected())") == "True\n"
    pico.wifi(ssid=None, key=None)
