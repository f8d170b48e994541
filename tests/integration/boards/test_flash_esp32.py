"""MicroPython is written onto an ESP32 by esptool; the other end is a boot loader that keeps what it is sent."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import Mock

import esptool
import pytest
from serial.urlhandler import protocol_socket

import firmware_files as made
from board_files import Screen, port_map
from firmware_files import OFFSETS
from msgflo_host.boards.build import build
from msgflo_host.boards.chips import CHIPS
from msgflo_host.boards.flashing import esp32, firmware_file, micropython, serial_board
from msgflo_host.boards.flashing.flash import flash
from msgflo_host.boards.flashing.micropython import Target
from msgflo_host.errors import FlashError

mock_loader = pytest.importorskip("esp32_mock_bootloader")
mock_process = pytest.importorskip("esp32_mock_bootloader.process")

KEY = "0" * 64


@pytest.fixture
def board() -> Iterator[object]:
    with mock_loader.mock_bootloader("esp32") as running:
        yield running


def firmware(folder: Path, chip: str = "esp32", size: int = 100_000, seed: int = 1) -> Path:
    file = folder / f"{chip}.bin"
    file.write_bytes(made.esp(chip, size, seed))
    return file


def md5_in_flash(url: str, offset: int, size: int) -> str:
    """What the boot loader says of its flash, asked by esptool."""
    esp = esptool.cmds.detect_chip(url, connect_mode="no-reset")
    try:
        return str(esp.flash_md5sum(offset, size))
    finally:
        esp._port.close()


@pytest.fixture(autouse=True)
def no_rests(monkeypatch: pytest.MonkeyPatch) -> None:
    """pyserial rests whenever it has closed a socket, and the boot loader has a second to end by itself, which it does not."""
    monkeypatch.setattr(protocol_socket, "time", Mock(sleep=lambda seconds: None))
    monkeypatch.setattr(mock_process, "stop_subprocess", lambda process: (process.kill(), process.wait()))


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing but a boot loader will answer."""
    monkeypatch.setattr(serial_board, "_ANSWER_S", 0.05)
    monkeypatch.setattr(micropython, "_BACK_S", 0.0)
    monkeypatch.setattr(esptool.cmds, "DEFAULT_CONNECT_ATTEMPTS", 1)  # one second each, of a board that went away


def flash_it(folder: Path, url: str, file: Path, screen: Screen) -> list[str]:
    wanted = port_map(folder)
    return flash(wanted, build(wanted, KEY), Target(wanted.chip, url, file), screen)


@pytest.mark.usefixtures("impatient")
def test_flash_writes_the_image(board, tmp_path: Path) -> None:
    file = firmware(tmp_path)
    steps: list[tuple[int, int]] = []
    with pytest.raises(
        FlashError, match="no MicroPython answers, after MicroPython was written; press the board's reset"
    ):
        flash_it(tmp_path, board.url(), file, Screen(lambda *step: steps.append(step)))
    content = file.read_bytes()
    assert md5_in_flash(board.url(), OFFSETS["esp32"], len(content)) == hashlib.md5(content).hexdigest()
    assert steps == sorted(steps)
    assert steps[-1][0] == steps[-1][1], "progress ends at its end"


@pytest.mark.usefixtures("impatient")
def test_board_unplugged_in_the_middle_is_logged_and_the_next_run_repairs_it(tmp_path: Path) -> None:
    file = firmware(tmp_path)
    content = file.read_bytes()
    with mock_loader.mock_bootloader("esp32") as running:
        url, port = running.url(), running.port()

        def unplug(done: int, whole: int) -> None:
            if done > whole // 2:
                running.stop()

        with pytest.raises(FlashError) as error:
            flash_it(tmp_path, url, file, Screen(unplug))
    assert str(error.value) == (
        f"{url}: the board went away while MicroPython was being written; plug it in again and run this once more: until then "
        "it does not start"
    )
    with mock_loader.mock_bootloader("esp32", port=port) as again:
        with pytest.raises(FlashError, match="after MicroPython was written"):
            flash_it(tmp_path, again.url(), file, Screen())
        assert md5_in_flash(url, OFFSETS["esp32"], len(content)) == hashlib.md5(content).hexdigest()


def test_another_chip_is_logged_and_nothing_written(tmp_path: Path) -> None:
    with mock_loader.mock_bootloader("esp32s3") as running:
        read = firmware_file.read(firmware(tmp_path), CHIPS["esp32"])
        with pytest.raises(FlashError, match="is an ESP32-S3, the port map is for an ESP32: change its `chip`, or"):
            esp32.write(running.url(), CHIPS["esp32"], read, lambda done, whole: None)
        assert md5_in_flash(running.url(), 0x1000, 4) == hashlib.md5(b"\xff" * 4).hexdigest()


def test_files_that_are_no_firmware_are_refused(tmp_path: Path) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("not a firmware")
    with pytest.raises(
        FlashError, match=r"notes\.txt is none for ESP32; that is a \.bin file: https://micropython\.org/"
    ):
        firmware_file.read(text, CHIPS["esp32"])
    with pytest.raises(FlashError, match=r"is none for Raspberry Pi Pico W; that is a \.uf2 file"):
        firmware_file.read(firmware(tmp_path), CHIPS["picow"])
    with pytest.raises(FlashError, match="is for ESP32-C3, the port map is for ESP32: https"):
        firmware_file.read(firmware(tmp_path, "esp32c3"), CHIPS["esp32"])
    with pytest.raises(FlashError, match="No such file or directory"):
        firmware_file.read(tmp_path / "gone.bin", CHIPS["esp32"])


def test_files_of_micropython_stay_and_what_is_none_is_erased(tmp_path: Path) -> None:
    read = firmware_file.read(firmware(tmp_path, size=4_000), CHIPS["esp32"])
    for begin, stays in (
        (b"\0\0\0\0\0\0\0\0littlefs", True),
        (b"\xeb\xfe\x90MSDOS5.0", True),
        (b"another program's", False),
    ):
        with mock_loader.mock_bootloader("esp32") as running:
            esp = esptool.cmds.run_stub(esptool.cmds.detect_chip(running.url(), connect_mode="no-reset"))
            esptool.cmds.write_flash(esp, [(0x200000, begin.ljust(64, b"\1"))])
            esptool.cmds.reset_chip(esp, "no-reset")
            esp._port.close()
            esp32.write(running.url(), CHIPS["esp32"], read, lambda done, whole: None)
            kept = md5_in_flash(running.url(), 0x200000, 16) == hashlib.md5(begin.ljust(64, b"\1")[:16]).hexdigest()
            assert kept == stays, begin
