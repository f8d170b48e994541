"""``msgflo board log``: print what a board says, until Ctrl-C."""

from __future__ import annotations

import asyncio
import json
import os
import time
from contextlib import suppress
from datetime import datetime

import click

from msgflo import Broker

from ._options import parse_broker

__all__ = ["command"]

_STEP_S = 0.05


@click.command("log", short_help="Print what a board says.")
@click.argument("name")
@click.option("--port", metavar="PORT", help="Where the board is, such as /dev/ttyUSB0. [default: look for it]")
@click.option("--broker", "broker_url", metavar="URL", help="Take it from this broker instead.")
def command(name: str, port: str | None, broker_url: str | None) -> None:
    """Print what the board NAME says, until Ctrl-C.

    Without --port and --broker: on its serial port; or, if it is not on USB and its port map has `log: {topic: true}`, on
    its topic on the broker that MSGFLO_BROKER or else the port map names.

    \b
    Examples:
      msgflo board log kitchen
      msgflo board log kitchen --broker mqtt://pi.local
    """
    from ..boards.flashing.ports import found
    from ..boards.port_map import find, load

    port_map = load(find(name), loopback=True)
    platform = port_map.chip.platform
    broker = parse_broker(broker_url) if broker_url else None
    if broker is None and port is None and port_map.log.topic and not found(platform):
        named = os.environ.get("MSGFLO_BROKER")
        broker = parse_broker(named) if named else port_map.broker
    with suppress(KeyboardInterrupt):  # the usual end
        if broker is not None:
            topic = f"{port_map.board_role}/log"
            click.echo(f"(from {broker}, topic {topic})", err=True)
            asyncio.run(_from_broker(broker, topic))
        else:
            _from_port(platform, port)


def _from_port(platform: str, port: str | None) -> None:
    from ..boards.flashing.ports import check_access, choose, found
    from ..boards.flashing.serial_log import SerialLog
    from ._screen import Screen

    screen = Screen()
    device = port or choose(platform, found(platform), screen.ask).device
    check_access(device)
    gone = False
    with SerialLog(device) as log:
        while True:
            for line in log.lines():
                screen.say(line)
            if gone != (log.gone_since is not None):
                gone = not gone
                screen.say(f"({device} is {'gone' if gone else 'back'})")
            time.sleep(_STEP_S)


async def _from_broker(broker: Broker, topic: str) -> None:
    from ..connection import Connection

    def show(topic: str, payload: bytes, retained: bool) -> None:
        text = payload.decode(errors="replace")
        with suppress(ValueError):
            text = str(json.loads(text))
        click.echo(f"{datetime.now():%H:%M:%S} {text}")

    await Connection(broker, f"msgflo-log-{time.time_ns():x}", subscriptions=[topic], on_message=show).run()
