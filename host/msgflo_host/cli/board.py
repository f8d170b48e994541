"""``msgflo board``: what one does with boards. Its commands are in modules of their own, as are those of `msgflo`."""

from __future__ import annotations

import click

from ._lazy import LazyGroup

__all__ = ["command"]

COMMANDS = {
    "check": "Check a port map, and say what is wrong with it.",
    "build": "Write all files of a board into a folder.",
    "flash": "Bring a board up to date over USB.",
    "log": "Print what a board says.",
    "update": "Bring a board up to date over the network.",
    "run": "Run a board without its hardware.",
    "power": "Estimate how long a battery lasts.",
    "schema": "Print the JSON Schema of port maps, for editors.",
}


@click.group(
    "board", cls=LazyGroup, summaries=COMMANDS, prefix="board_", short_help="Build, flash, update and run boards."
)
def command() -> None:
    """Boards: an ESP32 or a Pico W that a port map (boards/NAME.yaml) describes.

    NAME is the name of a file in the folder `boards`, or the path of a port map.

    \b
    Examples:
      msgflo board check esp32
      msgflo board flash esp32
      msgflo board update esp32 --broker mqtt://pi.local
    """
