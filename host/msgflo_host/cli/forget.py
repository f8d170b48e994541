"""``msgflo forget``: clear the retained messages of participants that are gone."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from contextlib import suppress

import click

from msgflo import Broker, SubscribeError
from msgflo.persistent import memory_topic
from msgflo.topics import connection_topic, is_filter, matches, participant_topic

from ..control.retained_lists import bound_topic
from ..errors import MsgfloError, RequestError, printable
from ..util.quoting import quoted
from ..wire.discovery import Participant
from ..wire.sessions import clear_sessions
from ._options import broker_option, coordinator_option, find_broker, status_of, uses_broker
from ._retained import Retained, reading

__all__ = ["command"]


@click.command("forget", short_help="Clear retained messages of lost participants.")
@click.argument("roles", nargs=-1, metavar="ROLE...")
@click.option("--lost", is_flag=True, help="Forget all that are lost, as the coordinator sees it.")
@broker_option
@coordinator_option
def command(roles: tuple[str, ...], lost: bool, broker_url: str | None, coordinator: str) -> None:
    """Clear from the broker the retained messages of all participants with these roles, and the retained values of their
    outports.

    They are no longer listed then, unless the graph has a node of that name. One that is online is refused. One that only
    sleeps, or comes back, announces itself again. A broker that is away is not waited for.

    \b
    Examples:
      msgflo forget old-lamp
      msgflo forget attic cellar --broker mqtt://pi.local
      msgflo forget --lost
    """
    if bool(roles) == lost:
        raise click.UsageError("name the roles to forget, or give --lost instead of them")
    broker = find_broker(broker_url, coordinator)
    try:
        gone = _lost(coordinator, broker)
    except MsgfloError:
        if lost:
            raise
        gone = frozenset()
    asyncio.run(_forget(broker, list(dict.fromkeys(roles)), gone))


def _lost(coordinator: str, broker: Broker) -> frozenset[str]:
    """Return the ids of the participants that the coordinator knows as lost; RequestError where it uses another broker."""
    status = status_of(coordinator)
    if not uses_broker(status, broker):
        raise RequestError(
            f"the coordinator at {coordinator} uses {status['broker']}, not {broker}: who is lost there, it cannot tell"
        )
    nodes = status["nodes"]
    return frozenset(each["id"] for node in nodes for each in node["instances"] if each["state"] == "lost")


async def _forget(broker: Broker, roles: Sequence[str], lost: frozenset[str]) -> None:
    """Clear what is retained of the participants that had one of these roles, or without roles of all that are `lost`."""
    async with reading(broker) as retained:
        transport = retained.transport
        await retained.read_participants(*map(participant_topic, lost.union(roles)))
        found = _Found(retained)
        chosen = _chosen(found, roles, lost)
        values = found.values_of(chosen)
        if values:
            with suppress(SubscribeError):  # topics that this account may not read stay
                await retained.read(values)
        # Where nothing is retained, an empty packet would only disturb subscribers.
        for topic in (*found.topics_of(chosen), *(topic for topic in values if topic in retained.messages)):
            transport.publish(topic, b"", qos=1, retain=True)
        for role in dict.fromkeys(participant.role for participant in chosen):
            click.echo(printable(f"{role} is forgotten"))
        while transport.unacknowledged():
            await transport.drain()  # raises ConnectError where the broker has ended the connection
            await asyncio.sleep(0.005)
        await clear_sessions(broker, found.connections_of(chosen))


class _Found:
    """The participants of which something is retained."""

    def __init__(self, retained: Retained) -> None:
        self._state = retained.state
        self.participants = retained.participants

    def is_online(self, participant: Participant) -> bool:
        """Return True where the connection of a participant is online."""
        return self._state(participant.connection) == b"online"

    def topics_of(self, chosen: Collection[Participant]) -> list[str]:
        """Return the topics of these participants, and of connections that carry no others."""
        left = [connection_topic(each) for each in self.connections_of(chosen)]
        own = [topic(each.id) for each in chosen for topic in (participant_topic, bound_topic, memory_topic)]
        return [*own, *left]

    def connections_of(self, chosen: Collection[Participant]) -> list[str]:
        """Return the connections that carry no others, and are not online."""
        carrying = {each.connection for each in self.participants if each not in chosen}
        connections = {each.connection for each in chosen if each.connection and each.connection not in carrying}
        return [each for each in sorted(connections) if self._state(each) != b"online"]

    def values_of(self, chosen: Collection[Participant]) -> list[str]:
        """Return the topics of their outports that are below their role, and nobody else's.

        Others may be those of a foreign device, which is there without us.
        """
        others = {topic for each in self.participants if each not in chosen for topic in _outgoing(each)}
        theirs = dict.fromkeys(
            topic
            for each in chosen
            for topic in _outgoing(each)
            if topic.startswith(f"{each.role}/") and not is_filter(topic)
        )
        return [topic for topic in theirs if not any(matches(other, topic) for other in others)]


def _outgoing(participant: Participant) -> list[str]:
    return [port.queue for port in participant.outports if port.queue]


def _chosen(found: _Found, roles: Sequence[str], lost: frozenset[str]) -> list[Participant]:
    """Return all that had one of these roles, or without roles all that are lost.

    Raises RequestError where one of them is online, or nothing is retained.
    """
    if not roles:
        chosen = [participant for participant in found.participants if participant.id in lost]
        if not chosen:
            raise RequestError("the broker retains nothing of lost participants")
        return chosen
    for role in roles:
        matching = [participant for participant in found.participants if participant.role == role]
        if not matching:
            raise RequestError(f"the broker retains nothing of a participant {quoted(role)}; `msgflo list` names all")
        # A sensor may be lost while the receiver that carries it is online.
        if any(found.is_online(participant) and participant.id not in lost for participant in matching):
            raise RequestError(f"{quoted(role)} is online; end it first")
    return [participant for role in roles for participant in found.participants if participant.role == role]
