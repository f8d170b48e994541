"""A Pico in BOOTSEL mode is a drive; a firmware file that fits is copied onto it."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace

import pytest

import firmware_files as made
from board_files import Screen, port_map
from firmware_files import BANNER, RP2040, RP2350
from msgflo_host.boards.chips import CHIPS
from msgflo_host.boards.flashing import firmware_file, micropython, serial_board, uf2
from msgflo_host.boards.flashing.firmware_file import Firmware
from msgflo_host.errors import FlashError

INFO = "UF2 Bootloader v3.0\nModel: Raspberry Pi RP2\nBoard-ID: RPI-RP2\n"


@pytest.fixture
def drive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "RPI-RP2"
    folder.mkdir()
    (folder / "INFO_UF2.TXT").write_text(INFO)
    monkeypatch.setenv("MSGFLO_UF2_DRIVE", str(folder))
    return folder


def firmware(folder: Path, family: int = RP2040, before: int = 0) -> Path:
    """A .uf2 file with MicroPython, which says so after so many bytes."""
    file = folder / "firmware.uf2"
    file.write_bytes(made.uf2(bytes(before) + f"MicroPython {BANNER}\0".encode(), family))
    return file


def test_firmware_is_copied_onto_the_drive(drive: Path, tmp_path: Path) -> None:
    read = firmware_file.read(firmware(tmp_path, before=256_000), CHIPS["picow"])
    steps: list[tuple[int, int]] = []
    uf2.write(drive, CHIPS["picow"], read, lambda *step: steps.append(step))
    assert (drive / "firmware.uf2").read_bytes() == read.content
    assert steps[-1] == (len(read.content), len(read.content))


def test_drive_of_another_chip_is_logged(drive: Path, tmp_path: Path) -> None:
    read = firmware_file.read(firmware(tmp_path, RP2350), CHIPS["pico2w"])
    with pytest.raises(FlashError, match="is RPI-RP2, the port map is for an RP2350"):
        uf2.write(drive, CHIPS["pico2w"], read, lambda done, whole: None)


def test_drive_that_went_away_is_logged(drive: Path, tmp_path: Path) -> None:
    read = firmware_file.read(firmware(tmp_path), CHIPS["picow"])
    (drive / "INFO_UF2.TXT").unlink()
    with pytest.raises(
        FlashError, match="No such file or directory; hold its BOOTSEL button while plugging it in, and run"
    ):
        uf2.write(drive, CHIPS["picow"], read, lambda done, whole: None)


def test_version_in_a_file_is_found_across_its_blocks(tmp_path: Path) -> None:
    file = firmware(tmp_path, before=235)
    read = firmware_file.read(file, CHIPS["picow"])
    assert read.holds(BANNER)
    assert not read.holds("v1.28.0 on 2026-04-06")


def test_board_in_bootsel_mode_gets_micropython_and_then_has_a_port(
    drive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    board = port_map(tmp_path, chip="picow")
    info = SimpleNamespace(device="/dev/null", vid=0x2E8A, pid=5, product=None)
    # The board's port is there once the drive has the file.
    monkeypatch.setattr("serial.tools.list_ports.comports", lambda: [info] if (drive / "firmware.uf2").exists() else [])
    passed = 0.0

    def sleep(seconds: float) -> None:
        nonlocal passed
        passed += seconds

    monkeypatch.setattr(micropython, "time", SimpleNamespace(monotonic=lambda: passed, sleep=sleep))
    screen = Screen()
    target = micropython.Target(board.chip, None, firmware(tmp_path))
    assert micropython.find(target, screen) is None
    # Nothing answers at /dev/null.
    with (
        pytest.raises(FlashError, match=r"^/dev/null.*, after MicroPython was written; press the board's reset button"),
        micropython.with_micropython(target, screen),
    ):
        pass
    assert Firmware(tmp_path, (drive / "firmware.uf2").read_bytes()).holds(BANNER)


def test_board_without_micropython_and_without_a_drive_is_explained(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("MSGFLO_UF2_DRIVE", str(tmp_path / "none"))
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(serial_board, "_ANSWER_S", 0.1)
    master, slave = os.openpty()  # nobody answers at its other end
    try:
        target = micropython.Target(CHIPS["picow"], os.ttyname(slave), firmware(tmp_path))
        with pytest.raises(FlashError) as error, micropython.with_micropython(target, Screen()):
            pass
    finally:
        os.close(master)
        os.close(slave)
    assert str(error.value) == (
        "no MicroPython answers, and there is no drive of a Pico: hold its BOOTSEL button while plugging it in, mount the drive "
        "if nobody does, and run this again"
    )
