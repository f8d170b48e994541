"""The board as a participant: a virtual Pico W with the real firmware, at a real Mosquitto."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from board_files import port_map
from brokers import Broker
from listening import Ear
from msgflo import Broker as Address
from msgflo_host.boards.board_folder import load
from msgflo_host.boards.virtual.program import find_micropython
from msgflo_host.boards.virtual.thread import BoardThread
from msgflo_host.boards.virtual.virtual_board import write_flash
from msgflo_host.errors import MsgfloError
from paths import ROOT


@pytest.fixture(scope="module")
def ear() -> Iterator[tuple[Broker, Ear]]:
    with Broker() as broker:
        heard = Ear(broker)
        yield broker, heard
        heard.stop()


@pytest.fixture(scope="module")
def board(ear: tuple[Broker, Ear], tmp_path_factory: pytest.TempPathFactory) -> Iterator[BoardThread]:
    try:
        find_micropython()
    except MsgfloError as missing:
        pytest.skip(str(missing))
    folder = tmp_path_factory.mktemp("board")
    flash = folder / "flash"
    flash.mkdir()
    relay = write_flash(
        port_map(folder, "lamp: {kind: led, pin: 15}", chip="picow"), flash, broker=Address("127.0.0.1", ear[0].port)
    )
    (flash / "a/board/participant.mpy").unlink()
    source = (ROOT / "firmware/board/participant.py").read_text()
    assert "sleep_ms(200)" in source
    (flash / "a/board/participant.py").write_text(
        source.replace("sleep_ms(200)", "sleep_ms(50)")
    )  # from blink to blink
    with BoardThread(flash, relay=relay) as running:
        yield running


def level(board: BoardThread) -> int:
    found: int = board.control({"pin": "LED"})["level"]
    return found


def blinks(board: BoardThread, since: int) -> int:
    """How often its LED has changed."""
    return sum(event["event"] == "pin" and event["pin"] == "LED" for event in list(board.events)[since:])


def test_identify_blinks_and_leaves_the_led_as_it_was(ear: tuple[Broker, Ear], board: BoardThread) -> None:
    ear[1].wait_for("kitchen-board/mode", lambda mode: mode == "normal")
    before, since = level(board), len(board.events)
    ear[1].say("kitchen-board/identify", True)
    ear[1].say("kitchen-board/identify", True)  # while it blinks: once is enough
    board.wait_for(lambda: board.output.count("it is me") == 2 and blinks(board, since) >= 26)
    ear[1].say("kitchen-board/log-level", "loud")  # before the board has answered that, more blinks would have begun
    board.wait_for_line("'loud' is no level")
    assert (blinks(board, since), level(board)) == (26, before)


@contextmanager
def esp32(folder: Path, broker: Broker, led: str) -> Iterator[BoardThread]:
    """A virtual ESP32; `led` is a line of its port map."""
    file = folder / "shed.yaml"
    file.write_text(f"chip: esp32\nwifi: {{ssid: Home}}\nbroker: mqtt://10.0.0.1\n{led}\ndevices: {{}}\n")
    flash = folder / "flash"
    relay = write_flash(load(file), flash, broker=Address("127.0.0.1", broker.port))
    with BoardThread(flash, relay=relay) as shed:
        yield shed


def identify(ear: Ear, since: int) -> str:
    """Ask the board which one it is; returns what the port says of itself."""
    said = ear.wait_for("fbp/participant/shed-board", since=since)
    ear.wait_for("shed-board/mode", since=since)
    ear.say("shed-board/identify", True)
    (port,) = [each for each in said["payload"]["inports"] if each["id"] == "identify"]
    return str(port["description"])


def test_an_esp32_blinks_with_the_led_that_its_port_map_names(ear: tuple[Broker, Ear], tmp_path: Path) -> None:
    since = len(ear[1].heard)
    with esp32(tmp_path, ear[0], "led: {pin: 5, active: low, allow: [strapping]}") as shed:
        shed.wait_for_line("here is shed-board")
        assert shed.control({"pin": 5})["level"] == 1  # dark
        assert identify(ear[1], since) == "Anything: the board's LED blinks for 5 s"
        shed.wait_for(lambda: not shed.control({"pin": 5})["level"])
        assert "no LED" not in shed.output


def test_a_board_without_an_led_says_so(ear: tuple[Broker, Ear], tmp_path: Path) -> None:
    since = len(ear[1].heard)
    with esp32(tmp_path, ear[0], "") as shed:
        assert identify(ear[1], since) == "Anything: it says so in its log, having no LED"
        shed.wait_for_line("it is me")
        shed.wait_for_line("no LED of its own shows it; one can be named in the port map, as in  led: {pin: 2}")


def test_restart_needs_true(ear: tuple[Broker, Ear], board: BoardThread) -> None:
    ear[1].wait_for("kitchen-board/mode", lambda mode: mode == "normal")
    ear[1].say("kitchen-board/restart", "now")
    ear[1].say("kitchen-board/identify", True)
    since = len(ear[1].heard)
    ear[1].say("kitchen-board/restart", True)
    ear[1].wait_for("fbp/connection/kitchen", lambda status: status == "offline", since=since)
    ear[1].wait_for("fbp/connection/kitchen", lambda status: status == "online", since=since)
    assert sum("starting anew" in line for line in board.lines) == 1
