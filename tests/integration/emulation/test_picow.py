"""The shipped remote control, boards/picow.yaml, on the emulated chip, from its first flash to a sleeping board.

Real MicroPython, real mpremote, verified TLS, a real Mosquitto. One chip is flashed and used in the order of the tests.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import certificates
from brokers import Broker
from emulation import pico as emulator
from emulation.build import firmware
from emulation.pico import Pico
from listening import Ear
from msgflo_host.boards.flashing import await_board, up_to_date
from msgflo_host.cli.main import cli
from paths import ROOT
from systems import until

pytestmark = [
    pytest.mark.timeout(600),
    pytest.mark.skipif(emulator.missing() is not None, reason=emulator.missing() or ""),
]

SHIPPED = ROOT / "boards" / "picow.yaml"
BUTTON, DIAL, STRIP = 14, 26, 16
# MicroPython keeps names in pools, each twice as large as the one before. The firmware has nearly filled its fifth: with some
# ten names more there are 4.5 KB less, at once (`micropython.qstr_info()`, n_pool).
FREE = 90 * 1024
HOUR = 3600
PATIENCE_S = 300  # the emulated chip is several times slower than a real one, and more where the machine is busy


@dataclass
class System:
    """The board, its broker, who listens there, and what its first flash has shown."""

    pico: Pico
    broker: Broker
    ear: Ear
    file: Path
    flashed: str

    @property
    def url(self) -> str:
        """The broker, as the board names it."""
        return _url(self.broker)


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
        patched.setattr(up_to_date, "_ANSWER_S", PATIENCE_S)
        patched.setattr(await_board, "_SETTLE_S", PATIENCE_S)
        pico.drive(BUTTON, 1)
        pico.adc(DIAL, 0.0)
        pico.pixels(STRIP)
        (folder / "secrets.yaml").write_text(
            f"wifi_ssid: Hut\nwifi_password: eight characters\nbroker: {_url(broker)!r}\n"
        )
        file = folder / "picow.yaml"
        file.write_text(SHIPPED.read_text() + f"\ntime: http://localhost:{clock.server_port}/\n")
        flashed = _flash(pico, file, _url(broker))
        ear = Ear(broker, tls=certificates.authority(), patience=PATIENCE_S)
        yield System(pico, broker, ear, file, flashed)
        ear.stop()
    clock.shutdown()
    clock.server_close()


def _url(broker: Broker) -> str:
    return f"mqtts://localhost:{broker.port}?cafile={certificates.authority()}"


def _flash(pico: Pico, file: Path, broker: str) -> str:
    """Run `msgflo board flash`; returns what it shows."""
    arguments = ["--port", pico.port, "--firmware", str(firmware()), "--broker", broker, "--patience", str(PATIENCE_S)]
    done = CliRunner().invoke(cli, ["board", "flash", str(file), *arguments], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def test_a_new_board_gets_all_files_and_is_followed_until_it_is_there(system: System) -> None:
    assert re.search(r"copied \d\d files, \d\d\.\d KB", system.flashed)
    there = "picow-board, remote-button, remote-color, remote-dial"
    assert re.search(rf"picow is there, after \d+ s: {there}\n", system.flashed)


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
    until(lambda: system.pico.pixels(STRIP).colors == [(255, 128, 0)] * 8, seconds=PATIENCE_S)


def test_it_comes_back_when_the_broker_was_restarted(system: System) -> None:
    before = len(system.ear.heard)
    system.broker.restart()
    system.ear.wait_for("fbp/connection/picow", lambda value: value == "online", since=before)
    system.pico.press(BUTTON, 0.1)
    system.ear.wait_for("remote-button/press", since=before)


def test_events_wait_for_it_while_it_has_no_power(system: System) -> None:
    lists = {"color": ["wall/color"], "brightness": ["wall/brightness"], "": {"version": 1}}
    system.ear.say("fbp/bind/remote-color", lists, retain=True)
    system.ear.wait_for("fbp/bound/remote-color", lambda version: version == 1)
    system.pico.power_off()
    before = len(system.ear.heard)
    for topic, value in (("color", "#00ff00"), ("brightness", 100), ("color", "#ff0000")):
        system.ear.say(f"wall/{topic}", value)
    system.pico.power_on()
    system.ear.wait_for("remote-color/state", lambda value: value["color"] == "#ff0000", since=before)
    until(lambda: system.pico.pixels(STRIP).colors == [(255, 0, 0)] * 8, seconds=PATIENCE_S)


def test_it_has_memory_left(system: System) -> None:
    assert system.ear.wait_for("picow-board/memory", since=len(system.ear.heard)) >= FREE


@pytest.mark.soak
@pytest.mark.timeout(2400)
def test_its_memory_stays_free_for_an_hour(system: System) -> None:
    began = system.pico.time
    at = len(system.ear.heard)
    while system.pico.time < began + HOUR:
        system.pico.sleep(10, seconds=PATIENCE_S)
    free = [value for topic, value in system.ear.heard[at:] if topic == "picow-board/memory"]
    print(free)
    assert len(free) >= HOUR // 30 - 1
    assert min(free) >= FREE
    assert free[-1] > free[len(free) // 2] - 1024
    assert system.pico.boots[-1].time < began, "it was started again meanwhile"


def test_a_second_flash_has_nothing_to_do_and_does_not_stop_the_board(system: System) -> None:
    heard, boots = len(system.pico.output), len(system.pico.boots)
    reported = _flash(system.pico, system.file, system.url)
    assert f"{system.pico.port}: it runs this version; nothing to do\n" in reported
    assert "picow is there" in reported
    assert not re.search(">>>|raw REPL", system.pico.output[heard:])
    assert len(system.pico.boots) == boots


SLEEPER = """\
chip: picow
wifi: {{ssid: Home, password: not a real one, address: {{ip: 10.0.0.2, gateway: 10.0.0.1}}}}
broker: mqtt://10.0.0.1:{port}
i2c: {{sda: 4, scl: 5}}
devices:
  garden-climate: {{kind: sht3x}}
