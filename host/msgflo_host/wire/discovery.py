"""The discovery message: how a participant describes itself, as one typed model that is checked on the way in.

    participant = parse(payload, topic="fbp")

All dialects in use are read: an empty `id` means the role; ports come as a list or as a map; keys that are not known
here are stored in `extra`, and `encode` writes them back. Whatever is wrong raises DiscoveryError, with one sentence
that names it.
"""

from __future__ import annotations

from typing import Any

import msgspec

from msgflo import topics

from ..errors import DiscoveryError
from ..util import text_checks
from ..util.quoting import quoted, shown
from ..util.text_checks import Problem
from .port import MAX_DEPTH, MAX_ID, MAX_PORTS, Port, inport_topic, outport_topic, port_object, ports

__all__ = [
    "MAX_BYTES",
    "MAX_ID",
    "MAX_PORTS",
    "STATUSES",
    "NotDiscovery",
    "Participant",
    "Port",
    "Runtime",
    "connection_of",
    "encode",
    "foreign_connection",
    "merge",
    "parse",
    "parse_status",
    "participant_of",
]

MAX_BYTES = 256 * 1024  # of one message
MAX_PERIOD = 366 * 24 * 3600.0  # seconds

STATUSES = ("online", "asleep", "offline", "lost")

_PARTICIPANT = "fbp/participant/"
_CONNECTION = "fbp/connection/"
_PARTICIPANT_KEYS = frozenset(
    {"id", "role", "component", "label", "icon", "inports", "outports", "connection", "period", "bind", "confirms"}
)
_RUNTIME_KEYS = frozenset({"type", "version", "inqueue", "outqueue"})
# An update that leaves these out inherits the earlier value.
_INHERITED = frozenset({"label", "icon", "inports", "outports"})
_NONE_ABSENT: frozenset[str] = frozenset()


class NotDiscovery(DiscoveryError):
    """A message on `fbp` that is no discovery message, but may be another one of the FBP protocol; nobody's mistake."""


class Runtime(msgspec.Struct, frozen=True):
    """The runtime of a participant that is a graph: its type and version, and the topics of its questions and answers."""

    type: str
    version: str
    inqueue: str
    outqueue: str


class Participant(msgspec.Struct, frozen=True):
    """One participant, as it describes itself.

    `connection` is the MQTT client id that carries it, `period` the seconds within which its next message can be
    expected, `bind` the topic on which it takes direct bindings, `runtime` what is there if it is a graph itself; None
    where its message has none. `confirms`: it knows the key "" of binding lists and confirms their versions, as libraries
    of an earlier version do not. `absent` names the keys that its message left out; see `merge`.
    """

    id: str
    role: str
    component: str
    label: str = ""
    icon: str | None = None
    inports: tuple[Port, ...] = ()
    outports: tuple[Port, ...] = ()
    connection: str | None = None
    period: float | None = None
    bind: str | None = None
    confirms: bool = False
    extra: dict[str, Any] = {}
    absent: frozenset[str] = frozenset()
    runtime: Runtime | None = None

    def inport(self, port: str) -> Port | None:
        """Return the inport of that id, or None."""
        return next((p for p in self.inports if p.id == port), None)

    def outport(self, port: str) -> Port | None:
        """Return the outport of that id, or None."""
        return next((p for p in self.outports if p.id == port), None)


def parse(payload: bytes, *, topic: str = "fbp") -> Participant:
    """Read a discovery message that came on `topic`: `fbp`, or `fbp/participant/<id>` with the id of the message.

    Raises NotDiscovery where the message is none, DiscoveryError where it cannot be used. An empty payload on
    `fbp/participant/<id>` means that the participant was removed, and is the caller's to handle: see `participant_of`.
    """
    try:
        if len(payload) > MAX_BYTES:
            raise Problem(f"the message has {len(payload)} bytes; at most {MAX_BYTES} are allowed")
        message = text_checks.decode(payload)
        if type(message) is not dict:
            raise Problem(f"a JSON object is needed, this is {shown(message)}")
        if message.get("protocol") != "discovery" or message.get("command") != "participant":
            raise NotDiscovery(
                f"message on {quoted(topic)}: {shown(message.get('protocol'))}, {shown(message.get('command'))} "
                'is no discovery message; those have "protocol": "discovery" and "command": "participant"'
            )
        body = message.get("payload")
        if type(body) is not dict:
            raise Problem(f'"payload" is {shown(body)}; an object that describes the participant is needed')
        participant = _participant(body)
        if topic.startswith(_PARTICIPANT) and participant_of(topic) != participant.id:
            raise Problem(f"the id in the message is {quoted(participant.id)}; it must be the one in the topic")
        return participant
    except Problem as problem:
        raise DiscoveryError(f"discovery on {quoted(topic)}: {problem}") from None


def parse_status(payload: bytes, *, topic: str) -> str | None:
    """Read what `fbp/connection/<client id>` says: one of STATUSES, or None where the topic was cleared.

    Raises DiscoveryError for anything else.
    """
    if not payload:
        return None
    for status in STATUSES:
        if payload == status.encode():
            return status
    raise DiscoveryError(f"{quoted(topic)} says {shown(bytes(payload[:100]))}; allowed: {', '.join(STATUSES)}")


def participant_of(topic: str) -> str | None:
    """Return the id in `fbp/participant/<id>`, or None for any other topic."""
    return _last_level(topic, _PARTICIPANT)


def connection_of(topic: str) -> str | None:
    """Return the client id in `fbp/connection/<client id>`, or None for any other topic."""
    return _last_level(topic, _CONNECTION)


