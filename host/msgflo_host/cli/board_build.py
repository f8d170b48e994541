"""``msgflo board build``: write all files of a board into a folder, and show their sizes."""

from __future__ import annotations

from pathlib import Path

import click

from ..errors import printable

__all__ = ["command"]


@click.command("build", short_help="Write all files of a board into a folder.")
@click.argument("name")
@click.option(
    "--output", type=click.Path(path_type=Path, file_okay=False), metavar="DIR", help="[default: only show the sizes]"
)
def command(name: str, output: Path | None) -> None:
    """Build everything that is on a board for the port map of NAME, and print the size of each file.

    \b
    Example:
      msgflo board build kitchen --output /tmp/kitchen
    """
    from rich.console import Console
    from rich.table import Table

    from ..boards.board_folder import find, load
    from ..boards.build import build
    from ..boards.memory import warnings
    from ..boards.update_keys import board_key

    port_map = load(find(name))
    image = build(port_map, board_key(port_map.file.parent, port_map.name))
    table = Table("file", "bytes", title=f"{image.name}, version {image.version}", title_justify="left")
    table.columns[1].justify = "right"
    for path, content in image.placed().items():
        table.add_row(path, str(len(content)))
    table.add_section()
    table.add_row("bytecode", str(image.bytecode))
    Console().print(table)
    for warning in warnings(port_map, image.bytecode):
        click.echo(printable(warning))
    if output is not None:
        image.write(output)
