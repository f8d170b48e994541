"""``msgflo forward``: the data plane by itself, on a broker that is there: forwarder and built-in components."""

from __future__ import annotations

import asyncio
import logging
import sys

import click
import uvloop

from msgflo import Broker

from ..dataplane.components import Components
from ..dataplane.forwarder import Forwarder
from ..processes.signals import on_shutdown
from ._options import broker_option, parse_broker

__all__ = ["command"]

log = logging.getLogger("msgflo")


@click.command("forward", short_help="Run the forwarder and the built-in components by themselves.")
@broker_option
@click.option("--supervised", is_flag=True, hidden=True)
def command(broker_url: str | None, supervised: bool) -> None:
    """Carry the packets of forwarded edges, and run the built-in components of graphs, until Ctrl-C.

    Forwarded edges are those to foreign devices and to programs that know no MsgFlo. `msgflo run` starts one of these.
    Beside `msgflo coordinator` it is started like this; it needs nothing but the broker, and goes on while no coordinator is
    there.

    \b
    Examples:
      msgflo forward --broker mqtt://pi.local
      MSGFLO_BROKER=mqtts://user:secret@pi.local?cafile=ca.pem msgflo forward
    """
    handler = logging.StreamHandler(sys.stderr)
    if not supervised:  # who supervises it gives its lines the time
        handler.setFormatter(logging.Formatter("%(asctime)s %(message)s", datefmt="%H:%M:%S"))
    log.addHandler(handler)
    log.setLevel(logging.WARNING if supervised else logging.INFO)  # how the broker is, the coordinator says
    log.propagate = False
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_forward(parse_broker(broker_url or "mqtt://localhost")))


async def _forward(broker: Broker) -> None:
    ended = asyncio.Event()
    on_shutdown(ended.set)
    forwarder = Forwarder(
        broker, on_state=lambda connected, reason: log.info("%s", f"{broker}: connected" if connected else reason)
    )
    components = Components(broker)
    await forwarder.start()
    running = asyncio.create_task(components.run())
    try:
        await asyncio.wait([running, asyncio.create_task(ended.wait())], return_when=asyncio.FIRST_COMPLETED)
    finally:
        await asyncio.gather(components.stop(), forwarder.stop())
    await running
