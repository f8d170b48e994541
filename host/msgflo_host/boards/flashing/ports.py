"""The serial ports of this machine at which a board can be, recognised by the maker of their USB side."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from getpass import getuser
from pathlib import Path
from typing import Protocol

from ...errors import FlashError

__all__ = ["Port", "check_access", "choose", "found", "holders", "in_use", "no_port"]

_RP2, _ESP32 = frozenset({"rp2"}), frozenset({"esp32"})
# USB vendor ids, from usb.org's list: who made it, and which boards can have it.
_VENDORS = {
    0x2E8A: ("Raspberry Pi", _RP2),
    0x303A: ("Espressif", _ESP32),
    0x10C4: ("Silicon Labs CP210x", _ESP32),
    0x1A86: ("WCH CH340/CH910x", _ESP32),
    0x0403: ("FTDI", _ESP32),
}
_PROBES = {(0x2E8A, 0x000C), (0x2E8A, 0x0004)}  # Debug Probe, picoprobe: no boards themselves

# Those that a system may have for ports; whoever is in another one may do more.
_GROUPS = ("dialout", "uucp", "plugdev")
_INTO_GROUP = "sudo usermod -aG {} $USER, then log in again"


class _Info(Protocol):
    """What pyserial tells of a port."""

    device: str
    vid: int | None
    pid: int | None
    serial_number: str | None
    product: str | None


@dataclass(frozen=True, slots=True)
class Port:
    """A port at which a board can be: its device file, what it seems to be, `platforms` that have such a USB side."""

    device: str
    what: str
    platforms: frozenset[str]
    serial_number: str = ""

    def __str__(self) -> str:
        return f"{self.device} ({self.what})"


def found(platform: str, ports: Iterable[_Info] | None = None) -> list[Port]:
    """Return the ports at which a board of that platform (`esp32` or `rp2`) can be; `ports` instead of the machine's."""
    if ports is None:
        from serial.tools import list_ports

        ports = list_ports.comports()
    boards = [_port(info) for info in ports if info.vid in _VENDORS and (info.vid, info.pid) not in _PROBES]
    return sorted((board for board in boards if platform in board.platforms), key=lambda port: port.device)


def choose(platform: str, boards: Sequence[Port], ask: Callable[[Sequence[Port]], Port] | None) -> Port:
    """Return the port to use: the only one, or the one that `ask` chooses; raises FlashError."""
    if not boards:
        raise no_port(platform)
    if len(boards) == 1:
        return boards[0]
    if ask is None:
        raise FlashError(
            f"there are {len(boards)} boards: {', '.join(map(str, boards))}; say which: "
            f"--port {boards[0].device}  (with make: PORT={boards[0].device})"
        )
    return ask(boards)


def no_port(platform: str) -> FlashError:
    """Return the error for a board that is not there."""
    button = (
        "hold BOOTSEL while plugging it in" if platform == "rp2" else "hold BOOT while plugging it in, or press EN once"
    )
    return FlashError(
        f"no board found on USB; try: another cable (many only charge), another socket, {button}; a port with another "
        "name: --port NAME  (with make: PORT=NAME)"
    )


def check_access(device: str) -> None:
    """Raise FlashError where the user cannot open a port, with what to do about it; says nothing of URLs."""
    if "://" in device or os.name != "posix":
        return
    if not Path(device).exists():
        raise FlashError(f"there is no port {device}{_full_name(device)}")
    if not _is_serial(device):
        raise FlashError(f"{device} is no serial port")
    if not os.access(device, os.R_OK | os.W_OK):
        cure = _group(device) if sys.platform == "linux" else "ask its owner"
        raise FlashError(f"you are not allowed to use {device}: {cure}")


def holders(device: str) -> str | None:
    """Return which other programs have a port open, for a message; None where none is seen. Others' cannot be on Linux."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if int(process.name) != os.getpid() and any(_leads_to(fd, device) for fd in (process / "fd").iterdir()):
                found.append(f"{(process / 'comm').read_text().strip()} (process {process.name})")
    return " and ".join(found) or None


def in_use(device: str) -> str:
    """Return why a port cannot be opened, for a message: who has it, as far as that is seen."""
    others = holders(device)
    if others is None:
        return (
            "is it in use by another program (mpremote, a serial monitor; ModemManager, just after it was plugged in)?"
        )
    return f"it is in use by {others}; end that and run this once more"


def _leads_to(link: Path, device: str) -> bool:
    with suppress(OSError):
        return os.readlink(link) == os.path.realpath(device)
    return False


def _group(device: str) -> str:
    """Return what lets a user into a port's group on Linux."""
    import grp

    try:
        group = grp.getgrgid(os.stat(device).st_gid)
    except (KeyError, OSError):
        return _INTO_GROUP.format("dialout")
    if group.gr_name not in _GROUPS:
        return _INTO_GROUP.format("dialout")
    if getuser() in group.gr_mem:
        return f"you are in its group, {group.gr_name}, and that counts after you have logged in again"
    return _INTO_GROUP.format(group.gr_name)


def _full_name(device: str) -> str:
    if device.startswith("/"):
        return ""
    return (
        f"; did you mean /dev/{device}?" if Path("/dev", device).exists() else "; its whole name, as in /dev/ttyUSB0?"
    )


def _is_serial(device: str) -> bool:
    """Whether it may be one, without opening it, which resets many a board: neither a file nor memory (/dev/null)."""
    found = os.stat(device)
    # Linux, Documentation/admin-guide/devices.txt: the character devices with major number 1 are null, zero, random and such.
    return stat.S_ISCHR(found.st_mode) and not (sys.platform == "linux" and os.major(found.st_rdev) == 1)


def _port(info: _Info) -> Port:
    assert info.vid is not None
    maker, platforms = _VENDORS[info.vid]
    product = f", {info.product}" if info.product and info.product not in maker else ""
    return Port(info.device, maker + product, platforms, info.serial_number or "")
