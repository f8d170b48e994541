"""A board's port map: which chip, which Wi-Fi and broker, what is wired to which pin. Read from YAML, and checked.

    port_map = load(find("kitchen"))

docs/boards.md says how such a file is written.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import msgflo
from msgflo import Broker

from ..errors import PortMapError
from .chips import Chip
from .kinds import Kind

__all__ = ["Battery", "Bus", "Device", "Log", "PortMap", "Sleep", "Wifi", "default_folder", "find", "load", "names"]

_NOT_BOARDS = ("secrets", "secrets.example")


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
    seconds), `topics` the topics of ports that are not `<role>/<port>`.
    """

    name: str
    role: str
    kind: Kind
    wiring: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    topics: Mapping[str, str] = field(default_factory=dict)

    @property
    def options(self) -> dict[str, Any]:
        """What the firmware's `create` gets as options."""
        return {**self.kind.fixed, **self.wiring, **self.settings}


@dataclass(frozen=True, slots=True)
class Sleep:
    """It wakes every so many seconds, sends when `batch` readings are there, and is awake for at most `awake` seconds."""

    every: float
    batch: int = 1
    awake: float = 20.0


@dataclass(frozen=True, slots=True)
class Log:
    """The least level that is logged: debug, info, warning or error; and whether on a topic, too."""

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

    @property
    def board_role(self) -> str:
        """The role of the board's own participant."""
        return f"{self.name}-board"


def load(
    file: str | os.PathLike[str], *, secrets: str | os.PathLike[str] | None = None, loopback: bool = False
) -> PortMap:
    """Read and check a port map; raises PortMapError with all problems that can be found.

    `secrets` is read instead of the secrets.yaml beside it. With `loopback` the broker may be on localhost: a virtual
    board can reach that, a real one cannot.
    """
    from ._check_board import check  # ruamel.yaml: only where a port map is read

    return check(Path(file), Path(secrets) if secrets is not None else Path(file).parent / "secrets.yaml", loopback)


def find(name: str, folder: str | os.PathLike[str] | None = None) -> Path:
    """Return the file of a board, by its name in a folder or by its own path; PortMapError if there is none."""
    if name.endswith((".yaml", ".yml")):
        if not Path(name).exists():
            raise PortMapError(f"there is no port map {name}")
        return Path(name)
    place = Path(folder) if folder is not None else default_folder()
    there = names(place)
    if name in there:
        return place / f"{name}.yaml"
    near = get_close_matches(name, there, 1, 0.6)
    hint = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(there) or 'none'}"
    raise PortMapError(f"there is no board {name!r} in {place}; {hint}")


def names(folder: str | os.PathLike[str]) -> list[str]:
    """Return the names of the boards in a folder."""
    return sorted(file.stem for file in Path(folder).glob("*.yaml") if file.stem not in _NOT_BOARDS)


def default_folder() -> Path:
    """Return `boards` in the current folder if it has port maps, or else that of the installed project."""
    here = Path("boards")
    return here if names(here) else Path(msgflo.__file__).parents[2] / "boards"
