"""``msgflo board schema``: the JSON Schema of port maps."""

from __future__ import annotations

import click

__all__ = ["command"]


@click.command("schema", short_help="Print the JSON Schema of port maps, for editors.")
def command() -> None:
    """Print the JSON Schema of port maps, which editors complete and check with.

    \b
    Examples:
      msgflo board schema > port-map.schema.json
    """
    from ..boards.schema import schema_text

    click.echo(schema_text(), nl=False)
