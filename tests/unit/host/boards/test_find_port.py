"""The port of a board is found by the maker of its USB side."""

from __future__ import annotations

import grp
import sys
from types import SimpleNamespace
from typing import Any

import pytest

from msgflo_host.boards.flashing import serial_ports as machine
from msgflo_host.boards.flashing.serial_ports import Port, check_access, choose
from msgflo_host.errors import FlashError


def usb(device: str, vid: int | None, pid: int = 1, product: str | None = None) -> Any:
    return SimpleNamespace(device=device, vid=vid, pid=pid, product=product)


CP210X = usb("/dev/ttyUSB0", 0x10C4, 0xEA60, "CP2102 USB to UART Bridge")
CH340 = usb("/dev/ttyUSB1", 0x1A86, 0x7523)
ESPRESSIF = usb("/dev/ttyACM1", 0x303A, 0x1001, "USB JTAG/serial debug unit")
PICO = usb("/dev/ttyACM0", 0x2E8A, 0x0005, "Board in FS mode")
PROBE = usb("/dev/ttyACM3", 0x2E8A, 0x000C, "Debug Probe")
OTHERS = [usb("/dev/ttyS0", None), usb("/dev/ttyACM9", 0x0483)]


def found(platform: str, devices: list[Any]) -> list[Port]:
    """The ports that are found on a machine with these devices."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("serial.tools.list_ports.comports", lambda: devices)
        return machine.found(platform)


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


def test_port_that_is_not_there_is_logged() -> None:
    with pytest.raises(FlashError, match=r"^there is no port /dev/ttyUSB77$"):
        check_access("/dev/ttyUSB77")
    with pytest.raises(FlashError, match=r"^there is no port ttyUSB77; its whole name, as in /dev/ttyUSB0\?$"):
        check_access("ttyUSB77")
    with pytest.raises(FlashError, match=r"^there is no port tty; did you mean /dev/tty\?$"):
        check_access("tty")
    check_access("socket://127.0.0.1:1")


@pytest.mark.skipif(sys.platform != "linux", reason="groups of ports are Linux'")
@pytest.mark.parametrize(("group", "named"), [("uucp", "uucp"), ("root", "dialout")])
def test_the_ports_group_is_named(group: str, named: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.access", lambda *arguments: False)
    monkeypatch.setattr("grp.getgrgid", lambda number: grp.struct_group((group, "x", 1, [])))
    cure = rf"sudo usermod -aG {named} \$USER, then log in again$"
    with pytest.raises(FlashError, match=f"^you are not allowed to use /dev/tty: {cure}"):
        check_access("/dev/tty")
