"""``msgflo coordinator``: the coordinator by itself, on a broker that is there."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from ._options import SEEN_BY_ALL, broker_option, parse_broker

__all__ = ["command", "options"]

_Command = TypeVar("_Command", bound=Callable[..., Any])

DEFAULT_IDE = "https://app.flowhub.io"

_SHARED = (
    click.argument("graph", required=False, type=click.Path(path_type=Path)),
    broker_option,
    click.option(
        "--host",
        default="127.0.0.1",
        show_default=True,
        metavar="ADDRESS",
        help="Where page and editors are served; 0.0.0.0 for the network.",
    ),
    click.option(
        "--port", type=click.IntRange(1, 65535), default=3569, show_default=True, help="Port of page and editors."
    ),
    click.option(
        "--componentdir",
        type=click.Path(path_type=Path),
        help="Folder of components. [default: the graph's, or without a graph the current one, if it has a msgflo.yaml, "
        "or a package.json with the key msgflo]",
    ),
    click.option("--foreign", type=click.Path(path_type=Path), help="Folder of YAML files, one per foreign device."),
    click.option(
        "--boards",
        type=click.Path(path_type=Path, exists=True, file_okay=False),
        help="Folder of port maps, whose boards the page can run without hardware. [default: boards]",
    ),
    click.option(
        "--data",
        type=click.Path(path_type=Path),
        default=".msgflo",
        show_default=True,
        help="Folder for the own Mosquitto's files, and for secret and id of editors.",
    ),
    click.option("--no-save", is_flag=True, help="Write edits into the graph's file only when an editor asks for it."),
    click.option(
        "--secret",
        envvar="MSGFLO_SECRET",
        metavar="TEXT",
        help=f"What an editor shows to be allowed everything. {SEEN_BY_ALL} [default: made at the first start]",
    ),
    click.option(
        "--secrets",
        type=click.Path(path_type=Path),
        help="YAML file of further secrets, each with what it allows: viewer, operator, programmer.",
    ),
    click.option(
        "--ide", default=DEFAULT_IDE, show_default=True, metavar="URL", help="The editor; its page may connect."
    ),
    click.option(
        "--allow-origin",
        "origins",
        multiple=True,
        metavar="URL",
        help="Another site whose pages may connect; may be repeated.",
    ),
    click.option(
        "--allow-host",
        "hosts",
        multiple=True,
        metavar="NAME",
        help="Another name under which page and editors reach this machine; may be repeated.",
    ),
    click.option(
        "--behind-proxy",
        is_flag=True,
        help="A proxy or a forwarder stands before the port: nobody counts as being on this machine.",
    ),
    click.option(
        "--runtime-id",
        metavar="UUID",
        help="By which editors know this runtime again. [default: made at the first start]",
    ),
    click.option("--plain", is_flag=True, help="Print plain lines even in a terminal."),
)


def options(command: _Command) -> _Command:
    """Give a command all options of the coordinator."""
    for option in reversed(_SHARED):
        command = option(command)
    return command


@click.command("coordinator", short_help="Run the coordinator by itself.")
@options
def command(broker_url: str | None, **given: Any) -> None:
    """Run the coordinator on GRAPH, as `msgflo run` does, which is more: it starts a Mosquitto, and the coordinator
    again whenever that dies.

    \b
    Examples:
      msgflo coordinator home.fbp --broker mqtt://localhost
      MSGFLO_BROKER=mqtt://localhost msgflo coordinator examples/demo --plain
    """
    # Child processes do not need it, and could print it.
    os.environ.pop("MSGFLO_SECRET", None)
    from .coordinator_main import Options, run  # imports the coordinator: not for --help

    run(Options.of(given, broker=parse_broker(broker_url) if broker_url else None))
