"""`msgflo board flash`: what is wrong with the command line is told before a board is touched."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from board_files import port_map, shipped
from msgflo_host.cli.main import cli


def flash(*arguments: str | Path) -> Result:
    return CliRunner().invoke(cli, ["board", "flash", *map(str, arguments)])


def test_wrong_port_map_is_logged_before_anything_else(tmp_path: Path) -> None:
    (tmp_path / "kitchen.yaml").write_text("chip: esp33\n")
    done = flash(tmp_path / "kitchen.yaml", "--port", "/dev/ttyUSB77")
    assert f'{tmp_path / "kitchen.yaml"}:1:7: chip is "esp33"' in str(done.exception)
    assert "ttyUSB77" not in str(done.exception)


def test_port_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    done = flash(shipped(tmp_path) / "esp32.yaml", "--port", "/dev/ttyUSB77")
    assert str(done.exception) == "there is no port /dev/ttyUSB77"
    assert "still as in the example: wifi_ssid" in done.stdout, "what check doubts is said before a minute is lost"


@pytest.mark.parametrize("port", [(), ("--port", "/dev/ttyUSB77")])
def test_firmware_that_is_not_there_is_logged_before_a_board_is_looked_for(
    port: tuple[str, ...], tmp_path: Path
) -> None:
    done = flash(shipped(tmp_path) / "esp32.yaml", "--firmware", "/nonexistent", *port)
    assert str(done.exception) == "firmware /nonexistent: No such file or directory"


@pytest.mark.parametrize("command", ["flash", "build", "log"])
def test_unknown_board_is_logged(command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "boards").mkdir()
    port_map(tmp_path / "boards")
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(cli, ["board", command, "kitchin"])
    assert str(done.exception) == "there is no board 'kitchin' in boards; did you mean 'kitchen'?"
