"""``msgflo run``: broker, data plane, coordinator and components under one supervisor."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ._options import parse_broker
from .coordinator import options

if TYPE_CHECKING:
    from ..processes.part_processes import Early

__all__ = ["command"]


@click.command("run", short_help="Start the broker and the coordinator.")
@options
@click.option(
    "--mqtt-host",
    default="127.0.0.1",
    show_default=True,
    metavar="ADDRESS",
    help="Where the own Mosquitto listens; 0.0.0.0 for the network.",
)
@click.option(
    "--mqtt-port", type=click.IntRange(1, 65535), help="Port of the own Mosquitto. [default: 1883, or a free one]"
)
@click.pass_obj
def command(
    early: Early,
    /,
    broker_url: str | None,
    mqtt_host: str,
    mqtt_port: int | None,
    secret: str | None,
    **given: Any,
) -> None:
    """Run the coordinator on GRAPH, an .fbp or .json file or a folder with graph.fbp, until Ctrl-C.

    Without --broker and MSGFLO_BROKER it starts a Mosquitto of its own. The graph's file may be edited meanwhile: what
    has changed is applied when it is saved. The URL that it prints opens the graph in an editor: what is changed there
    is applied at once, and written into the file within a second.

    \b
    Examples:
      msgflo run examples/demo
      msgflo run home.fbp --host 0.0.0.0 --secrets secrets.yaml
      msgflo run home.json --broker mqtts://user:secret@pi.local?cafile=ca.pem
    """
    # Child processes do not need it, and could print it.
    os.environ.pop("MSGFLO_SECRET", None)
    from ..processes.mosquitto import Mosquitto
    from ..processes.supervisor import supervise
    from .plain_view import Notes

    broker = parse_broker(broker_url) if broker_url else Mosquitto(given["data"], port=mqtt_port, host=mqtt_host)
    has_live_view = sys.stdout is not None and sys.stdout.isatty() and not given["plain"]
    show = None if has_live_view else Notes(terminal=False)
    options = {name: str(value) if isinstance(value, Path) else value for name, value in given.items()}
    code = supervise(options, secret=secret, broker=broker, show=show, early=early)
    sys.exit(code if code >= 0 else 1)
