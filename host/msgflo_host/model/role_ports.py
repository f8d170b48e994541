"""The ports of all instances of a role, found by the name that a graph uses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from ..util.quoting import quoted
from ..wire.discovery import Participant, Port

__all__ = ["Place", "Ports", "Refused"]

_LISTED = 20  # ports in a message


class Refused(Exception):
    """A port cannot be bound; the text is the reason."""


class Place(msgspec.Struct, frozen=True, gc=False):
    """A port of one instance, and its topic."""

    topic: str
    participant: str
    port: str


class Ports:
    """The ports of one direction, `kind`: inport or outport, of all roles."""

    def __init__(self, kind: str, participants: Mapping[str, Sequence[Participant]], *, case_sensitive: bool) -> None:
        self._kind = kind
        self._participants = participants
        self._case_sensitive = case_sensitive
        self._roles: dict[str, dict[str, tuple[Place, ...]]] = {}

    def find(self, role: str, port: str, index: int | str | None) -> tuple[Place, ...]:
        """Return a port of each instance that has it with a topic, nothing where the role is absent.

        Raises Refused where there is no such port, with those that exist.
        """
        ports = self._roles.get(role)
        if ports is None:
            if role not in self._participants:
                return ()
            ports = self._roles[role] = self._places(self._participants[role])
        found = ports.get(port)
        if found is None:
            found = ports[self._spelling(role, port, list(ports))]
        if index is not None:
            raise Refused(f"{self._kind} {quoted(port)} of {quoted(role)} has no index [{index}]; no port has one")
        if not found:
            raise Refused(f"{self._kind} {quoted(port)} of {quoted(role)} has no topic, so it cannot be bound")
        return found

    def _places(self, instances: Sequence[Participant]) -> dict[str, tuple[Place, ...]]:
        places: dict[str, tuple[Place, ...]] = {}
        for instance in instances:
            for port in self._of(instance):
                place = () if port.queue is None else (Place(port.queue, instance.id, port.id),)
                places[port.id] = places[port.id] + place if port.id in places else place
        return places

    def _of(self, participant: Participant) -> tuple[Port, ...]:
        return participant.inports if self._kind == "inport" else participant.outports

    def _spelling(self, role: str, port: str, names: list[str]) -> str:
        """Return the name of the port that differs only in case."""
        similar = [] if self._case_sensitive else [name for name in names if name.lower() == port.lower()]
        if len(similar) == 1:
            return similar[0]
        what = f"{quoted(role)} has {'more than one' if similar else 'no'} {self._kind} {quoted(port)}"
        names = similar or names
        listed = ", ".join(quoted(name) for name in names[:_LISTED]) or "none"
        more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
        raise Refused(f"{what}; it has {listed}{more}")
