"""The ports in a discovery message, and what may be an MQTT topic."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from msgflo import topics
from msgflo.errors import ConfigError

from ..util import text_checks
from ..util.quoting import quoted, shown
from ..util.text_checks import Problem

__all__ = ["MAX_DEPTH", "MAX_ID", "MAX_PORTS", "Port", "inport_topic", "outport_topic", "port_object", "ports"]

MAX_PORTS = 1000  # of one participant, inports and outports together
MAX_ID = 1024  # characters of an id, a role, a component or a connection
MAX_DEPTH = 32  # of values that are stored unread, such as a schema

_KEYS = frozenset({"id", "queue", "type", "description", "schema", "options"})


class Port(msgspec.Struct, frozen=True):
    """An inport or outport; without a `queue` (its MQTT topic) it cannot be bound.

    `schema` is a JSON Schema or its URL; `extra` holds the keys that are not known here. An inport of `text` is sent a text as
    it is, not as JSON, and everything else as JSON.
    """

    id: str
    queue: str | None = None
    type: str = "any"
    description: str | None = None
    schema: Any = None
    qos: int = 0
    retain: bool = False
    text: bool = False
    extra: dict[str, Any] = {}


def ports(value: Any, where: str, check: Callable[[str], None]) -> tuple[Port, ...]:
    """Return the ports in `value`, a list or a map, each of whose topics passed `check`; raise Problem otherwise."""
    if value is None:
        return ()
    if not isinstance(value, list | dict):
        raise Problem(f'"{where}" is {shown(value)}; a list or a map of ports is needed')
    if len(value) > MAX_PORTS:
        raise Problem(f'"{where}" has {len(value)} ports; at most {MAX_PORTS} are allowed')
    if isinstance(value, list):
        found = [_port(port, f"{where}[{i}]", check) for i, port in enumerate(value)]
    else:
        found = [_port(_named(key, port, where), where, check) for key, port in value.items()]
    if len({port.id for port in found}) < len(found):
        ids = [port.id for port in found]
        twice = next(port for i, port in enumerate(ids) if port in ids[:i])
        raise Problem(f'"{where}" has the port {quoted(twice)} twice')
    return tuple(found)


def _named(key: str, port: Any, where: str) -> Any:
    """Return a port of the map form in the list form: the key is its id."""
    if port is None:
        return {"id": key}
    if type(port) is dict and str(port.get("id", key)) != key:
        raise Problem(f"{where} {quoted(key)} calls itself {shown(port['id'])}; the key and the id must be the same")
    return {**port, "id": key} if type(port) is dict else port


def _port(value: Any, where: str, check: Callable[[str], None]) -> Port:
    """Return one port in the list form, or raise Problem."""
    if type(value) is not dict:
        raise Problem(f"{where} is {shown(value)}; an object with id, queue and type is needed")
    port = text_checks.name(value.get("id"), f'{where}: "id"', MAX_ID)
    if port is None:
        raise Problem(f'{where}: "id" is missing')
    queue = value.get("queue") or None
    try:
        if queue is not None:
            if type(queue) is not str:
                raise Problem(f'"queue" is {shown(queue)}; an MQTT topic is needed')
            check(queue)
        description = value.get("description")
        extra = text_checks.unknown_keys(value, _KEYS, MAX_DEPTH)
        options = value.get("options")
        qos, retain, text = _options(options, extra) if options else (0, False, False)
        return Port(
            port,
            queue,
            text_checks.scalar(value.get("type"), '"type"') or "any",
            description if description is None else text_checks.scalar(description, '"description"'),
            text_checks.shallow(value.get("schema"), '"schema"', MAX_DEPTH),
            qos,
            retain,
            text,
            extra,
        )
    except Problem as problem:
        raise Problem(f"{where} {quoted(port)}: {problem}") from None


def _options(options: Any, extra: dict[str, Any]) -> tuple[int, bool, bool]:
    """Return QoS, retain and text; what else the options hold goes into `extra`."""
    if type(options) is not dict:
        raise Problem(f'"options" is {shown(options)}; an object is needed, such as {{"qos": 1, "retain": true}}')
    qos, retain, payload = options.get("qos"), options.get("retain"), options.get("payload")
    if qos is not None and (type(qos) is not int or qos not in (0, 1)):
        raise Problem(f'"options.qos" is {shown(qos)}; allowed: 0, 1')
    if retain is not None and type(retain) is not bool:
        raise Problem(f'"options.retain" is {shown(retain)}; allowed: true, false')
    if payload is not None and payload not in ("json", "text"):
        raise Problem(f'"options.payload" is {shown(payload)}; allowed: "json", "text"')
    others = text_checks.unknown_keys(options, frozenset({"qos", "retain", "payload"}), MAX_DEPTH)
    if others:
        extra["options"] = others
    return qos or 0, retain or False, payload == "text"


def outport_topic(topic: str) -> None:
    """Accept a topic, or a filter: an outport may stand for many topics."""
    if not text_checks.is_plain(topic):
        text_checks.check_mqtt(topic)
        try:
            topics.check_filter(topic)
        except ConfigError:
            raise Problem(
                f'"queue" is {shown(topic)}; a wildcard must have its level to itself, and # must be the last'
            ) from None
    _refuse_reserved(topic)


def inport_topic(topic: str) -> None:
    """Accept a topic that can be published to."""
    if not text_checks.is_plain(topic):
        text_checks.check_mqtt(topic)
        if topics.is_filter(topic):
            raise Problem(f'"queue" is {shown(topic)}; an inport is one topic, without + and #')
    _refuse_reserved(topic)


def _refuse_reserved(topic: str) -> None:
    # Whoever could name these as its port could have others' bindings and states overwritten, or read out the broker.
    if topic.startswith(("fbp", "$")) and (topic == "fbp" or topic.startswith(("fbp/", "$"))):
        raise Problem(f'"queue" is {shown(topic)}; reserved: "fbp", all topics below it and all that begin with "$"')


def port_object(port: Port) -> dict[str, Any]:
    """Return a port as it is written in a message."""
    result: dict[str, Any] = {**port.extra, "id": port.id, "type": port.type}
    for key in ("queue", "description", "schema"):
        value = getattr(port, key)
        if value is not None:
            result[key] = value
    options = dict(port.extra.get("options", ()))
    if port.qos:
        options["qos"] = port.qos
    if port.retain:
        options["retain"] = True
    if port.text:
        options["payload"] = "text"
    if options:
        result["options"] = options
    return result
