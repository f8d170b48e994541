"""Where a board keeps its discovery messages: files that are not written anew without need."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from small_board import FIRMWARE, MICROPYTHON

pytestmark = pytest.mark.skipif(bool(MICROPYTHON.missing), reason=MICROPYTHON.missing or "")

PROGRAM = """
from messages import Messages
messages = Messages()
ids = [{ids}]
for each in ids:
    messages[each] = b"message of " + each.encode()
for each in ids:
    assert messages[each] == b"message of " + each.encode(), each
"""


def start(folder: Path, *ids: str) -> dict[str, int]:
    """Store messages, as at a start; returns when each file was written last."""
    shutil.copy(FIRMWARE / "board" / "messages.py", folder)
    program = PROGRAM.format(ids=", ".join(map(repr, ids)))
    done = subprocess.run(
        [MICROPYTHON.command[0], "-c", program], cwd=folder, capture_output=True, text=True, timeout=20
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return {file.name: file.stat().st_mtime_ns for file in (folder / "said").glob("*")}


def test_where_nothing_can_be_written_they_are_stored_in_memory(tmp_path: Path) -> None:
    (tmp_path / "said").touch()  # so there cannot be such a folder
    ids = "rf433-board", "radio"
    start(tmp_path, *ids)
    (tmp_path / "said").unlink()
    assert start(tmp_path, *ids)


def test_who_is_heard_in_another_order_writes_nothing(tmp_path: Path) -> None:
    ids = ["rf433-board", "radio", "nexus-th-2", "shed/door", "prologue-1"]
    assert start(tmp_path, *ids) == start(tmp_path, *reversed(ids))


def test_each_has_its_own_and_the_files_are_not_more_and_more(tmp_path: Path) -> None:
    for year in range(5):
        written = start(tmp_path, *(f"sensor-{year}-{i}" for i in range(30)))
    assert 30 <= len(written) < 64 + 30
