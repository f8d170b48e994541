"""The boards that are shipped, on this machine: their firmware with 100 KB of memory, at a real Mosquitto, all at once.

The MicroPython is one whose objects have 32 bits, as those of a board have. Where that cannot be built, it is another one
with twice as much memory; then this does not show that 100 KB suffice, and the test that says so is skipped.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import certificates
from brokers import Broker
from emulation.build import CannotBuildError, interpreter
from listening import Ear
from msgflo import Broker as Address
from msgflo_host.boards.board_folder import find
from msgflo_host.boards.virtual.program import find_micropython
from msgflo_host.boards.virtual.thread import BoardThread
from msgflo_host.boards.virtual.virtual_board import load_virtual, write_flash
from msgflo_host.errors import MsgfloError
from paths import ROOT

BOARDS = ROOT / "boards"
pytestmark = pytest.mark.timeout(300)  # the first time, MicroPython is built
NAMES = sorted(path.stem for path in BOARDS.glob("*.yaml") if not path.stem.startswith("secrets"))
PATIENCE_S = 30.0
# A Nexus sensor: id 90, battery ok, channel 2, 21.4 °C, 57 %; formats: tests/support/rtl433.py.
NEXUS = "01011010" + "10" + "01" + format(214, "012b") + "1111" + format(57, "08b")
FRAME = [each for bit in NEXUS for each in (500, 2000 if bit == "1" else 1000)] + [500, 4000]


class System:
    """A broker with all boards on it; `why_not` says why its MicroPython is not like that of a board, if so."""

    def __init__(self, folder: Path, options: dict[str, Any], why_not: str | None) -> None:
        self.folder = folder
        self.options = options
        self.why_not = why_not
        self.boards: dict[str, BoardThread] = {}
        self.broker = Broker()

    def __enter__(self) -> System:
        self.broker.start()
        self.ear = Ear(self.broker)
        for name in NAMES:
            flash = self.folder / name
            flash.mkdir()
            relay = write_flash(
                load_virtual(find(name, self.folder / "boards")), flash, broker=Address("127.0.0.1", self.broker.port)
            )
            self.boards[name] = BoardThread(flash, relay=relay, **self.options).__enter__()
        return self

    def __exit__(self, *exc: object) -> None:
        for board in self.boards.values():
            board.__exit__()
        self.ear.stop()
        self.broker.__exit__()


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    why_not = None
    try:
        options: dict[str, Any] = {"micropython": str(interpreter()), "heap": "100K"}
    except CannotBuildError as error:
        why_not = str(error)
        try:
            options = {"micropython": find_micropython()}
        except MsgfloError as missing:
            pytest.skip(str(missing))
    folder = tmp_path_factory.mktemp("system")
    shutil.copytree(BOARDS, folder / "boards", ignore=shutil.ignore_patterns("keys", "secrets.yaml", "first"))
    with System(folder, options, why_not) as running:
        yield running


@pytest.fixture(autouse=True)
def _what_the_boards_said(system: System, request: pytest.FixtureRequest) -> Iterator[None]:
    """Shown with a test that fails."""
    yield
    for name, board in system.boards.items():
        print(f"--- {name}\n" + "\n".join(board.lines[-30:]))


@pytest.mark.parametrize("name", NAMES)
def test_announces_itself_and_all_that_is_wired_to_it(system: System, name: str) -> None:
    config = system.boards[name].board.config
    for role in (f"{name}-board", *(device["role"] for device in config["devices"])):
        found = system.ear.wait_for(f"fbp/participant/{role}")
        assert found["payload"]["connection"] == name
    system.ear.wait_for(f"fbp/connection/{name}", lambda status: status == "online")
    assert system.ear.wait_for(f"{name}-board/version") == config["version"]
    assert system.ear.wait_for(f"{name}-board/memory") > 4000
    errors = [line for line in system.boards[name].lines if "Error" in line or "Traceback" in line]
    assert not errors


# --- esp32 ---


def test_a_room_is_measured(system: System) -> None:
    board, ear = system.boards["esp32"], system.ear
    ear.wait_for("room-climate/temperature")
    since = len(ear.heard)
    board.control({"device": "room-climate", "temperature": 27.0, "humidity": 33.0})
    ear.say("room-climate/read", True)
    assert ear.wait_for("room-climate/temperature", since=since) == 26.5  # with the offset of the port map
    assert ear.wait_for("room-climate/humidity", since=since) == 33
    board.control({"device": "room-light", "light": 20})
    ear.say("room-light/read", True)
    assert ear.wait_for("home/room/light", lambda value: value < 25) == pytest.approx(20, abs=1)
    board.control({"device": "room-sound", "level": -10})
    assert -20 < ear.wait_for("room-sound/loud") < -8  # half of the time that it measured may have been silent
    assert ear.wait_for("room-sound/level", lambda value: value > -12) == pytest.approx(-10, abs=2)
    board.control({"device": "room-sound", "level": -60})


def test_a_sensor_that_is_gone_is_an_error_and_no_data(system: System) -> None:
    board, ear = system.boards["esp32"], system.ear
    ear.wait_for("room-climate/temperature")
    since = len(ear.heard)
    for fault, text in (("absent", "no answer"), ("damaged", "checksum")):  # between two readings it rests for 2 s
        board.control({"device": "room-climate", "fault": fault})
        ear.say("room-climate/read", True)
        ear.wait_for("room-climate/error", lambda said, text=text: text in said["message"], since=since)
        if fault == "absent":
            since = len(ear.heard)  # by now what had been read before has come, too
    assert not [topic for topic, _ in ear.heard[since:] if topic == "room-climate/temperature"]
    board.control({"device": "room-climate", "fault": "none"})


# --- picow ---


def test_a_button_is_pressed(system: System) -> None:
    board, ear = system.boards["picow"], system.ear
    ear.wait_for("remote-button/pressed", lambda value: value is False)
    since = len(ear.heard)
    board.control({"device": "remote-button", "press": 0.15})
    assert ear.wait_for("remote-button/press", since=since) is True
    ear.wait_for("remote-button/pressed", lambda value: value is False, since=since)
    pressed = [value for topic, value in ear.heard[since:] if topic == "remote-button/pressed"]
    assert pressed == [True, False], "its bounces are no presses"
    board.control({"device": "remote-button", "press": 1.0})
    assert ear.wait_for("remote-button/long", since=since) is True


def test_a_knob_is_turned(system: System) -> None:
    board, ear = system.boards["picow"], system.ear
    board.control({"device": "remote-dial", "position": 1.0})
    assert ear.wait_for("remote-dial/value", lambda value: value == 255)
    since = len(ear.heard)
    board.control(
        {"device": "remote-dial", "position": 0.5}
    )  # perhaps in the midst of a reading, which then is in between
    ear.wait_for("remote-dial/value", lambda value: abs(value - 127) <= 3, since=since)


def test_pixels_show_a_color(system: System) -> None:
    board, ear = system.boards["picow"], system.ear
    ear.wait_for("remote-color/state")
    ear.say("remote-color/color", "#ff8000")
    expected = [0.3 * each for each in (0xFF, 0x80, 0)]  # as bright as the port map says

    def shine() -> bool:
        colors = board.control({"device": "remote-color"})["values"]["colors"]
        parts = [bytes.fromhex(color[1:]) for color in colors]
        return len(parts) == 8 and all(list(each) == pytest.approx(expected, abs=1) for each in parts)

    board.wait_for(shine, seconds=PATIENCE_S, what="orange")
    events = [event for event in board.events if event["event"] == "device" and event["device"] == "remote-color"]
    assert len(events) > 5, "it fades"


# --- rf433 ---


def test_a_sensor_on_433_mhz_becomes_a_participant(system: System) -> None:
    board, ear = system.boards["rf433"], system.ear
    ear.wait_for("fbp/participant/radio")
    ear.wait_for("fbp/connection/rf433", lambda status: status == "online")
    board.control({"device": "radio", "pulses": FRAME * 8})
    found = ear.wait_for("fbp/participant/nexus-th-2")
    assert {port["id"] for port in found["payload"]["outports"]} >= {"temperature", "humidity"}
    assert ear.wait_for("nexus-th-2/temperature") == 21.4
    assert ear.wait_for("nexus-th-2/humidity") == 57


def test_a_code_is_transmitted(system: System) -> None:
    board, ear = system.boards["rf433"], system.ear
    ear.wait_for("fbp/connection/rf433", lambda status: status == "online")
    ear.say("radio/send", {"protocol": "ev1527", "code": 123456})
    sent = lambda: board.control({"device": "radio"})["values"]  # noqa: E731
    board.wait_for(lambda: sent()["count"], seconds=PATIENCE_S)
    values = sent()
    assert values["repeat"] >= 4
    assert len(values["sent"]) == 50  # 24 bits and the sync, a pulse and a gap each


# --- battery ---


def test_a_sleeper_says_so_and_wakes_to_measure(system: System) -> None:
    board, ear = system.boards["battery"], system.ear
    ear.wait_for("fbp/connection/battery", lambda status: status == "asleep")
    board.wait_for(lambda: board.control({"get": True})["state"] == "asleep", seconds=PATIENCE_S)
    since = len(ear.heard)
    board.control({"device": "garden-climate", "temperature": -3.25})
    board.control({"device": "garden-battery", "volts": 3.6})
    assert board.control({"wake": True})["wake"]
    assert ear.wait_for("garden-climate/temperature", since=since) == pytest.approx(-3.25, abs=0.01)
    assert ear.wait_for("garden-battery/volts", since=since) == pytest.approx(3.6, abs=0.05)
    board.wait_for(lambda: board.control({"get": True})["state"] == "asleep", seconds=PATIENCE_S)


# --- Trouble ---


def test_comes_back_when_the_wifi_does(system: System) -> None:
    board, ear = system.boards["picow"], system.ear
    board.control({"device": "remote-dial", "position": 1.0})
    ear.wait_for("remote-dial/value", lambda value: value == 255)
    board.control({"wifi": False})
    board.wait_for_line("lost", seconds=PATIENCE_S)
    since = len(ear.heard)
    board.control({"wifi": True})
    board.control({"device": "remote-dial", "position": 0.0})
    assert ear.wait_for("remote-dial/value", lambda value: value == 0, since=since) == 0


@pytest.mark.parametrize(
    ("which", "host"), [("right", "localhost"), ("right", "127.0.0.1"), ("wrong-name", "localhost")]
)
def test_reaches_a_broker_whose_certificate_is_right_and_no_other(
    system: System, tmp_path: Path, which: str, host: str
) -> None:
    with Broker(tls=certificates.server(which)) as secure:
        address = Address(host, secure.port, tls=True, cafile=str(certificates.authority()))
        relay = write_flash(load_virtual(find("picow", system.folder / "boards")), tmp_path / "flash", broker=address)
        assert relay is None
        with BoardThread(tmp_path / "flash", **system.options) as board:
            if which == "right":
                board.wait_for_line(f"connected to mqtts://{host}:{secure.port}", seconds=PATIENCE_S)
            else:
                board.wait_for_line("certificate", seconds=PATIENCE_S)
                assert "connected to" not in board.output
