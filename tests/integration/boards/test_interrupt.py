"""Ctrl-C at the serial port of a board: nothing starts it anew while somebody works there."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from small_board import FIRMWARE, MICROPYTHON

pytestmark = pytest.mark.skipif(bool(MICROPYTHON.missing), reason=MICROPYTHON.missing or "")

MACHINE = """
class WDT:
    def __init__(self, timeout=5000): pass
    def feed(self): print("fed")
class Timer:
    def __init__(self, id): pass
    def init(self, period, callback):
        print("every", period)
        callback(self)
"""


def test_ctrl_c_early_in_a_trial_is_not_ended_by_its_watchdog(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "board.py").write_text("raise KeyboardInterrupt")  # before there is anything of its own
    (tmp_path / "machine.py").write_text(MACHINE)
    (tmp_path / "slot.json").write_text(json.dumps({"slot": "b", "trial": {"left": 3, "back": "a"}}))
    shutil.copy(FIRMWARE / "main.py", tmp_path)
    done = subprocess.run([MICROPYTHON.command[0], "main.py"], cwd=tmp_path, capture_output=True, text=True, timeout=50)
    assert done.stdout.split("\n")[:3] == ["every 1000", "fed", "board: stopped by Ctrl-C; Ctrl-D starts again"]
