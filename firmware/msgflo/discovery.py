"""How participants make themselves known: the state of their connection, and discovery messages on `fbp`."""

import json

from .topics import DISCOVERY, bind_topic, connection_topic, participant_topic

__all__ = ("Presence", "describe")


class Presence:
    """Tells on a connection that its participants are there."""

    def __init__(self, participants, client_id, transport):
        self._participants = participants
        self._client_id = client_id
        self._transport = transport
        # Seconds between discovery messages: so often that one may be lost.
        self.interval = min([participant._runner.period for participant in participants] or [60]) / 2.2

    async def appear(self):
        """Tell all there is to tell on a new connection."""
        await self.status("online")
        for participant in self._participants:
            message = describe(participant, self._client_id)
            # QoS 0: what is unacknowledged takes memory, and after a loss of the connection all is told again.
            await self._tell(participant_topic(participant._runner.id), message, retain=True)
            await self._tell(DISCOVERY, message)

    async def status(self, status):
        """Publish the state of the connection: `online`, `asleep` or `offline`."""
        await self._tell(connection_topic(self._client_id), status.encode(), qos=1, retain=True)

    async def repeat(self):
        """Repeat the discovery messages."""
        for participant in self._participants:
            await self._tell(DISCOVERY, describe(participant, self._client_id))

    async def _tell(self, topic, payload, qos=0, retain=False):
        await self._transport.drain()
        self._transport.publish(topic, payload, qos=qos, retain=retain)


def describe(participant, connection):
    """Return the discovery message of a participant that the client id `connection` carries, as a payload."""
    payload = participant.definition
    payload = _payload(participant) if payload is None else dict(payload)
    payload["connection"] = connection
    payload["period"] = participant._runner.period
    if participant._runner.ins:
        payload["bind"] = bind_topic(participant._runner.id)
    return json.dumps({"protocol": "discovery", "command": "participant", "payload": payload}).encode()


def _payload(participant):
    payload = {
        "id": participant.id,
        "role": participant.role,
        "component": participant.component or type(participant).__name__,
        "label": participant.label,
        "inports": [_port(port, participant._runner.ins[port.id][0]) for port in participant.inports],
        "outports": [_port(port, participant._runner.outs[port.id][0]) for port in participant.outports],
    }
    if participant.icon:
        payload["icon"] = participant.icon
    return payload


def _port(port, topic):
    described = {"id": port.id, "queue": topic, "type": port.type}
    if port.description:
        described["description"] = port.description
    if port.schema is not None:
        described["schema"] = port.schema
    if port.qos or port.retain:
        described["options"] = {"qos": port.qos, "retain": port.retain}
    return described
