"""``msgflo register``: announce foreign devices."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Mapping
from contextlib import suppress

import click

from msgflo import Broker
from msgflo.topics import connection_topic, participant_topic

from ..components.foreign.announcer import DEFAULT_INTERVAL_S, ForeignDevices
from ..components.foreign.foreign_file import Foreign, check_unique, load, parse_role_argument
from ..errors import DiscoveryError, RequestError
from ..processes.signals import on_shutdown
from ..util.quoting import quoted
from ..wire import discovery
from ..wire.connection import Connection
from ..wire.discovery import Participant, foreign_connection
from ._options import (
    DEFAULT_BROKER,
    NobodyThereError,
    broker_option,
    coordinator_option,
    find_broker,
    is_default,
    parse_broker,
)

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

    Without --broker and MSGFLO_BROKER that is done on the broker of the running coordinator. Where no coordinator was
    named either, and nothing answers where it is by default, that is done on mqtt://localhost. A broker that is away is
    waited for.

    \b
    Examples:
      msgflo register fan:fan.yml
      msgflo register hall:lamp.yml door:lamp.yml --broker mqtt://pi.local
    """
    desired = [load(file, role) for role, file in map(parse_role_argument, devices)]
    check_unique(desired)
    try:
        broker = find_broker(broker_url, coordinator)
    except NobodyThereError:
        if not is_default("coordinator"):
            raise
        broker = parse_broker(DEFAULT_BROKER)
    with suppress(asyncio.CancelledError):
        asyncio.run(_announce(broker, desired, interval))


async def _announce(broker: Broker, desired: list[Foreign], interval: float) -> None:
    """Announce devices until a signal cancels that."""
    task = asyncio.current_task()
    assert task is not None
    on_shutdown(task.cancel)
    await _refuse_taken(broker, desired)
    names = ", ".join(device.participant.role for device in desired)
    click.echo(f"announcing {names} on {broker}; Ctrl-C ends", err=True)
    foreign = ForeignDevices(broker, interval=interval)
    foreign.set_desired(desired)
    await foreign.run()


async def _refuse_taken(broker: Broker, desired: list[Foreign]) -> None:
    """Raise RequestError where a live participant of another connection has the id of one of these devices; Refused.

    Each would overwrite the other's announcement, and clear it at its end. One without a connection does not count:
    an earlier start may have left it.
    """
    retained: dict[str, bytes] = {}
    connected = asyncio.Event()
    ours = {participant_topic(device.participant.id): device.participant for device in desired}
    connection = Connection(
        broker,
        f"msgflo-register-{uuid.uuid4().hex[:12]}",
        subscriptions=(),
        on_message=lambda topic, payload, _: retained.update({topic: payload}),
        on_connected=connected.set,
        raises_refused=True,
    )
    connection.set_filters(ours)
    serving = asyncio.create_task(connection.run())
    serving.add_done_callback(lambda task: connected.set())
    try:
        await connected.wait()
        if serving.done():
            await serving
        await connection.settled()
        others = _others(ours, retained)
        # By their exact topics: some brokers send no retained messages to wildcards (RabbitMQ).
        connection.set_filters([*ours, *map(connection_topic, others.values())])
        await connection.settled()
    finally:
        serving.cancel()
        await asyncio.wait([serving])
    for its_id, other in others.items():
        if (state := retained.get(connection_topic(other))) in (b"online", b"asleep"):
            raise RequestError(
                f"a participant {quoted(its_id)} is there already, {state.decode()} by connection {quoted(other)}; "
                "give the device another role or `id`, or end that one first"
            )


def _others(ours: Mapping[str, Participant], retained: Mapping[str, bytes]) -> dict[str, str]:
    """Return the other connections that announced participants with the ids of ours, by id."""
    found = {}
    for topic, participant in ours.items():
        with suppress(DiscoveryError):
            other = discovery.parse(retained.get(topic, b""), topic=topic).connection
            if other is not None and other != foreign_connection(participant.id):
                found[participant.id] = other
    return found
