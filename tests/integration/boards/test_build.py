"""Boards are compiled by mpy-cross, to the same bytes each time, and are small."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from board_files import port_map, shipped
from msgflo_host.boards.board_folder import load
from msgflo_host.boards.build import build
from msgflo_host.boards.bytecode import compile_modules
from msgflo_host.boards.memory import warnings
from msgflo_host.boards.update_keys import board_key
from msgflo_host.cli.main import cli
from msgflo_host.errors import FlashError

KEY = "0" * 64


def test_same_sources_give_same_bytes(tmp_path: Path) -> None:
    wanted = port_map(tmp_path, "air: {kind: dht22, pin: 4}")
    assert build(wanted, KEY).placed() == build(wanted, KEY).placed()


@pytest.mark.parametrize("name", ["esp32", "picow", "rf433", "battery"])
def test_shipped_board_is_small_and_leaves_memory_for_an_update(name: str, tmp_path: Path) -> None:
    board = load(shipped(tmp_path) / f"{name}.yaml")
    image = build(board, KEY)
    assert image.bytecode < 60 * 1024
    assert all(path.endswith((".mpy", ".json", ".der")) for path in image.files)
    assert warnings(board, image.bytecode) == list(board.warnings)


def test_build_shows_sizes_and_writes_the_files(tmp_path: Path) -> None:
    board = shipped(tmp_path) / "esp32.yaml"
    done = CliRunner().invoke(cli, ["board", "build", str(board), "--output", str(tmp_path / "out")])
    assert done.exit_code == 0, done.output
    assert "/a/board.json" in done.stdout
    assert "bytecode" in done.stdout
    image = build(load(board), board_key(tmp_path, "esp32"))
    written = {
        "/" + str(file.relative_to(tmp_path / "out")): file.read_bytes()
        for file in (tmp_path / "out").rglob("*")
        if file.is_file()
    }
    assert written == image.placed()


def test_source_that_does_not_compile_is_logged(tmp_path: Path) -> None:
    (tmp_path / "wrong.py").write_text("def f(:\n")
    with pytest.raises(FlashError, match=r"wrong\.py cannot be compiled: SyntaxError"):
        compile_modules({"wrong.py": tmp_path / "wrong.py"}, "esp32")
