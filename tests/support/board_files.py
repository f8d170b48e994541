"""Port maps for tests, with their secrets, in a folder of the test's own."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from msgflo_host.boards.board_folder import load
from msgflo_host.boards.port_map import PortMap
from paths import ROOT

SHIPPED = ROOT / "boards"


def shipped(folder: Path) -> Path:
    """Copy the port maps that are shipped; returns the folder that has them, with the example's secrets."""
    for file in SHIPPED.glob("*.yaml"):
        shutil.copy(file, folder)
    shutil.copy(SHIPPED / "secrets.example.yaml", folder / "secrets.yaml")
    (folder / "secrets.yaml").chmod(0o600)
    return folder


def port_map(
    folder: Path,
    devices: str = "lamp: {kind: led, pin: 13}",
    *,
    chip: str = "esp32",
    name: str = "kitchen",
    broker: str = "mqtt://192.168.1.10",
) -> PortMap:
    """Write and load a port map; `devices` is what stands below `devices:`, `broker` may be on this machine.

    An ESP32 has an I2C bus.
    """
    wifi = "" if chip == "pico" else "wifi: {ssid: Home, password: not a real one}\n"
    i2c = "i2c: {sda: 21, scl: 22}\n" if chip == "esp32" else ""
    text = f"chip: {chip}\n{wifi}broker: {broker}\n{i2c}devices:\n"
    text += textwrap.indent(textwrap.dedent(devices).strip() + "\n", "  ")
    file = folder / f"{name}.yaml"
    file.write_text(text)
    return load(file, loopback=True)


class Screen:
    """A screen for `flash` that keeps its lines, `logged`; `hook` is called with each progress."""

    ask = None

    def __init__(self, hook: Callable[[int, int], None] = lambda done, whole: None) -> None:
        self.logged: list[str] = []
        self._hook = hook

    def log(self, text: str) -> None:
        """Keep a text."""
        self.logged.append(text)

    @contextmanager
    def progress(self, what: str) -> Iterator[Callable[[int, int], None]]:
        """Hand over the hook."""
        yield self._hook
