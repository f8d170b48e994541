"""``msgflo board flash``: bring a board up to date over USB."""

from __future__ import annotations

import time
from pathlib import Path

import click

from ._options import is_typed, parse_broker, seen_broker_option

__all__ = ["command"]


@click.command("flash", short_help="Bring a board up to date over USB.")
@click.argument("name")
@click.option("--port", metavar="PORT", help="Where the board is, such as /dev/ttyUSB0. [default: look for it]")
@click.option(
    "--firmware",
    type=click.Path(path_type=Path, dir_okay=False),
    help="MicroPython for the board, .bin or .uf2. [default: download it when the board needs it]",
)
@click.option("--new-firmware", is_flag=True, help="Replace an older MicroPython on which the firmware runs, too.")
@seen_broker_option
@click.option(
    "--patience", type=click.FloatRange(1, 3600), default=60, show_default=True, metavar="SECONDS",
    help="How long to wait for the board on the broker.",
)  # fmt: skip
def command(
    name: str,
    port: str | None,
    firmware: Path | None,
    new_firmware: bool,
    broker_url: str | None,
    patience: float,
) -> None:
    """Check the port map of NAME, put MicroPython and all files onto the board, restart it, and wait until it is there.

    Only what differs is written. A run that was interrupted is repaired by the next one.

    \b
    Examples:
      msgflo board flash kitchen
      msgflo board flash kitchen --port /dev/ttyUSB1 --firmware ESP32_GENERIC.bin
    """
    from ..boards.board_folder import find, load
    from ..boards.build import build
    from ..boards.flashing.flash import flash
    from ..boards.flashing.micropython import Target
    from ..boards.memory import warnings
    from ..boards.update_keys import board_key
    from ._screen import Screen

    began = time.monotonic()
    broker = parse_broker(broker_url) if broker_url else None
    port_map = load(find(name), loopback=is_typed("broker_url"))
    screen = Screen()
    image = build(port_map, board_key(port_map.file.parent, port_map.name))
    for warning in warnings(port_map, image.bytecode):
        screen.log(warning)
    screen.log(f"{port_map.name}: version {image.version}, {image.bytecode / 1024:.1f} KB of bytecode")
    target = Target(port_map.chip, port, firmware, new_firmware)
    there = flash(port_map, image, target, screen, broker=broker, patience=patience)
    screen.log(f"{port_map.name} is there, after {time.monotonic() - began:.0f} s: {', '.join(there)}")
    missing = [device.role for device in port_map.devices if device.role not in there]
    if missing:
        screen.log(f"not there: {', '.join(missing)}; the board's lines above tell why")
