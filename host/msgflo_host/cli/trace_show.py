"""``msgflo trace show``: print a recorded trace."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from ..traces import flowtrace
from ..traces.trace_text import lines

__all__ = ["command"]


@click.command("show", short_help="Print what was recorded.")
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE")
def command(file: Path) -> None:
    """Print a line for each packet, as npm's flowtrace-show does: source, target, value.

    \b
    Examples:
      msgflo trace show night.flowtrace.json
    """
    trace = flowtrace.load(file)
    for line in lines(trace, terminal=sys.stdout.isatty()):
        click.echo(line.encode())
