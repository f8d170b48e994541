"""``msgflo board log``: print the log of a board until Ctrl-C."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

import click

from msgflo import Broker

from ._options import is_typed, log_broker_option, parse_broker

__all__ = ["command"]

_STEP_S = 0.05
_REACHED_S = 5.0  # in which a broker usually answers

_HOW = "write  log: {topic: true}  into the port map, and bring it to the board (msgflo board update, make flash)"


@click.command("log", short_help="Print the log of a board.")
@click.argument("name")
@click.option("--port", metavar="PORT", help="Where the board is, such as /dev/ttyUSB0. [default: look for it]")
@log_broker_option
def command(name: str, port: str | None, broker_url: str | None) -> None:
    """Print the log of the board NAME until Ctrl-C.

    Without --port and --broker: on its serial port; or, if it is not on USB and its port map has `log: {topic: true}`, on
    its topic on the broker that MSGFLO_BROKER or else the port map names.

    \b
    Examples:
      msgflo board log kitchen
      msgflo board log kitchen --broker mqtt://pi.local
    """
    from ..boards.board_folder import find, load
    from ..boards.flashing.serial_ports import found
    from ._elsewhere import elsewhere

    port_map = load(find(name), loopback=True)
    platform = port_map.chip.platform
    broker = parse_broker(broker_url) if broker_url and is_typed("broker_url") else None
    if broker is None and port is None and port_map.log.topic and not found(platform):
        broker = parse_broker(broker_url) if broker_url else port_map.broker
    with suppress(KeyboardInterrupt):  # the usual end
        if broker is not None:
            topic = f"{port_map.board_role}/log"
            click.echo(f"(from {broker}, topic {topic})", err=True)
            if not port_map.log.topic:
                click.echo(f"({port_map.file} does not ask for that: {_HOW}; until then nothing comes here)", err=True)
            asyncio.run(
                _from_broker(broker, topic, elsewhere if broker is port_map.broker else lambda: "is it running?")
            )
        else:
            _from_port(platform, port)


def _from_port(platform: str, port: str | None) -> None:
    from ..boards.flashing.serial_log import SerialLog
    from ..boards.flashing.serial_ports import check_access, choose, found
    from ..errors import FlashError
    from ._screen import Screen

    screen = Screen()
    boards = [] if port else found(platform)
    try:
        device = port or choose(platform, boards, screen.ask).device
    except FlashError as error:
        if not boards:
            error.message += f"; or without a cable, over MQTT: {_HOW}"
        raise
    check_access(device)
    gone = False
    with SerialLog(device) as log:
        while True:
            for line in log.lines():
                screen.log(line)
            if gone != (log.gone_since is not None):
                gone = not gone
                screen.log(f"({device} is {'gone' if gone else 'back'})")
            time.sleep(_STEP_S)


async def _from_broker(broker: Broker, topic: str, hint: Callable[[], str]) -> None:
    from ..wire.connection import Connection

    def show(topic: str, payload: bytes, retained: bool) -> None:
        text = payload.decode(errors="replace")
        with suppress(ValueError):
            text = str(json.loads(text))
        click.echo(f"{datetime.now():%H:%M:%S} {text}")

    def warn() -> None:
        if not connection.connected:
            click.echo(f"({broker} has not answered yet; {hint()})", err=True)

    client_id = f"msgflo-log-{time.time_ns():x}"
    connection = Connection(broker, client_id, subscriptions=[topic], on_message=show, raises_refused=True)
    asyncio.get_running_loop().call_later(_REACHED_S, warn)
    await connection.run()
