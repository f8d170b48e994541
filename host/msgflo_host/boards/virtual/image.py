"""Makes the flash of a virtual board from a port map, and says how it reaches its broker."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from msgflo import Broker

from ...errors import FlashError
from ..build import build
from ..port_map import PortMap, load
from ..update_keys import board_key
from .relay import Relay
from .virtual_board import active_slot

__all__ = ["load_virtual", "write_flash"]


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
    relay = None
    if not broker.tls:
        relay = Relay(broker)
    image = build(replace(port_map, broker=broker), board_key(port_map.file.parent, port_map.name), platform="linux")
    image.write(folder, active_slot(folder))
    if relay is not None:
        written = json.loads(image.files["board.json"])
        relay.settings = {key: written.get(key) for key in ("broker", "time")}
    return relay
