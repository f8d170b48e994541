"""The emulated Pico W itself: what other tests build on."""

from __future__ import annotations

import hashlib
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
    reported = pico.run(
        "import sys, gc\nprint(sys.implementation._machine, sys.implementation._build, gc.mem_free(), sep='|')"
    )
    machine, build, free = reported.strip().split("|")
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
