"""Progress of board commands: bars on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import click
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from ..boards.flashing.serial_ports import Port

__all__ = ["Screen"]


class Screen:
    """The terminal, as boards.flashing uses it."""

    def __init__(self) -> None:
        self._console = Console(highlight=False, soft_wrap=True)

    def log(self, text: str) -> None:
        """Show one line that stays."""
        self._console.print(escape(text))

    @contextmanager
    def progress(self, what: str) -> Iterator[Callable[[int, int], None]]:
        """Show how far something is; the function takes what is done, and the whole (0: unknown)."""
        if not self._console.is_terminal:
            self.log(f"{what} …")
            yield lambda done, whole: None
            return
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f} %"),
            TimeElapsedColumn(),
        )
        with Progress(*columns, console=self._console, transient=True) as bars:
            bar = bars.add_task(escape(what), total=None)
            yield lambda done, whole: bars.update(bar, completed=done, total=whole or None)

    @property
    def ask(self) -> Callable[[Sequence[Port]], Port] | None:
        """Ask which port; None where nobody is there to answer."""
        return _ask if sys.stdin.isatty() and sys.stdout.isatty() else None


def _ask(ports: Sequence[Port]) -> Port:
    for number, port in enumerate(ports, 1):
        click.echo(f"{number}  {port}")
    chosen: int = click.prompt("Which board", type=click.IntRange(1, len(ports)), default=1)
    return ports[chosen - 1]
