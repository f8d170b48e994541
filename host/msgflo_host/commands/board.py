"""``msgflo board``: what one does with boards. Its commands are in modules of their own, as are those of `msgflo`."""

from __future__ import annotations

import importlib

import click

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


class _Lazy(click.Group):
    """Commands whose modules are imported only when they are used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f".board_{cmd_name}", __package__).command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group("board", cls=_Lazy, short_help="Build, flash, update and run boards.")
def command() -> None:
    """Boards: an ESP32 or a Pico W that a port map (boards/NAME.yaml) describes.

    NAME is the name of a file in the folder `boards`, or the path of a port map.

    \b
    Examples:
      msgflo board check esp32
      msgflo board flash esp32
      msgflo board update esp32 --broker mqtt://pi.local
    """
