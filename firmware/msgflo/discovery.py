"""How participants make themselves known: the state of their connection, and discovery messages on `fbp`."""

import json

from .topics import DISCOVERY, bind_topic, connection_topic, participant_topic

__all__ = ("Presence", "describe")


class Presence:
    """Tells on a connection that its participants are there."""

    def __init__(self, participants, client_id, transport):
        self._client_id = client_id
        self._transport = transport
        self._messages = []
        self.interval = 60 / 2.2  # seconds between discovery messages: so often that one may be lost
        if participants:
            # Made once, at the start: later a board's memory is in too small pieces.
            self._messages = [(p._runner.id, describe(p, client_id)) for p in participants]
            self.interval = min([participant._runner.period for participant in participants]) / 2.2

    async def appear(self):
        """Tell all there is to tell on a new connection."""
        await self.status("online")
        for participant_id, message in self._messages:
            await self._introduce(participant_id, message)

    async def add(self, participant):
        """Tell of one more, now and from now on."""
        runner = participant._runner
        message = describe(participant, self._client_id)
        self._messages.append((runner.id, message))
        self.interval = min(self.interval, runner.period / 2.2)
        await self._introduce(runner.id, message)

    async def _introduce(self, participant_id, message):
        # QoS 0: what is unacknowledged takes memory, and after a loss of the connection all is told again.
        await self._tell(participant_topic(participant_id), message, retain=True)
        await self._tell(DISCOVERY, message)

    async def status(self, status):
        """Publish the state of the connection: `online`, `asleep` or `offline`."""
        await self._tell(connection_topic(self._client_id), status.encode(), qos=1, retain=True)

    async def repeat(self):
        """Repeat the discovery messages."""
        for _, message in self._messages:
            await self._tell(DISCOVERY, message)

    async def _tell(self, topic, payload, qos=0, retain=False):
        await self._transport.drain()
        self._transport.publish(topic, payload, qos=qos, retain=retain)


def describe(participant, connection):
    """Return the discovery message of a participant that the client id `connection` carries, as a payload.

    It is put together of parts, so that a board needs memory for one of them at a time.
    """
    runner = participant._runner
    definition = participant.definition
    parts = _parts(participant, runner) if definition is None else [_members(definition)]
    parts.append(_members({"connection": connection, "period": runner.period}))
    if runner.ins:
        parts.append(_members({"bind": bind_topic(runner.id)}))
    return b'{"protocol": "discovery", "command": "participant", "payload": {' + b", ".join(parts) + b"}}"


def _parts(participant, runner):
    component = participant.component or type(participant).__name__
    parts = [_members({"id": participant.id, "role": participant.role, "component": component})]
    parts.append(_members({"label": participant.label}))
    if participant.icon:
        parts.append(_members({"icon": participant.icon}))
    parts.append(b'"inports": [' + b", ".join([_port(port, runner.ins) for port in participant.inports]) + b"]")
    parts.append(b'"outports": [' + b", ".join([_port(port, runner.outs) for port in participant.outports]) + b"]")
    return parts


def _port(port, topics):
    described = {"id": port.id, "queue": topics[port.id][0], "type": port.type}
    if port.description:
        described["description"] = port.description
    if port.schema is not None:
        described["schema"] = port.schema
    if port.qos or port.retain:
        described["options"] = {"qos": port.qos, "retain": port.retain}
    return json.dumps(described).encode()


def _members(data):
    return json.dumps(data)[1:-1].encode()