sleep: {{every: 10 s, awake: 8 s}}
"""
JOIN_MS = 300  # that the emulated access point takes
RADIO_MS = 320  # that the Wi-Fi chip takes at least after it was off: delays in its driver


def test_with_another_port_map_it_sleeps_and_a_wake_up_is_short(system: System) -> None:
    """All times are the chip's own. An ESP32, which starts anew at each wake-up, takes other ones."""
    pico = system.pico
    with Broker() as broker:
        file = system.file.with_name("garden.yaml")
        file.write_text(SLEEPER.format(port=broker.port))
        pico.i2c(0, 0x44, "sht3x", temperature=21.5, humidity=50)
        pico.wifi(join=JOIN_MS / 1000)
        flashed = len(pico.output)
        copied = re.search(r"copied (\d+) files", _flash(pico, file, broker.url))
        assert copied
        before = int(re.findall(r"copied (\d+) files", system.flashed)[0])
        assert before - int(copied[1]) >= 20, "what both have stays: the library and what starts it"
        at = pico.wait_for("asleep for", seconds=PATIENCE_S, after=flashed)
        for _ in range(2):
            at = pico.wait_for("asleep for", after=at, seconds=PATIENCE_S)
        boots = len(pico.boots)
        before = pico.traffic()
        pico.wait_for("asleep for", after=at, seconds=PATIENCE_S)
        after = pico.traffic()
        awake = [int(ms) for ms in re.findall(r"awake for (\d+) ms", pico.output)][-1]
        assert after["radio"] - before["radio"] < awake + 50, "asleep, its Wi-Fi chip has no power"
        assert len(pico.boots) == boots, "the watchdog, which waits for 8 s, does not end a sleep of 10 s"
        counted = {name: after[name] - before[name] for name in after}
        assert awake < RADIO_MS + JOIN_MS + 100
        assert counted["connections"] == 1
        # A handshake, the packets and their acknowledgement, an end; one more where the broker answers in two parts.
        assert counted["segmentsOut"] <= 6
        assert counted["payloadOut"] <= 220
        sent = [each for each in pico.traffic_log() if each["what"] == "mqtt" and each["direction"] == "out"]
        assert [each["type"] for each in sent][-6:] == ["CONNECT", "SUBSCRIBE", *["PUBLISH"] * 3, "DISCONNECT"]
        assert "21.5" in [each.get("payload") for each in sent]
