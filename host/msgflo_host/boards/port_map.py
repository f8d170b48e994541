"""A board's checked port map: which chip, which Wi-Fi and broker, what is wired to which pin; see docs/boards.md."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgflo
from msgflo import Broker

from .chips import Chip
from .kinds import Kind

__all__ = ["SHIPPED", "Battery", "Bus", "Device", "Led", "Log", "PortMap", "Sleep", "Wifi"]

SHIPPED = Path(msgflo.__file__).parents[2] / "boards"
"""The folder of the installed project's port maps."""


@dataclass(frozen=True, slots=True)
class Wifi:
    """The network; without a password it is an open one. `address` is (ip, netmask, gateway, dns), None for DHCP."""

    ssid: str = field(repr=False)
    password: str | None = field(default=None, repr=False)
    country: str | None = None
    hostname: str | None = None
    address: tuple[str, str, str, str] | None = None


@dataclass(frozen=True, slots=True)
class Bus:
    """An I2C bus: its number, its pins, its frequency in Hz."""

    id: int
    sda: int
    scl: int
    frequency: int = 100_000


@dataclass(frozen=True, slots=True)
class Device:
    """A device that is wired to the board.

    `wiring` has pins, bus and address by the names of board.json, `settings` the values given to settings (times in
    seconds), `topics` the topics of ports that are not `<role>/<port>`, `place` line and column of its name.
    """

    name: str
    role: str
    kind: Kind
    wiring: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    topics: Mapping[str, str] = field(default_factory=dict)
    place: tuple[int, int] = field(default=(1, 1), repr=False)

    @property
    def options(self) -> dict[str, Any]:
        """The options for the firmware's `create`."""
        return {**self.kind.fixed, **self.wiring, **self.settings}


@dataclass(frozen=True, slots=True)
class Sleep:
    """It wakes every so many seconds, sends when `batch` readings are there, and is awake for at most `awake` seconds."""

    every: float
    batch: int = 1
    awake: float = 20.0


@dataclass(frozen=True, slots=True)
class Led:
    """The LED that blinks when the board is asked to identify itself: GPIO or `LED`; whether it is lit at a high level."""

    pin: int | str
    active_high: bool = True


@dataclass(frozen=True, slots=True)
class Log:
    """The least level that is logged: debug, info or error; and whether on a topic, too."""

    level: str = "info"
    topic: bool = False


@dataclass(frozen=True, slots=True)
class Battery:
    """For `board power`: capacity in mAh, how much of it is usable and lost per month (0 to 1), measured current asleep.

    `asleep` is what the whole board takes while it sleeps, in µA; None: the sum of what data sheets say.
    """

    capacity: float
    usable: float = 0.8
    self_discharge: float = 0.02
    asleep: float | None = None


@dataclass(frozen=True, slots=True)
class PortMap:
    """A checked port map. Its repr holds no secret; `broker.cafile` is the path of a certificate on this machine."""

    file: Path
    name: str
    chip: Chip
    broker: Broker
    wifi: Wifi | None = None
    time: str | None = field(default=None, repr=False)
    i2c: tuple[Bus, ...] = ()
    devices: tuple[Device, ...] = ()
    sleep: Sleep | None = None
    log: Log = Log()
    watchdog: bool = True
    battery: Battery | None = None
    led: Led | None = None
    psram: bool = False
    warnings: tuple[str, ...] = field(default=(), repr=False)
    """Values that are allowed and probably not meant, each with its place."""

    @property
    def board_role(self) -> str:
        """The role of the board's own participant."""
        return f"{self.name}-board"
