"""`make flash` is `msgflo board flash`; what is wrong with the command line ends in one line."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from board_files import port_map, shipped
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


def flash(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "msgflo_host", "board", "flash", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=50)


def test_make_flash_hands_its_variables_on(programs: Path) -> None:
    done = make(f"BIN={programs}", "BOARD=kitchen", "PORT=/dev/ttyUSB1", "FIRMWARE=my file.bin", "ARGS=--patience 9")
    wanted = [
        "board", "flash", "--port", "/dev/ttyUSB1", "--firmware", "my file.bin", "--patience", "9", "--", "kitchen",
    ]  # fmt: skip
    assert done.stdout.splitlines() == wanted, done.stderr
    assert make(f"BIN={programs}", "BOARD=kitchen").stdout.splitlines() == ["board", "flash", "--", "kitchen"]


@pytest.mark.parametrize(
    "text", ["a'b", 'a"b', "a b;echo c", "$(touch no)", "`touch no`", "$(shell touch no)", "$$", "#a"]
)
def test_make_flash_takes_any_text(text: str, programs: Path) -> None:
    done = make(f"BIN={programs}", f"BOARD={text}", f"PORT={text}", f"FIRMWARE={text}")
    assert done.stdout.splitlines() == ["board", "flash", "--port", text, "--firmware", text, "--", text], done.stderr
    assert not (ROOT / "no").exists()


def test_make_flash_without_a_board_says_what_is_missing() -> None:
    done = make()
    assert done.returncode == 2
    assert "which board? make flash BOARD=NAME, for boards/NAME.yaml" in done.stderr


def test_wrong_port_map_is_said_before_anything_else(tmp_path: Path) -> None:
    (tmp_path / "kitchen.yaml").write_text("chip: esp33\n")
    done = flash(tmp_path / "kitchen.yaml", "--port", "/dev/ttyUSB77")
    assert done.returncode == 1
    assert f'{tmp_path / "kitchen.yaml"}:1:7: chip is "esp33"' in done.stderr
    assert "ttyUSB77" not in done.stderr


def test_port_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    done = flash(shipped(tmp_path) / "esp32.yaml", "--port", "/dev/ttyUSB77")
    assert done.returncode == 1
    assert done.stderr == "msgflo: there is no port /dev/ttyUSB77\n"
    assert "still as in the example: wifi_ssid" in done.stdout, "what check doubts is said before a minute is lost"


@pytest.mark.parametrize("port", [(), ("--port", "/dev/ttyUSB77")])
def test_firmware_that_is_not_there_is_said_before_a_board_is_looked_for(port: tuple[str, ...], tmp_path: Path) -> None:
    done = flash(shipped(tmp_path) / "esp32.yaml", "--firmware", "/nonexistent", *port)
    assert done.returncode == 1
    assert done.stderr == "msgflo: firmware /nonexistent: No such file or directory\n"


@pytest.mark.parametrize("command", ["flash", "build", "log"])
def test_unknown_board_is_said(command: str, tmp_path: Path) -> None:
    port_map(tmp_path)
    run = [sys.executable, "-m", "msgflo_host", "board", command, "kitchin"]
    done = subprocess.run(run, capture_output=True, text=True, timeout=30, cwd=_with_boards(tmp_path))
    assert done.returncode == 1
    assert done.stderr == "msgflo: there is no board 'kitchin' in boards; did you mean 'kitchen'?\n"


def _with_boards(folder: Path) -> Path:
    (folder / "boards").mkdir()
    (folder / "kitchen.yaml").rename(folder / "boards" / "kitchen.yaml")
    return folder
