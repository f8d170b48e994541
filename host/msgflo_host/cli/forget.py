"""``msgflo forget``: clear from the broker what participants that are gone have left there."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress

import click

from msgflo import Broker, ConnectError, SubscribeError
from msgflo.paho_transport import Transport
from msgflo.persistent import memory_topic
from msgflo.topics import connection_topic, is_filter, matches, participant_topic

from ..control.retained_lists import bound_topic
from ..errors import BrokerError, DiscoveryError, MsgfloError, RequestError, printable
from ..util.text_checks import quoted
from ..wire import discovery
from ..wire.discovery import Participant
from ..wire.sessions import clear_sessions
from ._options import broker_option, coordinator_option, find_broker, status_of

__all__ = ["command"]

ANSWERED_WITHIN_S = 10.0
CALM_S = 0.3


@click.command("forget", short_help="Clear what lost participants have left.")
@click.argument("roles", nargs=-1, metavar="ROLE...")
@click.option("--lost", is_flag=True, help="Forget all that are lost, as the coordinator sees it.")
@broker_option
@coordinator_option
def command(roles: tuple[str, ...], lost: bool, broker_url: str | None, coordinator: str) -> None:
    """Clear from the broker what it keeps of participants that are gone for good, all that had one of these roles, and the
    values that it keeps of their outports.

    They are no longer listed then, unless the graph has a node of that name. One that is online is not forgotten, and one
    that only sleeps, or comes back, announces itself again.

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
    try:
        asyncio.run(_forget(broker, list(dict.fromkeys(roles)), gone))
    except ConnectError as error:
        raise BrokerError(str(error)) from None
    except TimeoutError:
        raise BrokerError(f"broker {broker}: no answer within {ANSWERED_WITHIN_S:g} s") from None


def _lost(coordinator: str, broker: Broker) -> frozenset[str]:
    """Return the ids of the participants that the coordinator knows as lost; RequestError where it uses another broker."""
    status = status_of(coordinator)
    its = Broker.parse(status["broker"].replace(":***@", "@"))
    if (_own(its.host), its.port) != (_own(broker.host), broker.port):
        raise RequestError(
            f"the coordinator at {coordinator} uses {its}, not {broker}: who is lost there, it cannot tell"
        )
    nodes = status["nodes"]
    return frozenset(each["id"] for node in nodes for each in node["instances"] if each["state"] == "lost")


def _own(host: str) -> str:
    """One name for this machine."""
    return "localhost" if host in ("127.0.0.1", "::1") else host


async def _forget(broker: Broker, roles: Sequence[str], lost: frozenset[str]) -> None:
    """Clear what is retained of the participants that had one of these roles, or without roles of all that are `lost`."""
    retained: dict[str, bytes] = {}

    def received(topic: str, payload: bytes, is_retained: bool) -> None:
        if is_retained:
            retained[topic] = bytes(payload)

    transport = Transport(broker, f"msgflo-forget-{uuid.uuid4().hex[:8]}", on_message=received)
    try:
        async with asyncio.timeout(ANSWERED_WITHIN_S):
            await transport.connect()
            # Some brokers send what they keep for exact topics alone (RabbitMQ), some after their answer (aedes).
            exact = [participant_topic(each) for each in lost.union(roles)]
            await transport.subscribe([(topic, 0) for topic in ("fbp/connection/+", "fbp/participant/+", *exact)])
            await _calm(retained)
            if unheard := [topic for topic in _Kept(retained).connections() if topic not in retained]:
                await transport.subscribe([(topic, 0) for topic in unheard])
                await _calm(retained)
            kept = _Kept(retained)
            chosen = _chosen(kept, roles, lost)
            values = kept.values_of(chosen)
            if values:
                with suppress(SubscribeError):  # what this account may not read stays
                    await transport.subscribe([(topic, 0) for topic in values])
                await _calm(retained)
            # Where nothing is kept, an empty packet would only trouble who listens.
            for topic in (*kept.topics_of(chosen), *(topic for topic in values if topic in retained)):
                transport.publish(topic, b"", qos=1, retain=True)
            for role in dict.fromkeys(participant.role for participant in chosen):
                click.echo(printable(f"{role} is forgotten"))
            while transport.unacknowledged():
                await transport.drain()  # raises ConnectError where the broker has ended the connection
                await asyncio.sleep(0.005)
            await clear_sessions(broker, kept.connections_of(chosen))
    finally:
        await transport.disconnect()


async def _calm(retained: Mapping[str, bytes]) -> None:
    """Return when no more comes."""
    count = -1
    while count != len(retained):
        count = len(retained)
        await asyncio.sleep(CALM_S)


class _Kept:
    """What the broker keeps: `participants` that can be read, and the states of connections."""

    def __init__(self, retained: Mapping[str, bytes]) -> None:
        self._retained = retained
        self.participants: list[Participant] = []
        for topic, payload in retained.items():
            if discovery.participant_of(topic) is not None:
                with suppress(DiscoveryError):
                    self.participants.append(discovery.parse(payload, topic=topic))

    def connections(self) -> set[str]:
        """Return where the states of their connections are kept."""
        return {connection_topic(each.connection) for each in self.participants if each.connection is not None}

    def is_online(self, participant: Participant) -> bool:
        """Whether what carries it is there."""
        return self._state(participant.connection) == b"online"

    def topics_of(self, chosen: Collection[Participant]) -> list[str]:
        """Return where something is kept of these, and of connections that carry nobody else."""
        left = [connection_topic(each) for each in self.connections_of(chosen)]
        own = [topic(each.id) for each in chosen for topic in (participant_topic, bound_topic, memory_topic)]
        return [*own, *left]

    def connections_of(self, chosen: Collection[Participant]) -> list[str]:
        """Return the connections that carry nobody else, and are not online."""
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

    def _state(self, connection: str | None) -> bytes | None:
        return self._retained.get(connection_topic(connection)) if connection is not None else None


def _outgoing(participant: Participant) -> list[str]:
    return [port.queue for port in participant.outports if port.queue]


def _chosen(kept: _Kept, roles: Sequence[str], lost: frozenset[str]) -> list[Participant]:
    """Return all that had one of these roles, or without roles all that are lost.

    RequestError where one of them is there, or nothing is kept.
    """
    if not roles:
        chosen = [participant for participant in kept.participants if participant.id in lost]
        if not chosen:
            raise RequestError("the broker keeps nothing of anybody who is lost")
        return chosen
    for role in roles:
        found = [participant for participant in kept.participants if participant.role == role]
        if not found:
            raise RequestError(f"the broker keeps nothing of a participant {quoted(role)}; `msgflo list` names all")
        # A sensor may be lost while the receiver that carries it is online.
        if any(kept.is_online(participant) and participant.id not in lost for participant in found):
            raise RequestError(f"{quoted(role)} is online; end it first")
    return [participant for role in roles for participant in kept.participants if participant.role == role]
