"""The shipped remote control, boards/picow.yaml, on the emulated chip: its own firmware, verified TLS, a real Mosquitto."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

import certificates
import msgflo
from board_files import Screen
from brokers import Broker
from emulation import pico as emulator
from emulation.build import firmware
from emulation.pico import Pico
from listening import Ear
from msgflo_host.boards.build import build
from msgflo_host.boards.flashing.flash import flash
from msgflo_host.boards.flashing.micropython import Target
from msgflo_host.boards.port_map import load

pytestmark = [
    pytest.mark.timeout(600),
    pytest.mark.skipif(emulator.missing() is not None, reason=emulator.missing() or ""),
]

SHIPPED = Path(__file__).parents[2] / "boards/picow.yaml"
BUTTON, DIAL, STRIP = 14, 26, 16
# MicroPython keeps names in pools, each twice as large as the one before. The firmware has nearly filled its fifth: with some
# ten names more there are 4.5 KB less, at once (`micropython.qstr_info()`, n_pool).
FREE = 100 * 1024
HOUR = 3600


@dataclass
class System:
    """The board, its broker, and who listens there."""

    pico: Pico
    broker: Broker
    ear: Ear


class _Clock(BaseHTTPRequestHandler):
    """Tells the time as any web server does, in the header Date."""

    def do_HEAD(self) -> None:
        self.send_response(204)
        self.end_headers()

    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    folder = tmp_path_factory.mktemp("picow")
    clock = ThreadingHTTPServer(("127.0.0.1", 0), _Clock)
    clock.socket.setblocking(False)  # a caller that left again would keep it waiting for the next one
    threading.Thread(target=clock.serve_forever, daemon=True).start()
    with Broker(tls=certificates.server()) as broker, Pico(speed=0) as pico, pytest.MonkeyPatch.context() as patched:
        patched.setenv("XDG_CACHE_HOME", str(folder / "cache"))
        pico.drive(BUTTON, 1)
        pico.adc(DIAL, 0.0)
        pico.pixels(STRIP)
        _flash(pico, broker, folder, clock.server_port)
        ear = Ear(broker, tls=certificates.authority())
        yield System(pico, broker, ear)
        ear.stop()
    clock.shutdown()
    clock.server_close()


def _flash(pico: Pico, broker: Broker, folder: Path, clock: int) -> None:
    url = f"mqtts://localhost:{broker.port}?cafile={certificates.authority()}"
    (folder / "secrets.yaml").write_text(f"wifi_ssid: Hut\nwifi_password: eight characters\nbroker: {url!r}\n")
    board = folder / "picow.yaml"
    board.write_text(SHIPPED.read_text() + f"\ntime: http://localhost:{clock}/\n")
    port_map = load(board, loopback=True)
    target = Target(port_map.chip, pico.port, firmware())
    flash(
        port_map, build(port_map, os.urandom(32).hex()), target, Screen(), broker=msgflo.Broker.parse(url), patience=240
    )


def test_it_announces_itself_and_its_devices(system: System) -> None:
    for role in ("picow-board", "remote-button", "remote-dial", "remote-color"):
        described = system.ear.wait_for(f"fbp/participant/{role}")
        assert described["payload"]["role"] == role
    assert system.ear.wait_for("fbp/connection/picow") == "online"


def test_its_clock_is_set_before_a_certificate_is_checked(system: System) -> None:
    system.pico.wait_for("connected to mqtts://")
    assert "no time from" not in system.pico.output


def test_a_pressed_pin_arrives_as_a_packet_once_though_it_bounces(system: System) -> None:
    before = len(system.ear.heard)
    system.pico.press(BUTTON, 0.1, bounces=6)
    system.ear.wait_for("remote-button/press", since=before)
    system.ear.wait_for("remote-button/pressed", lambda value: value is False, since=before)
    assert [topic for topic, _ in system.ear.heard[before:]].count("remote-button/press") == 1


def test_a_change_at_the_converter_arrives(system: System) -> None:
    before = len(system.ear.heard)
    system.pico.adc(DIAL, 1.65)
    value = system.ear.wait_for("remote-dial/value", lambda value: value > 100, since=before)
    assert value == pytest.approx(127, abs=5)  # of 0 to 255


def test_a_colour_that_is_sent_appears_as_pulses(system: System) -> None:
    system.ear.say("remote-color/fade", 0)
    system.ear.say("remote-color/brightness", 100)
    before = len(system.ear.heard)
    system.ear.say("remote-color/color", "#ff8000")
    system.ear.wait_for("remote-color/state", lambda value: value["color"] == "#ff8000", since=before)
    system.pico.sleep(0.2)
    assert system.pico.pixels(STRIP).colors == [(255, 128, 0)] * 8


def test_it_comes_back_when_the_broker_was_restarted(system: System) -> None:
    before = len(system.ear.heard)
    system.broker.restart()
    system.ear.wait_for("fbp/connection/picow", lambda value: value == "online", since=before)
    system.pico.press(BUTTON, 0.1)
    system.ear.wait_for("remote-button/press", since=before)


def test_its_memory_stays_free(system: System) -> None:
    _memory(system, 70)


@pytest.mark.soak
@pytest.mark.timeout(2400)
def test_its_memory_stays_free_for_an_hour(system: System) -> None:
    _memory(system, HOUR)


def _memory(system: System, seconds: float) -> None:
    """Let so much chip time pass; the board reports its free memory every 30 s."""
    began = system.pico.time
    at = len(system.ear.heard)
    while system.pico.time < began + seconds:
        system.pico.sleep(10, seconds=120)
    free = [value for topic, value in system.ear.heard[at:] if topic == "picow-board/memory"]
    print(free)
    assert len(free) >= seconds // 30 - 1
    assert min(free) >= FREE
    assert free[-1] > free[len(free) // 2] - 1024
    assert system.pico.boots[-1].time < began, "it was started again meanwhile"
