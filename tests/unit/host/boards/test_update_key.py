"""The key that signs updates is flashed beside the versions, and is in neither."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from board_files import port_map
from msgflo_host.boards.build import build
from msgflo_host.boards.flashing.flash import changes
from msgflo_host.boards.flashing.repl_scripts import State
from msgflo_host.boards.flashing.serial_board import digest
from msgflo_host.boards.flashing.up_to_date import micropython_of, remember

KEY = "5e" * 32


def test_the_key_is_flashed_beside_the_versions_and_in_neither(tmp_path: Path) -> None:
    image = build(port_map(tmp_path), KEY)
    assert image.placed()["/key"] == KEY.encode()
    assert not [
        path for path, content in image.files.items() if KEY.encode() in content or bytes.fromhex(KEY) in content
    ]
    assert KEY not in json.dumps(dict(image.config))
    assert KEY not in repr(image)
    image.write(tmp_path / "out")
    assert (tmp_path / "out" / "key").stat().st_mode & 0o077 == 0, "for its owner only"


def test_another_key_is_flashed_though_the_version_is_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    wanted = port_map(tmp_path)
    image, other = build(wanted, KEY), build(wanted, "ab" * 32)
    assert image.version == other.version
    there = {path: digest(content) for path, content in image.placed().items()}
    board = State("esp32", "v1.29.0", (1, 29, 0), 6, "", "", "a", 1_000_000, '"""Starts a board', there)
    assert changes(other, board).write == {"/key": b"ab" * 32}
    remember(image, "v1.29.0 on 2026-08-29")
    assert micropython_of(image) == "v1.29.0 on 2026-08-29"
    assert micropython_of(other) is None, "whether it has the new key is to be seen on the board"
