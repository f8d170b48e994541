"""Files that nobody else on this machine can read."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from msgflo_host.util.private_files import others_read


@pytest.mark.parametrize(
    ("mode", "can"), [(0o600, False), (0o700, False), (0o611, False), (0o640, True), (0o604, True), (0o666, True)]
)
def test_others_read_what_its_mode_lets_them(tmp_path: Path, mode: int, can: bool) -> None:
    file = tmp_path / "secrets.yaml"
    file.touch()
    file.chmod(mode)
    assert others_read(file) is can


def test_where_modes_say_nothing_nobody_is_warned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "secrets.yaml"
    file.touch(0o666)
    monkeypatch.setattr(sys, "platform", "win32")
    assert not others_read(file)
