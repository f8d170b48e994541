"""``msgflo trace``: the group of commands about traces, one module each."""

from __future__ import annotations

import click

from ._lazy import LazyGroup

__all__ = ["command"]

COMMANDS = {
    "record": "Record what passes in a graph of a running system.",
    "show": "Print what was recorded.",
    "replay": "Let editors see it again, at the times at which it happened.",
}


@click.group(
    "trace", cls=LazyGroup, summaries=COMMANDS, prefix="trace_", short_help="Record what passes, show it, replay it."
)
def command() -> None:
    """Traces: files of the packets that passed in a graph, with the graph itself.

    npm's tools flowtrace-show and flowtrace-replay read these files, and theirs can be read here.

    \b
    Examples:
      msgflo trace record night.flowtrace.json
      msgflo trace show night.flowtrace.json
      msgflo trace replay night.flowtrace.json --speed 10
    """
