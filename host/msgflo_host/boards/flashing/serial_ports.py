"""The serial ports of this machine at which a board can be, recognised by the maker of their USB side."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ...errors import FlashError

__all__ = ["Port", "check_access", "choose", "found", "in_use", "no_port"]

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
    """A port as pyserial describes it."""

    device: str
    vid: int | None
    pid: int | None
    product: str | None


@dataclass(frozen=True, slots=True)
class Port:
    """A port at which a board can be: its device file, what it seems to be, `platforms` that have such a USB side."""

    device: str
    what: str
    platforms: frozenset[str]

    def __str__(self) -> str:
        return f"{self.device} ({self.what})"


def found(platform: str) -> list[Port]:
    """Return the ports at which a board of that platform (`esp32` or `rp2`) can be."""
    from serial.tools import list_ports

    ports: Iterable[_Info] = list_ports.comports()
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
    if not os.access(device, os.R_OK | os.W_OK):
        cure = _group(device) if sys.platform == "linux" else "ask its owner"
        raise FlashError(f"you are not allowed to use {device}: {cure}")


def in_use(device: str) -> str:
    """Return why a port may not be opened, for a message."""
    return (
        "is it in use by another program (mpremote, a serial monitor; ModemManager, just after it was plugged in)? "
        f"`fuser -v {device}` shows which"
    )


def _group(device: str) -> str:
    """Return what lets a user into a port's group on Linux."""
    import grp

    with suppress(KeyError, OSError):
        name = grp.getgrgid(os.stat(device).st_gid).gr_name
        if name in _GROUPS:
            return _INTO_GROUP.format(name)
    return _INTO_GROUP.format("dialout")


def _full_name(device: str) -> str:
    if device.startswith("/"):
        return ""
    return (
        f"; did you mean /dev/{device}?" if Path("/dev", device).exists() else "; its whole name, as in /dev/ttyUSB0?"
    )


def _port(info: _Info) -> Port:
    assert info.vid is not None
    maker, platforms = _VENDORS[info.vid]
    product = f", {info.product}" if info.product and info.product not in maker else ""
    return Port(info.device, maker + product, platforms)