def foreign_connection(id: str) -> str:
    """Return the client id under which the status of a foreign device with `availability` is announced."""
    return f"foreign-{id}"


def merge(old: Participant, new: Participant) -> Participant:
    """Return `new`, with the values of `old` for keys that its message left out.

    Not so for `connection`, `period`, `bind`, `confirms`, `liveness` and `runtime`: they belong to the program that speaks,
    and one that does not name them does not have them. Packets for one that cannot bind would be lost otherwise.
    """
    if new == old:
        return old
    inherited = {key: getattr(old, key) for key in new.absent}
    extra = {key: value for key, value in old.extra.items() if key != "liveness"}
    return msgspec.structs.replace(new, **inherited, extra={**extra, **new.extra}, absent=new.absent & old.absent)


def encode(participant: Participant) -> bytes:
    """Return the discovery message of a participant, unknown keys included."""
    body: dict[str, Any] = {
        **participant.extra,
        "id": participant.id,
        "role": participant.role,
        "component": participant.component,
        "label": participant.label,
        "icon": participant.icon,
        "inports": [port_object(port) for port in participant.inports],
        "outports": [port_object(port) for port in participant.outports],
    }
    for key in ("connection", "period", "bind"):
        value = getattr(participant, key)
        if value is not None:
            body[key] = value
    if participant.confirms:
        body["confirms"] = True
    if participant.runtime is not None:
        body |= msgspec.structs.asdict(participant.runtime)
    for key in participant.absent:
        body.pop(key, None)
    return msgspec.json.encode({"protocol": "discovery", "command": "participant", "payload": body})


def _last_level(topic: str, prefix: str) -> str | None:
    """Return the unescaped level after `prefix`; None where the topic has another form."""
    level = topic[len(prefix) :]
    if not level or "/" in level or not topic.startswith(prefix):
        return None
    try:
        name: str = topics.unescape(level)
    except ValueError:
        return None
    return name


def _participant(body: dict[str, Any]) -> Participant:
    role = text_checks.name(body.get("role"), '"role"', MAX_ID)
    component = text_checks.name(body.get("component"), '"component"', MAX_ID)
    if role is None or component is None:
        missing = " and ".join(f'"{key}"' for key, value in (("role", role), ("component", component)) if value is None)
        raise Problem(
            f"{missing} {'is' if role or component else 'are'} missing (participant messages need role, component)"
        )
    identity = text_checks.name(body.get("id"), '"id"', MAX_ID, nul=True) or role
    try:
        inports = ports(body.get("inports"), "inports", inport_topic)
        outports = ports(body.get("outports"), "outports", outport_topic)
        if len(inports) + len(outports) > MAX_PORTS:
            raise Problem(f"it has {len(inports) + len(outports)} ports; at most {MAX_PORTS} are allowed")
        bind = body.get("bind")
        if bind is not None and bind != topics.bind_topic(identity):
            raise Problem(f'"bind" is {shown(bind)}; allowed: {quoted(topics.bind_topic(identity))}, or none at all')
        runtime = _runtime(body)
        return Participant(
            identity,
            role,
            component,
            text_checks.scalar(body.get("label"), '"label"'),
            text_checks.scalar(body.get("icon"), '"icon"') or None,
            inports,
            outports,
            text_checks.name(body.get("connection"), '"connection"', MAX_ID, nul=True),
            _period(body.get("period")),
            bind,
            body.get("confirms") is True,
            text_checks.unknown_keys(
                body, _PARTICIPANT_KEYS | _RUNTIME_KEYS if runtime else _PARTICIPANT_KEYS, MAX_DEPTH
            ),
            # Most messages leave nothing out, and share one empty set.
            _INHERITED - body.keys() or _NONE_ABSENT,
            runtime,
        )
    except Problem as problem:
        raise Problem(f"participant {quoted(identity)}: {problem}") from None


def _runtime(body: dict[str, Any]) -> Runtime | None:
    """Return the runtime where the two topics are there; `type` and `version` alone are unknown keys."""
    if body.get("inqueue") is None and body.get("outqueue") is None:
        return None
    texts = (text_checks.scalar(body.get(key), f'"{key}"') for key in ("type", "version"))
    kind, version = (
        text_checks.name(text, f'"{key}"', MAX_ID) for key, text in zip(("type", "version"), texts, strict=True)
    )
    missing = [f'"{key}"' for key in sorted(_RUNTIME_KEYS) if not body.get(key)]
    if kind is None or version is None or missing:
        raise Problem(
            f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing (participants that are graphs need "
            "type, version, inqueue, outqueue)"
        )
    inqueue, outqueue = _queue(body, "inqueue"), _queue(body, "outqueue")
    if inqueue == outqueue:
        raise Problem(f'"inqueue" and "outqueue" are both {quoted(inqueue)}; two topics are needed')
    return Runtime(kind, version, inqueue, outqueue)


def _queue(body: dict[str, Any], key: str) -> str:
    topic = body[key]
    if type(topic) is not str:
        raise Problem(f'"{key}" is {shown(topic)}; an MQTT topic is needed')
    try:
        inport_topic(topic)
    except Problem as problem:
        raise Problem(str(problem).replace('"queue"', f'"{key}"', 1).replace("an inport", "it")) from None
    return topic


def _period(value: Any) -> float | None:
    if value is None:
        return None
    if type(value) not in (int, float) or not 0 < value <= MAX_PERIOD:
        raise Problem(f'"period" is {shown(value)}; allowed: seconds, more than 0, at most {MAX_PERIOD:.0f}')
    return float(value)
