"""A virtual board: the firmware of a board on this machine, with hardware that is set and read over a control socket.

    board = VirtualBoard(flash)
    await board.start()
    board.control({"device": "button", "press": 0.2})
    await board.stop()

docs/virtual-boards.md describes what can be asked of it.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from msgflo import Broker

from ...errors import FlashError, MsgfloError
from ..board_folder import load
from ..build import build
from ..chips import CHIPS
from ..port_map import PortMap
from ..update_keys import board_key
from .control import Control
from .control_socket import ControlServer
from .hardware import Hardware
from .pins import Pin
from .program import Program
from .relay import Relay
from .things import Things

__all__ = ["Event", "VirtualBoard", "load_virtual", "read_config", "write_flash"]

Event = dict[str, Any]
_SHORT_OF_MEMORY = re.compile(r"MemoryError|[Nn]o memory|memory allocation failed")


class VirtualBoard:
    """Runs what is in the folder `flash`, as `build` and `board flash` lay it out.

    `heap` is the memory of its MicroPython, by default so much that what fits into it fits into 100 KB of a board;
    `micropython` is the path of that, if not any that is found. `port` is that of the control socket on 127.0.0.1: 0 for
    any free one, None for no socket. `relay` stands between board and broker, so that
    the board's Wi-Fi can be taken away; it is for the broker that the port map names, and its `settings` replace those that an
    update brings. `log` gets each line that the board says.
    Raises MsgfloError where the folder holds no board.
    """

    def __init__(
        self,
        flash: Path,
        *,
        heap: str | None = None,
        port: int | None = 0,
        relay: Relay | None = None,
        micropython: str | None = None,
        log: Callable[[str], None] = print,
    ) -> None:
        self._flash = flash
        self.config = read_config(flash)
        self.listeners: list[Callable[[Event], None]] = []
        self.log = log
        self.hardware = Hardware(CHIPS[self.config["chip"]], log=self._notice, changed=self._pin_changed)
        self.things = Things(self.hardware, self.config, self._thing_changed)
        self.program = Program(
            self.hardware,
            flash,
            heap=heap,
            micropython=micropython,
            detour=relay.detour if relay is not None else "",
            on_line=self._log_line,
            on_state=self._state_changed,
        )
        self._relay = relay
        self._control = Control(self.config, self.hardware, self.things, self.program)
        self._server = ControlServer(self, port) if port is not None else None
        self._pins: dict[Pin, dict[str, Any]] = {}
        self._short = False  # of memory, as was said

    @property
    def name(self) -> str:
        """The board's name."""
        return str(self.config["name"])

    @property
    def port(self) -> int:
        """The port of the control socket, once started."""
        return self._server.port if self._server is not None else 0

    async def start(self) -> None:
        """Switch it on; raises MsgfloError where MicroPython is not there, or the port is taken."""
        if self._server is not None:
            await self._server.start()
        if self._relay is not None:
            self._relay.passes = lambda: self.hardware.wifi.connected
            self._relay.failed = self._notice
            await self._relay.start()
        self.program.start()

    async def stop(self) -> None:
        """Switch it off for good."""
        await self.program.stop()
        for each in (self._server, self._relay):
            if each is not None:
                await each.stop()

    def control(self, request: dict[str, Any]) -> dict[str, Any]:
        """Do what one line on the control socket asks for; raises ControlError where that cannot be done."""
        return self._control.do(request)

    def emit(self, event: str, **values: Any) -> None:
        """Tell everybody who watches."""
        for listener in list(self.listeners):
            listener({"event": event, **values, "time": round(time.time(), 3)})

    def _log_line(self, line: str) -> None:
        self.log(line)
        self.emit("log", line=line)
        if _SHORT_OF_MEMORY.search(line) and not self._short:
            self._short = True
            self._notice("that was too little memory: take fewer devices, or give it more, as in --heap 300K")

    def _notice(self, text: str) -> None:
        self._log_line(f"[{text}]")

    def _state_changed(self, state: str, cause: str) -> None:
        if state == "running" and self._relay is not None:
            _override(self._flash, self._relay.settings)
        if state == "off":
            self.things.lose_power()
        self._notice(f"{state}, after a {cause} reset" if cause else state)
        self.emit("state", state=state, cause=cause)

    def _thing_changed(self, role: str, values: dict[str, Any]) -> None:
        self.emit("device", device=role, values=values)

    def _pin_changed(self, pin: Pin) -> None:
        """Tell of outputs only; an input is what somebody has set."""
        shown = {"level": pin.level, "duty": round(pin.duty, 4)} if pin.driving else {"level": None, "duty": None}
        if self._pins.get(pin, {"level": None, "duty": None}) != shown:
            self._pins[pin] = shown
            self.emit("pin", pin=pin.name, **shown)


def read_config(flash: Path) -> dict[str, Any]:
    """Return the active compiled port map in a folder that is a board's flash; raises MsgfloError."""
    try:
        config: dict[str, Any] = json.loads((flash / _active_slot(flash) / "board.json").read_text())
    except (OSError, ValueError) as error:
        raise MsgfloError(f"{flash} holds no board: {error}") from None
    if config.get("chip") not in CHIPS:
        raise MsgfloError(f"{flash}: unknown chip {config.get('chip')!r}; there are: {', '.join(CHIPS)}")
    return config


def _active_slot(flash: Path) -> str:
    """Return the active one of the two folders of a board's flash: a or b."""
    try:
        return "b" if json.loads((flash / "slot.json").read_text())["slot"] == "b" else "a"
    except (OSError, ValueError, KeyError, TypeError):
        return "a"


def _override(flash: Path, settings: Mapping[str, Any]) -> None:
    """Put settings into the active compiled port map: an update over the network has brought the real board's.

    The signature has been checked when it arrived; for the next update the board compares this file by its content.
    """
    file = flash / _active_slot(flash) / "board.json"
    try:
        config = json.loads(file.read_text())
    except (OSError, ValueError):
        return  # the board itself says what is wrong with it
    desired = {key: value for key, value in {**config, **settings}.items() if value is not None}
    if settings and desired != config:
        part = file.with_suffix(".new")
        part.write_text(json.dumps(desired))
        part.replace(file)


def load_virtual(file: Path) -> PortMap:
    """Read a port map; where nobody has written secrets yet, those of the example do, as there is no Wi-Fi to join."""
    secrets = file.parent / "secrets.yaml"
    example = file.parent / "secrets.example.yaml"
    return load(file, secrets=example if example.exists() and not secrets.exists() else secrets, loopback=True)


def write_flash(port_map: PortMap, folder: Path, *, broker: Broker | None = None) -> Relay | None:
    """Write all files of a board to a folder, which becomes its flash; its broker is that one, or the port map's.

    Returns the relay that is to stand between board and broker. With TLS there is none, for the name in a certificate is that
    of the broker. Raises FlashError, PortMapError.
    """
    if folder.exists() and any(folder.iterdir()) and not any((folder / each / "board.json").exists() for each in "ab"):
        raise FlashError(f"{folder} is not empty, and no board's flash: name a new folder")
    broker = broker or port_map.broker
    relay = None if broker.tls else Relay(broker)
    image = build(replace(port_map, broker=broker), board_key(port_map.file.parent, port_map.name), platform="linux")
    image.write(folder, _active_slot(folder))
    if relay is not None:
        written = json.loads(image.files["board.json"])
        relay.settings = {key: written.get(key) for key in ("broker", "time")}
    return relay
