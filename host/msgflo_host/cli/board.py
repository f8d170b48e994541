"""``msgflo board``: the group of commands about boards, one module each."""

from __future__ import annotations

import click

from ._lazy import LazyGroup

__all__ = ["command"]

COMMANDS = {
    "check": "Check a port map, and print its mistakes.",
    "build": "Write all files of a board into a folder.",
    "flash": "Bring a board up to date over USB.",
    "log": "Print the log of a board.",
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
