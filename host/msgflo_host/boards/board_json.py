"""The compiled port map, `board.json`: the port map as a board reads it, numbers and all.

    {"format": 1, "name": "kitchen", "chip": "esp32", "version": "3f2a1b…", "built": 1764000000, "wifi": {"ssid": …},
     "broker": {"host": "192.168.1.10", "port": 1883, …}, "log": {"level": "info", "topic": false}, "watchdog": true,
     "i2c": [{"id": 0, "sda": 21, …}],
     "devices": [{"module": "climate", "role": "air", "topics": {…}, "options": {"sensor": "dht22", "pin": 4}}]}

Times are in seconds. What a port map leaves out is left out. The key for updates is not in it: an update sends this file.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from msgflo import Broker

from ..errors import PortMapError
from ._check_network import read_ca
from .port_map import Device, PortMap

__all__ = ["CA_FILE", "FORMAT", "compile_map", "encode"]

FORMAT = 1
CA_FILE = "ca.der"
"""Where a version keeps the certificate of the broker's authority, below its folder."""


def compile_map(port_map: PortMap, *, built: int, version: str = "") -> dict[str, Any]:
    """Return the content of board.json; with `ca`, the authority's certificate in DER, which goes into a file of its own.

    `built`, in Unix seconds, is where the board's clock begins. Raises PortMapError if the certificate cannot be read any
    more.
    """
    found: dict[str, Any] = {
        "format": FORMAT,
        "name": port_map.name,
        "chip": port_map.chip.name,
        "version": version,
        "built": built,
        "broker": _broker(port_map.broker),
        "log": {"level": port_map.log.level, "topic": port_map.log.topic},
        "watchdog": port_map.watchdog,
        "i2c": [{"id": bus.id, "sda": bus.sda, "scl": bus.scl, "freq": bus.frequency} for bus in port_map.i2c],
        "devices": [_device(device) for device in port_map.devices],
    }
    if port_map.time is not None:
        found["time"] = port_map.time
    if port_map.sleep is not None:
        sleep = port_map.sleep
        found["sleep"] = {"every": sleep.every, "batch": sleep.batch, "awake": sleep.awake}
    if port_map.led is not None:
        # Its pin, and the level at which it is dark.
        found["led"] = [port_map.led.pin, 0 if port_map.led.active_high else 1]
    return found | _wifi(port_map) | _ca(port_map)


def encode(config: Mapping[str, Any]) -> bytes:
    """Return the bytes of board.json."""
    return json.dumps(config, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()


def _broker(broker: Broker) -> dict[str, Any]:
    """Return what msgflo.Broker is made of, so that the board has no URL to read."""
    found: dict[str, Any] = {"host": broker.host, "port": broker.port}
    if broker.user is not None:
        found["user"] = broker.user
    if broker.password is not None:
        found["password"] = broker.password
    return found | ({"tls": True, "cafile": CA_FILE} if broker.tls else {})


def _device(device: Device) -> dict[str, Any]:
    found: dict[str, Any] = {"module": device.kind.module, "role": device.role, "options": device.options}
    return found | ({"topics": dict(device.topics)} if device.topics else {})


def _wifi(port_map: PortMap) -> dict[str, Any]:
    wifi = port_map.wifi
    if wifi is None:
        return {}
    values = {
        "ssid": wifi.ssid,
        "password": wifi.password,
        "country": wifi.country,
        "hostname": wifi.hostname,
        "address": list(wifi.address) if wifi.address is not None else None,
    }
    return {"wifi": {key: value for key, value in values.items() if value is not None}}


def _ca(port_map: PortMap) -> dict[str, bytes]:
    broker = port_map.broker
    if not broker.tls or broker.cafile is None:
        return {}
    try:
        return {"ca": read_ca(Path(broker.cafile))}
    except ValueError as reason:
        raise PortMapError(f"the certificate {broker.cafile} {reason}", file=str(port_map.file)) from None
