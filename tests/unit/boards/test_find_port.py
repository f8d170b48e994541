"""The port of a board is found by the maker of its USB side."""

from __future__ import annotations

import getpass
import grp
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from msgflo_host.boards.flashing.ports import check_access, choose, found
from msgflo_host.boards.flashing.serial_board import connected
from msgflo_host.errors import FlashError


def usb(device: str, vid: int | None, pid: int = 1, product: str | None = None) -> Any:
    return SimpleNamespace(device=device, vid=vid, pid=pid, serial_number=None, product=product)


CP210X = usb("/dev/ttyUSB0", 0x10C4, 0xEA60, "CP2102 USB to UART Bridge")
CH340 = usb("/dev/ttyUSB1", 0x1A86, 0x7523)
ESPRESSIF = usb("/dev/ttyACM1", 0x303A, 0x1001, "USB JTAG/serial debug unit")
PICO = usb("/dev/ttyACM0", 0x2E8A, 0x0005, "Board in FS mode")
PROBE = usb("/dev/ttyACM3", 0x2E8A, 0x000C, "Debug Probe")
OTHERS = [usb("/dev/ttyS0", None), usb("/dev/ttyACM9", 0x0483)]


def test_one_board_is_taken() -> None:
    assert choose("esp32", found("esp32", [*OTHERS, CP210X]), None).device == "/dev/ttyUSB0"


def test_board_of_another_kind_is_not_in_the_way() -> None:
    both = [PICO, PROBE, CH340]
    assert [port.device for port in found("esp32", both)] == ["/dev/ttyUSB1"]
    assert [port.device for port in found("rp2", both)] == ["/dev/ttyACM0"]


def test_of_several_the_user_chooses() -> None:
    boards = found("esp32", [CH340, CP210X, ESPRESSIF])
    assert choose("esp32", boards, lambda ports: ports[1]).device == "/dev/ttyUSB0"


def test_several_are_listed_where_nobody_can_be_asked() -> None:
    with pytest.raises(FlashError) as error:
        choose("esp32", found("esp32", [CP210X, CH340]), None)
    assert str(error.value) == (
        "there are 2 boards: /dev/ttyUSB0 (Silicon Labs CP210x, CP2102 USB to UART Bridge), /dev/ttyUSB1 (WCH CH340/CH910x); "
        "say which: --port /dev/ttyUSB0  (with make: PORT=/dev/ttyUSB0)"
    )


@pytest.mark.parametrize(("platform", "button"), [("esp32", "hold BOOT "), ("rp2", "hold BOOTSEL ")])
def test_none_says_what_to_try(platform: str, button: str) -> None:
    with pytest.raises(FlashError, match="no board found on USB; try: another cable") as error:
        choose(platform, found(platform, OTHERS), None)
    assert button in str(error.value)


def test_port_that_is_not_there_is_said() -> None:
    with pytest.raises(FlashError, match=r"^there is no port /dev/ttyUSB77$"):
        check_access("/dev/ttyUSB77")
    with pytest.raises(FlashError, match=r"^there is no port ttyUSB77; its whole name, as in /dev/ttyUSB0\?$"):
        check_access("ttyUSB77")
    with pytest.raises(FlashError, match=r"^there is no port tty; did you mean /dev/tty\?$"):
        check_access("tty")
    check_access("socket://127.0.0.1:1")


def test_what_is_no_serial_port_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for name in (tmp_path / "file", tmp_path, "/dev/null"):
        with pytest.raises(FlashError, match=rf"^{name} is no serial port$"):
            check_access(str(name))
    with pytest.raises(FlashError, match=r"^/dev/null is no serial port$"), connected("/dev/null"):
        pass


def test_group_dialout_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.access", lambda *arguments: False)
    monkeypatch.setattr("sys.platform", "linux")
    with pytest.raises(FlashError, match=r"you are not allowed to use /dev/tty: sudo usermod -aG dialout \$USER"):
        check_access("/dev/tty")


@pytest.mark.skipif(sys.platform != "linux", reason="groups of ports are Linux'")
def test_who_was_put_into_the_ports_group_and_has_not_logged_in_again_is_told_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("os.access", lambda *arguments: False)
    for group, members, cure in (
        ("uucp", [], r"sudo usermod -aG uucp \$USER, then log in again$"),
        ("root", [], r"sudo usermod -aG dialout \$USER, then log in again$"),
        (
            "dialout",
            [getpass.getuser()],
            "you are in its group, dialout, and that counts after you have logged in again$",
        ),
    ):
        named = grp.struct_group((group, "x", 1, members))
        monkeypatch.setattr("grp.getgrgid", lambda number, named=named: named)
        with pytest.raises(FlashError, match=f"^you are not allowed to use /dev/tty: {cure}"):
            check_access("/dev/tty")
