"""`make flash` is `msgflo board flash`; its variables reach the command as they are."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from paths import ROOT


def make(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `make flash` without `make setup`."""
    command = ["make", "--no-print-directory", "-o", "setup", "-C", str(ROOT), "flash", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=50)


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """A folder with a `msgflo` that prints its arguments, a line each."""
    (tmp_path / "msgflo").write_text("#!/bin/sh\nprintf '%s\\n' \"$@\"\n")
    (tmp_path / "msgflo").chmod(0o755)
    return tmp_path


def test_make_flash_hands_its_variables_on(programs: Path) -> None:
    done = make(f"BIN={programs}", "BOARD=kitchen", "PORT=/dev/ttyUSB1", "FIRMWARE=my file.bin", "ARGS=--patience 9")
    wanted = [
        "board", "flash", "--port", "/dev/ttyUSB1", "--firmware", "my file.bin", "--patience", "9", "--", "kitchen",
    ]  # fmt: skip
    assert done.stdout.splitlines() == wanted, done.stderr
    assert make(f"BIN={programs}", "BOARD=kitchen").stdout.splitlines() == ["board", "flash", "--", "kitchen"]


@pytest.mark.parametrize("text", ["a'b\"c", "a b;echo c #a", "$(touch no)", "`touch no`", "$(shell touch no)"])
def test_make_flash_takes_any_text(text: str, programs: Path) -> None:
    done = make(f"BIN={programs}", f"BOARD={text}", f"PORT={text}", f"FIRMWARE={text}")
    assert done.stdout.splitlines() == ["board", "flash", "--port", text, "--firmware", text, "--", text], done.stderr
    assert not (ROOT / "no").exists()


def test_make_flash_without_a_board_says_what_is_missing() -> None:
    done = make()
    assert done.returncode == 2
    assert "which board? make flash BOARD=NAME, for boards/NAME.yaml" in done.stderr
