"""How a participant describes itself on the topic `fbp`."""

import json

from .topics import bind_topic

__all__ = ("describe",)


def describe(participant, connection):
    """Return the discovery message of a participant that the client id `connection` carries, as a payload."""
    payload = participant.definition
    payload = _payload(participant) if payload is None else dict(payload)
    payload["connection"] = connection
    payload["period"] = participant.period
    if payload["inports"]:
        payload["bind"] = bind_topic(participant.id)
    return json.dumps({"protocol": "discovery", "command": "participant", "payload": payload}).encode()


def _payload(participant):
    payload = {
        "id": participant.id,
        "role": participant.role,
        "component": participant.component or type(participant).__name__,
        "label": participant.label,
        "inports": [_port(port, participant._in[port.id][0]) for port in participant.inports],
        "outports": [_port(port, participant._out[port.id][0]) for port in participant.outports],
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
