"""Starts that fail: safe mode, and the way out of it; the real main.py under MicroPython."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from brokers import Broker, free_port
from listening import Ear
from small_board import MICROPYTHON, SmallBoard, config, firmware

pytestmark = pytest.mark.skipif(bool(MICROPYTHON.missing), reason=MICROPYTHON.missing or "")

# A device whose driver brings the whole chip down, as a watchdog or a short circuit would.
FATAL = "import machine\n\n\ndef create(*arguments):\n    machine.reset()\n"
DEVICE = {"module": "fatal", "role": "fatal", "options": {}}


def board(folder: Path, url: str, **changes: Any) -> SmallBoard:
    small = SmallBoard(folder)
    small.install(firmware(config(url, **changes), patches={"devices/fatal.py": FATAL}))
    return small


def test_after_five_starts_that_failed_it_runs_without_devices(broker: Broker, tmp_path: Path) -> None:
    ear = Ear(broker)
    with board(tmp_path, broker.url, devices=[DEVICE]) as small:
        assert ear.wait_for("shed-board/mode") == "safe"
        assert small.starts == 6
        assert "safe mode: without devices" in small.output
        assert ear.wait_for("shed-board/version") == "1" * 12
        ear.say("shed-board/restart", True)
        small.wait_for("starting anew")
        until_starts(small, 12)  # it tries its devices again, five times
        assert json.loads((small.flash / "starts").read_text()) <= 6
    ear.stop()


def test_the_power_switched_off_and_on_begins_to_count_anew(tmp_path: Path) -> None:
    small = board(tmp_path, f"mqtt://127.0.0.1:{free_port()}")
    for number in range(1, 8):
        small.power_on()
        until_starts(small, number)
        small.cut_power()
    assert "safe mode" not in small.output


def test_a_broker_that_is_reached_ends_the_counting(broker: Broker, tmp_path: Path) -> None:
    small = board(tmp_path, broker.url)
    (small.flash / "starts").write_text("4")
    small._cause = 3
    ear = Ear(broker)
    with small:
        ear.wait_for("shed-board/mode")
        small.wait_for("here is shed-board")
        assert json.loads((small.flash / "starts").read_text()) == 0
    ear.stop()


@pytest.mark.parametrize("content", ["[1]", "", "5", '{"slot": "a"', "null"])
def test_a_damaged_note_of_the_slot_is_as_none(broker: Broker, tmp_path: Path, content: str) -> None:
    small = board(tmp_path, broker.url)
    (small.flash / "slot.json").write_text(content)
    ear = Ear(broker)
    with small:
        assert ear.wait_for("shed-board/mode") == "normal"
    ear.stop()


def until_starts(small: SmallBoard, count: int) -> None:
    deadline = time.monotonic() + 20
    while small.output.count("board: shed 1111") < count:
        assert time.monotonic() < deadline, small.output
        time.sleep(0.02)
