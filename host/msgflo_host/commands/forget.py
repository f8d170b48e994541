"""``msgflo forget``: clear from the broker what participants that are gone have left there."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Iterable

import click

from msgflo import Broker, ConnectError
from msgflo.paho_transport import Transport
from msgflo.topics import connection_topic, participant_topic

from .. import discovery
from .._text import quoted
from ..errors import BrokerError, DiscoveryError, RequestError
from ._options import broker_option, coordinator_option, find_broker

__all__ = ["command"]

ANSWERED_WITHIN_S = 10.0


@click.command("forget", short_help="Clear what lost participants have left.")
@click.argument("roles", nargs=-1, required=True, metavar="ROLE...")
@broker_option
@coordinator_option
def command(roles: tuple[str, ...], broker_url: str | None, coordinator: str) -> None:
    """Clear from the broker what it keeps of participants that are gone for good: all that had one of these roles.

    They are no longer listed then, unless the graph has a node of that name. One that is online is not forgotten, and one
    that only sleeps announces itself again.

    \b
    Examples:
      msgflo forget old-lamp
      msgflo forget attic cellar --broker mqtt://pi.local
    """
    broker = find_broker(broker_url, coordinator)
    try:
        asyncio.run(_forget(broker, list(dict.fromkeys(roles))))
    except ConnectError as error:
        raise BrokerError(str(error)) from None
    except TimeoutError:
        raise BrokerError(f"broker {broker}: no answer within {ANSWERED_WITHIN_S:g} s") from None


async def _forget(broker: Broker, roles: list[str]) -> None:
    kept: dict[str, bytes] = {}

    def received(topic: str, payload: bytes, retained: bool) -> None:
        if retained:
            kept[topic] = bytes(payload)

    transport = Transport(broker, f"msgflo-forget-{uuid.uuid4().hex[:8]}", on_message=received)
    try:
        async with asyncio.timeout(ANSWERED_WITHIN_S):
            await transport.connect()
            await transport.subscribe([("fbp/participant/+", 0), ("fbp/connection/+", 0)])
            await transport.unsubscribe(["fbp/participant/+"])  # whose answer comes after all that was kept
            for role, topics in _left_by(roles, kept).items():
                for topic in topics:
                    transport.publish(topic, b"", qos=1, retain=True)
                click.echo(f"{role} is forgotten")
            while transport.unacknowledged():
                await asyncio.sleep(0.005)
    finally:
        await transport.disconnect()


def _left_by(roles: Iterable[str], kept: dict[str, bytes]) -> dict[str, list[str]]:
    """Return what is kept for each role, as topics; RequestError where one of them is there, or nothing is kept."""
    found: dict[str, list[str]] = {role: [] for role in roles}
    for topic, payload in kept.items():
        if discovery.participant_of(topic) is None:
            continue
        try:
            participant = discovery.parse(payload, topic=topic)
        except DiscoveryError:
            continue
        if participant.role not in found:
            continue
        found[participant.role].append(participant_topic(participant.id))
        if participant.connection is not None:
            topic = connection_topic(participant.connection)
            if kept.get(topic) == b"online":
                raise RequestError(f"{quoted(participant.role)} is online; end it first")
            found[participant.role].append(topic)
    for role, topics in found.items():
        if not topics:
            raise RequestError(f"the broker keeps nothing of a participant {quoted(role)}; `msgflo list` names all")
    return found
