"""Foreign devices, read from YAML: what MsgFlo's `msgflo-register-foreign` reads, and `availability`."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgflo.topics import is_filter

from ...errors import DiscoveryError, ForeignError
from ...util import quoting, text_checks
from ...wire import discovery
from ...wire.discovery import MAX_ID, Participant, Port, foreign_connection
from ...wire.port import inport_topic, outport_topic
from ...wire.port import ports as read_ports

if TYPE_CHECKING:
    from ...util.yaml_reader import Located

__all__ = ["Availability", "Foreign", "check_unique", "load", "load_folder", "parse_role_argument"]

_OURS = ("connection", "period", "bind", "liveness", "protocol", "command")
_KNOWN = ("component", "label", "icon", "role", "id", "inports", "outports", "availability")
_KNOWN_OF_PORT = ("queue", "type", "description", "schema", "options")
_OPTIONS = ("qos", "retain", "payload")
_TYPES = (
    "boolean", "number", "int", "integer", "float", "string", "object", "array", "color", "date", "enum", "bang", "buffer",
    "stream", "function", "all", "any",
)  # fmt: skip
_NO_MISTAKES = ("optional",)  # near to `options`, but a key of its own


_LONGEST_ID = MAX_ID - len(foreign_connection(""))


@dataclass(frozen=True, slots=True)
class Availability:
    """The topic on which a device or its bridge publishes that it is online or offline, and the two payloads."""

    topic: str
    online: Any = "online"
    offline: Any = "offline"


@dataclass(frozen=True, slots=True)
class Foreign:
    """A foreign device in one role; `participant` has neither `period` nor a live connection yet."""

    participant: Participant
    availability: Availability | None
    file: str


def load(path: str | os.PathLike[str], role: str | None = None) -> Foreign:
    """Read the YAML file of a foreign device, for a role; without one, the file's `role` or its name is the role.

    Raises ForeignError with file, line and column.

        component: home/Lamp            # must
        label: Lamp at the door         # may, as are icon, id, role, and keys that are not known here
        inports:
          on: {queue: "#ROLE/on", type: boolean}     # or, as a list:  - id: on
        outports:
          state: {queue: "#ROLE/state", options: {retain: true}}
        availability: {topic: "#ROLE/status", online: "up", offline: "down"}   # may; "online" and "offline" by default
    """
    return _File(path, role).foreign()


def load_folder(path: str | os.PathLike[str]) -> list[Foreign]:
    """Read every .yml and .yaml file of a folder, in the order of their names; ForeignError about the first bad one."""
    folder = Path(path)
    try:
        files = sorted(file for file in folder.iterdir() if file.suffix.lower() in (".yml", ".yaml"))
    except OSError as wrong:
        raise ForeignError(
            f"cannot be read: {wrong.strerror}; a folder of .yml files is needed", file=str(path)
        ) from None
    devices = [load(file) for file in files if not file.name.startswith(".")]
    check_unique(devices)
    return devices


def check_unique(devices: Iterable[Foreign]) -> None:
    """Raise ForeignError if two devices have the same id."""
    seen: dict[str, Foreign] = {}
    for device in devices:
        other = seen.setdefault(device.participant.id, device)
        if other is not device:
            of = f"{other.participant.role} ({other.file})"
            message = f"its id {device.participant.id!r} is also that of {of}; give each its own role or `id`"
            raise ForeignError(message, file=device.file)


def parse_role_argument(argument: str) -> tuple[str, Path]:
    """Return role and file of an argument `ROLE:FILE.yml`; ForeignError if it has another form."""
    role, colon, file = argument.partition(":")
    if not (colon and role and file):
        raise ForeignError(f"{argument!r} is not of the form ROLE:FILE.yml, as in lamp:devices/lamp.yml")
    _check_role(role, lambda message: _fail(message))
    return role, Path(file)


def _fail(message: str) -> None:
    raise ForeignError(message)


def _check_role(role: str, fail: Callable[[str], object]) -> None:
    try:
        text_checks.check_mqtt(role)
    except text_checks.Problem:
        fail(f"role {quoting.quoted(role)} holds a character that no topic may hold")
    if is_filter(role):
        fail(f"role {quoting.quoted(role)} holds a wildcard; '+' and '#' are not allowed, '/' is")
    if len(role) > _LONGEST_ID:
        fail(f"the role has {len(role)} characters; at most {_LONGEST_ID} are allowed")


class _File:
    def __init__(self, path: str | os.PathLike[str], role: str | None) -> None:
        from ...util.yaml_reader import Reader  # ruamel.yaml: 2 MB that a coordinator without YAML files does not need

        self._reader = Reader(path, ForeignError)
        top = self._reader.read()
        if top is None:
            self._reader.fail("is empty; it needs component, inports and outports", 1, 1)
        if not isinstance(top.value, dict):
            self._reader.fail_at(top, f"must be a map with {', '.join(_KNOWN)}, not {top.kind}")
        self._top = top
        self._role = role if role is not None else self._name(top, "role") or Path(path).stem
        _check_role(self._role, lambda message: self._reader.fail(message, *top.keys.get("role", (1, 1))))

    def foreign(self) -> Foreign:
        top = self._top
        for key in _OURS:
            if key in top.value:
                self._reader.fail_at(top, f"{key!r} is set by the program that announces the device; leave it out", key)
        self._refuse_near_misses(top, _KNOWN)
        component = self._name(top, "component")
        if component is None:
            self._reader.fail_at(top, "'component' is missing, as in  component: project/Name")
        if not {"inports", "outports"} & top.value.keys():
            self._reader.fail_at(top, "has neither 'inports' nor 'outports'; write {} for none")
        identity = self._name(top, "id") or self._role
        if len(identity) > _LONGEST_ID:
            self._reader.fail_at(top.value["id"], f"has {len(identity)} characters; at most {_LONGEST_ID} are allowed")
        availability = self._availability()
        extra = {key: value.plain() for key, value in top.value.items() if key not in _KNOWN}
        participant = Participant(
            identity,
            self._role,
            component,
            self._scalar(top, "label"),
            self._scalar(top, "icon") or None,
            self._ports("inports", inport_topic),
            self._ports("outports", outport_topic),
            connection=foreign_connection(identity) if availability else None,
            extra=extra if availability else {**extra, "liveness": "traffic"},
        )
        return Foreign(self._announceable(participant), availability, self._reader.file)

    def _announceable(self, participant: Participant) -> Participant:
        """Return the participant as coordinators will read it."""
        try:
            return discovery.parse(discovery.encode(participant))
        except DiscoveryError as wrong:
            self._reader.fail(wrong.message)

    def _ports(self, side: str, check: Callable[[str], None]) -> tuple[Port, ...]:
        place = self._top.value.get(side)
        if place is None or place.value is None:
            return ()
        found: dict[str, Port] = {}
        for port, value in self._entries(place, side):
            if port in found:
                self._reader.fail_at(value, f"{side} has the port {port!r} twice")
            found[port] = self._port(port, value, check)
        return tuple(found.values())

    def _entries(self, place: Located, side: str) -> Iterable[tuple[str, Located]]:
        if isinstance(place.value, dict):
            for port, value in place.value.items():
                self._need_map(value, f"port {port!r}", "{queue: topic, type: any}")
                own = self._name(value, "id")
                if own not in (None, port):
                    self._reader.fail_at(value.value["id"], f"port {port!r} has the id {own!r}; leave the id out")
                yield port, value
        elif isinstance(place.value, list):
            for value in place.value:
                self._need_map(value, f"an entry of {side}", "{id: name, queue: topic, type: any}")
                port = self._name(value, "id")
                if port is None:
                    self._reader.fail_at(
                        value, f"'id' is missing; a port in a list needs one, as in  - id: {side[:-1]}"
                    )
                yield port, value
        else:
            self._reader.fail_at(place, f"{side} must be a map or a list of ports ({{}} for none), not {place.kind}")

    def _port(self, port: str, place: Located, check: Callable[[str], None]) -> Port:
        self._refuse_near_misses(place, _KNOWN_OF_PORT)
        if isinstance((options := place.value.get("options")) and options.value, dict):
            self._refuse_near_misses(options, _OPTIONS)
        queue = self._topic(place, "queue", f"port {port!r}")
        kind = place.value.get("type")
        if kind is not None and not isinstance(kind.value, (str, type(None))):
            self._reader.fail_at(kind, f"type must be a text such as boolean, number, string or any, not {kind.kind}")
        if kind is not None and kind.value and kind.value not in _TYPES:
            near = get_close_matches(kind.value.lower()[:100], _TYPES, 1)
            hint = f"did you mean {near[0]!r}?" if near else f"allowed are {', '.join(_TYPES)}"
            self._reader.fail_at(kind, f"port {port!r} has the type {kind.value!r}; {hint}")
        described = {**place.plain(), "id": port, "queue": queue.value}
        try:
            (result,) = read_ports([described], "port", check)
        except text_checks.Problem as problem:
            where = queue if '"queue"' in str(problem) else place
            self._reader.fail_at(where, f"port {str(problem).removeprefix('port[0] ')}")
        return result

    def _topic(self, place: Located, key: str, of: str) -> Located:
        """Return the topic at `key`, with the role put in."""
        found: Located | None = place.value.get(key)
        if found is None:
            self._reader.fail_at(place, f"{of} has no {key!r}, its MQTT topic")
        if found.value is None or found.value == "":
            hint = 'a topic that begins with # must be in quotes, as in "#ROLE/on"'
            self._reader.fail_at(place, f"{key!r} of {of} is empty; {hint}", key)
        if not isinstance(found.value, str):
            self._reader.fail_at(found, f"{key!r} of {of} must be a text, an MQTT topic, not {found.kind}")
        return replace(found, value=found.value.replace("#ROLE", self._role), keys={})

    def _availability(self) -> Availability | None:
        place = self._top.value.get("availability")
        if place is None or place.value is None:
            return None
        self._need_map(place, "availability", "{topic: topic, online: payload, offline: payload}")
        for key in place.value:
            if key not in ("topic", "online", "offline"):
                self._reader.fail_at(place, f"unknown key {key!r}; allowed are topic, online, offline", key)
        topic = self._topic(place, "topic", "availability")
        try:
            text_checks.check_mqtt(topic.value)
        except text_checks.Problem as problem:
            self._reader.fail_at(topic, str(problem).replace('"queue"', "topic"))
        if is_filter(topic.value):
            self._reader.fail_at(topic, f"topic {topic.value!r} has a wildcard; it must be one topic, without + and #")
        payloads = {key: part.plain() for key, part in place.value.items() if key != "topic"}
        result = Availability(topic.value, **payloads)
        if result.online == result.offline:
            self._reader.fail_at(place, f"online and offline are both {result.online!r}; they must differ")
        return result

    def _refuse_near_misses(self, place: Located, known: tuple[str, ...]) -> None:
        """Refuse a key that is nearly a known one; any other unknown key is passed on."""
        longer = [name for name in known if name != "id"]  # too short to be near to
        for key in place.value:
            if key not in known and key not in _NO_MISTAKES:
                for near in get_close_matches(key.lower(), longer, 1, 0.75):
                    self._reader.fail_at(place, f"unknown key {key!r}; did you mean {near!r}?", key)

    def _name(self, place: Located, key: str) -> str | None:
        """Return a text that is not empty, None if there is none."""
        found = place.value.get(key)
        if found is None or found.value is None or found.value == "":
            return None
        if not isinstance(found.value, str):
            hint = "" if isinstance(found.value, (dict, list)) else "; put it in quotes"
            self._reader.fail_at(found, f"{key!r} must be a text, not {found.kind}{hint}")
        return str(found.value)

    def _scalar(self, place: Located, key: str) -> str:
        found = place.value.get(key)
        if found is None or found.value is None:
            return ""
        if isinstance(found.value, (dict, list)):
            self._reader.fail_at(found, f"{key!r} must be a text, not {found.kind}")
        return str(found.value)

    def _need_map(self, place: Located, what: str, example: str) -> None:
        if not isinstance(place.value, dict):
            self._reader.fail_at(place, f"{what} must be a map such as {example}, not {place.kind}")
