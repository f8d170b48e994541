"""``msgflo register``: announce foreign devices."""

from __future__ import annotations

import asyncio
import signal
from contextlib import suppress

import click

from ..foreign import DEFAULT_INTERVAL_S, Foreign, ForeignDevices, check_unique, load, parse_role_argument
from ._options import NoCoordinatorError, broker_option, coordinator_option, find_broker, parse_broker

__all__ = ["command"]


@click.command("register", short_help="Announce foreign devices.")
@click.argument("devices", nargs=-1, required=True, metavar="ROLE:FILE.yml...")
@click.option(
    "--interval",
    type=click.FloatRange(1, 86400),
    default=DEFAULT_INTERVAL_S,
    show_default=True,
    metavar="SECONDS",
    help="Within which the next announcement can be expected; it is sent 2.2 times as often.",
)
@broker_option
@coordinator_option
def command(devices: tuple[str, ...], interval: float, broker_url: str | None, coordinator: str) -> None:
    """Announce devices that are declared in YAML files, in these roles, until Ctrl-C.

    Without --broker and MSGFLO_BROKER that is done on the broker of the running coordinator, or, where none answers, on
    mqtt://localhost.

    \b
    Examples:
      msgflo register fan:fan.yml
      msgflo register hall:lamp.yml door:lamp.yml --broker mqtt://pi.local
    """
    wanted = [load(file, role) for role, file in map(parse_role_argument, devices)]
    check_unique(wanted)
    try:
        broker = find_broker(broker_url, coordinator)
    except NoCoordinatorError:
        broker = parse_broker("mqtt://localhost")
    foreign = ForeignDevices(broker, interval=interval)
    asyncio.run(_announce(foreign, wanted, str(broker)))


async def _announce(foreign: ForeignDevices, wanted: list[Foreign], broker: str) -> None:
    foreign.want(wanted)
    announcing = asyncio.create_task(foreign.run())
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, announcing.cancel)
    names = ", ".join(device.participant.role for device in wanted)
    click.echo(f"announcing {names} on {broker}; Ctrl-C ends", err=True)
    with suppress(asyncio.CancelledError):
        await announcing
