"""Starts that fail: safe mode, and the way out of it; the real main.py under MicroPython."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from brokers import Broker, free_port
from listening import Ear
from small_board import FIRMWARE, MICROPYTHON, SmallBoard, config, firmware

pytestmark = pytest.mark.skipif(bool(MICROPYTHON.missing), reason=MICROPYTHON.missing or "")

# A device whose driver brings the whole chip down, as a watchdog or a short circuit would.
FATAL = "import machine\n\n\ndef create(*arguments):\n    machine.reset()\n"
DEVICE = {"module": "fatal", "role": "fatal", "options": {}}
# A device that takes all the memory there is, once all have been made.
FULL = """
import asyncio
import gc
from msgflo import Participant


async def hoard(participant):
    spare = bytearray(512)
    for size in (256, 64):
        try:
            while True:
                participant.hoard = (participant.hoard, bytearray(size))
        except MemoryError:
            pass
    spare = None
    gc.collect()


def create(role, topics, options, hardware):
    participant = Participant(role)
    participant.hoard = None
    participant.task = asyncio.create_task(hoard(participant))
    return participant
"""
CROWDED = "starts slot.json said/"  # what a board writes at its starts, where a full flash has no room for it
STILL = "import time\n\ndef create(*arguments):\n    print('standing still')\n    while True:\n        time.sleep(1)\n"


def board(folder: Path, url: str, minute: float = 60, **changes: Any) -> SmallBoard:
    """A board whose minute, in which it has to be at the broker, has so many seconds."""
    small = SmallBoard(folder)
    starts = (FIRMWARE / "board" / "starts.py").read_text().replace("TRIAL = 60", f"TRIAL = {minute}")
    patches = {"devices/fatal.py": FATAL, "devices/full.py": FULL, "board/starts.py": starts}
    small.install(firmware(config(url, **changes), patches=patches))
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


def test_a_driver_that_never_comes_back_ends_in_safe_mode_too(broker: Broker, tmp_path: Path) -> None:
    small = SmallBoard(tmp_path)
    devices = [{"module": "still", "role": "still", "options": {}}]
    small.install(firmware(config(broker.url, watchdog=True, devices=devices), patches={"devices/still.py": STILL}))
    ear = Ear(broker)
    with small:
        small.wait_for("safe mode: without devices", 60)
        assert ear.wait_for("shed-board/mode") == "safe"
        assert (small.starts, small.bites) == (6, 5)
        assert ear.wait_for("shed-board/reset") == "wdt"
    ear.stop()


SLOW = """
from msgflo import Participant

def create(role, topics, options, hardware):
    print("made", role)
    return Participant(role)
"""


def test_a_supply_that_breaks_down_at_each_start_ends_in_safe_mode(tmp_path: Path) -> None:
    small = board(tmp_path, f"mqtt://127.0.0.1:{free_port()}")
    for number in range(1, 7):
        assert "safe mode" not in small.output
        small.power_on()  # what a chip says of a brown-out, too
        until_starts(small, number)
        small.cut_power()
    assert "safe mode" in small.output


def test_the_power_switched_off_and_on_after_a_minute_begins_to_count_anew(tmp_path: Path) -> None:
    small = board(tmp_path, f"mqtt://127.0.0.1:{free_port()}", minute=0.3)
    for number in range(1, 8):
        small.power_on()
        until_lived(small, number)
        small.cut_power()
    assert "safe mode" not in small.output


def test_a_board_without_memory_for_a_connection_starts_again_and_ends_in_safe_mode(
    broker: Broker, tmp_path: Path
) -> None:
    devices = [{"module": "full", "role": "full", "options": {}}]
    ear = Ear(broker)
    with board(tmp_path, broker.url, minute=0.4, devices=devices) as small:
        small.wait_for("safe mode")
        assert small.starts == 6
        assert ear.wait_for("shed-board/mode") == "safe"
    ear.stop()


def test_a_broker_that_is_reached_ends_the_counting(broker: Broker, tmp_path: Path) -> None:
    small = board(tmp_path, broker.url)
    (small.flash / "starts").write_text("4")
    small.power_on(cause=3)
    small.wait_for("here is shed-board")
    small.cut_power()
    assert json.loads((small.flash / "starts").read_text()) == 0


# The ten minutes of safe mode are over whenever the log's level is set to debug.
LOOK = """
async def _look():
    while log.level < 2:
        await asyncio.sleep_ms(10)
    log.level = 1
    print("ten minutes later")
"""


def test_safe_mode_ends_after_ten_minutes_in_which_nobody_has_come_with_an_update(
    broker: Broker, tmp_path: Path
) -> None:
    main = (FIRMWARE / "board" / "__init__.py").read_text().replace("asyncio.sleep(_SAFE)", "_look()")
    small = SmallBoard(tmp_path)
    small.install(firmware(config(broker.url), patches={"board/__init__.py": main + LOOK}))
    (small.flash / "starts").write_text("5")
    ear = Ear(broker)
    with small:
        assert ear.wait_for("shed-board/mode") == "safe"
        small.wait_for("here is shed-board")
        for count in (1, 2):
            ear.say("shed-board/update", "status")
            ear.wait_for("shed-board/update-status")
            ear.say("shed-board/log-level", "debug")
            small.wait_for("ten minutes later\n" * count)
        ear.say("shed-board/log-level", "debug")
        small.wait_for("safe mode is over")
        assert ear.wait_for("shed-board/mode", lambda mode: mode != "safe") == "normal"
        assert small.output.count("ten minutes later") == 3
        assert small.starts == 2
    ear.stop()


def test_a_full_flash_does_not_keep_a_board_from_starting(broker: Broker, tmp_path: Path) -> None:
    small = board(tmp_path, broker.url, log={"level": "info", "topic": True})
    small.environment["FULL"] = CROWDED
    (small.flash / "starts").write_text("2")
    ear = Ear(broker)
    with small:
        assert ear.wait_for("fbp/participant/shed-board")["payload"]["role"] == "shed-board"
        assert ear.wait_for("shed-board/mode") == "normal"
        ear.wait_for("shed-board/log", lambda text: text == "cannot write starts (28): is the flash full?")
        assert "board: cannot write starts" in small.output
        assert small.starts == 1
        ear.say("shed-board/restart", True)
        until_starts(small, 2)
        assert (small.flash / "starts").read_text() == "2"
    ear.stop()


def until_starts(small: SmallBoard, count: int) -> None:
    deadline = time.monotonic() + 40
    while small.output.count("board: shed 1111") < count:
        assert time.monotonic() < deadline, small.output
        time.sleep(0.02)


def until_lived(small: SmallBoard, count: int) -> None:
    """Wait until the board has noted in so many starts that its minute is over."""
    until_starts(small, count)
    deadline = time.monotonic() + 40
    while int((small.flash / "starts").read_text()) >= 0:
        assert time.monotonic() < deadline, small.output
        time.sleep(0.02)
