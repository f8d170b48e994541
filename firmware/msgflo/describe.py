"""Makes the discovery message of a participant."""

import json

from .topics import bind_topic

__all__ = ("describe",)


def describe(participant, connection):
    """Return the discovery message of a participant that the client id `connection` carries, as a payload.

    It is put together of parts, so that a board needs memory for one of them at a time.
    """
    runner = participant._runner
    definition = participant.definition
    parts = _parts(participant, runner) if definition is None else [_members(definition)]
    parts.append(_members({"connection": connection, "period": runner.period}))
    if runner.ins:
        parts.append(_members({"bind": bind_topic(runner.id), "confirms": True}))
    return b'{"protocol":"discovery","command":"participant","payload":{' + b",".join(parts) + b"}}"


def _parts(participant, runner):
    component = participant.component or type(participant).__name__
    parts = [_members({"id": participant.id, "role": participant.role, "component": component})]
    parts.append(_members({"label": participant.label}))
    if participant.icon:
        parts.append(_members({"icon": participant.icon}))
    parts.append(b'"inports":[' + b",".join([_port(port, runner.ins) for port in participant.inports]) + b"]")
    parts.append(b'"outports":[' + b",".join([_port(port, runner.outs) for port in participant.outports]) + b"]")
    return parts


def _port(port, topics):
    described = {"id": port.id, "queue": topics[port.id][0], "type": port.type}
    if port.description:
        described["description"] = port.description
    if port.schema is not None:
        described["schema"] = port.schema
    if port.qos or port.retain:
        described["options"] = {"qos": port.qos, "retain": port.retain}
    return _packed(described).encode()


def _members(data):
    return _packed(data)[1:-1].encode()


def _packed(data):
    return json.dumps(data, separators=(",", ":"))  # a board keeps it all along: a tenth less
