"""``msgflo forward``: the data plane by itself, on a broker that is there: forwarder and built-in components."""

from __future__ import annotations

import logging
import sys

import click

from ..dataplane.data_plane import run
from ._options import local_broker_option, parse_broker

__all__ = ["command"]


@click.command("forward", short_help="Run the forwarder and the built-in components by themselves.")
@local_broker_option
def command(broker_url: str) -> None:
    """Carry the packets of forwarded edges, and run the built-in components of graphs, until Ctrl-C.

    Forwarded edges are those to foreign devices and to programs that know no MsgFlo. `msgflo run` starts one of these.
    Beside `msgflo coordinator` it is started like this; it needs nothing but the broker, and goes on while no coordinator is
    there. A broker that is away is waited for. Where another one is on the broker, this one waits until that has ended.

    \b
    Examples:
      msgflo forward --broker mqtt://pi.local
      MSGFLO_BROKER=mqtts://user:secret@pi.local?cafile=ca.pem msgflo forward
    """
    show = logging.StreamHandler(sys.stderr)
    show.setFormatter(logging.Formatter("%(asctime)s %(message)s", datefmt="%H:%M:%S"))
    run(parse_broker(broker_url), show, logging.INFO)
