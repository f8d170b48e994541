"""``msgflo board log``: print what a board says, until Ctrl-C."""

from __future__ import annotations

import asyncio
import json
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
@click.option("--broker", "broker_url", metavar="URL", help="Take it from this broker instead (`log: {topic: true}`).")
def command(name: str, port: str | None, broker_url: str | None) -> None:
    """Print what the board NAME says on its serial port, or on its topic, until Ctrl-C.

    \b
    Examples:
      msgflo board log kitchen
      msgflo board log kitchen --broker mqtt://pi.local
    """
    from ..boards.port_map import find, load

    port_map = load(find(name), loopback=True)
    with suppress(KeyboardInterrupt):  # the usual end
        if broker_url is not None:
            asyncio.run(_from_broker(parse_broker(broker_url), f"{port_map.board_role}/log"))
        else:
            _from_port(port_map.chip.platform, port)


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
