"""The known participants by id, role, connection and topic."""

from __future__ import annotations

from typing import NamedTuple

from ..errors import DiscoveryError
from ..util.quoting import quoted
from ..wire.discovery import Participant
from .topic_publishers import Publishers, Traffic

__all__ = ["Connection", "Entry", "Event", "Index", "Role"]


class Entry:
    """A known participant; times are those of the `now` arguments, in seconds.

    `state` is alive, asleep, lost or, once forgotten, removed, since `since`, because of `reason`; `heard` is the last
    sign of life, `last_packet` the last packet seen on its topics (None: none yet), `starts` how often it was seen to
    start.
    """

    __slots__ = (
        "came_from",
        "first_seen",
        "heard",
        "last_packet",
        "participant",
        "reason",
        "running",
        "since",
        "size",
        "starts",
        "state",
    )

    def __init__(self, participant: Participant, now: float) -> None:
        self.participant = participant
        self.state = "lost"
        self.reason = ""
        self.first_seen = self.since = self.heard = now
        self.last_packet: float | None = None
        self.starts = 0
        self.running = False  # a start was reported, and no loss since
        self.size = 0  # bytes of its message
        self.came_from: str | None = None  # the connection that carried it before

    def __repr__(self) -> str:
        return f"<{self.participant.id} ({self.participant.role}): {self.state}{self.reason and ', ' + self.reason}>"


class Event(NamedTuple):
    """Something that happened to an entry.

    `kind` is appeared (it was unknown), changed (its discovery message), started (send the initial packets),
    asleep, woke (from asleep; perhaps by a start), lost and removed (`text` says why), or warning
    (`text` is for the user).
    """

    kind: str
    entry: Entry
    text: str = ""


class Role:
    """The instances of a role, and how many of them are not lost."""

    __slots__ = ("entries", "living")

    def __init__(self) -> None:
        self.entries: dict[str, Entry] = {}
        self.living = 0


class Connection:
    """The state of an MQTT connection, None while it is not known, and the participants that it carries.

    `lost_at` is when it was lost last, `taken_over` how often another one has come at once then.
    """

    __slots__ = ("entries", "lost_at", "status", "taken_over")

    def __init__(self, status: str | None = None) -> None:
        self.status = status
        self.lost_at = float("-inf")
        self.taken_over = 0
        self.entries: dict[str, Entry] = {}


class Index:
    """All entries; `bytes` is the size of their messages, `version` grows with each change."""

    def __init__(self, idle_limit: int) -> None:
        self.entries: dict[str, Entry] = {}
        self.roles: dict[str, Role] = {}
        self.connections: dict[str, Connection] = {}
        self.traffic = Traffic()
        self.bytes = 0
        self.version = 0
        self._publishers = Publishers()
        self._idle = 0  # connections that carry nobody
        self._idle_limit = idle_limit

    def add(self, entry: Entry, size: int) -> list[Event]:
        """Put an entry in; return warnings about topics that it shares with other roles."""
        participant = entry.participant
        self.version += 1
        self.bytes += size
        entry.size = size
        self.entries[participant.id] = entry
        role = self.roles.setdefault(participant.role, Role())
        role.entries[participant.id] = entry
        role.living += entry.state != "lost"
        self.traffic.add(participant)
        if participant.connection is not None:
            connection = self.connections.get(participant.connection)
            if connection is None:
                connection = self.connections[participant.connection] = Connection()
            elif not connection.entries:
                self._idle -= 1
            connection.entries[participant.id] = entry
        return [Event("warning", entry, text) for text in self._publishers.add(participant)]

    def discard(self, entry: Entry) -> None:
        """Take an entry out, before its participant or its state changes."""
        participant = entry.participant
        self.version += 1
        self.bytes -= entry.size
        del self.entries[participant.id]
        role = self.roles[participant.role]
        del role.entries[participant.id]
        role.living -= entry.state != "lost"
        if not role.entries:
            del self.roles[participant.role]
        self.traffic.discard(participant)
        self._publishers.discard(participant)
        if participant.connection is not None:
            connection = self.connections[participant.connection]
            del connection.entries[participant.id]
            self._idle += not connection.entries
            self.drop_if_useless(participant.connection)

    def connection_of(self, participant: Participant) -> Connection | None:
        """Return the connection that carries a participant, None if it names none."""
        return None if participant.connection is None else self.connections[participant.connection]

    def note_idle(self, client_id: str, status: str) -> None:
        """Remember the state of a connection whose participants have not been heard of; DiscoveryError if too many."""
        if self._idle >= self._idle_limit:
            raise DiscoveryError(
                f"connection {quoted(client_id)} is refused: {self._idle} connections are known that carry no "
                f"participant; at most {self._idle_limit} are kept"
            )
        self.connections[client_id] = Connection(status)
        self._idle += 1

    def drop_if_useless(self, client_id: str) -> None:
        """Forget a connection that carries nobody and whose state was cleared, or that exceeds the limit."""
        connection = self.connections[client_id]
        if not connection.entries and (connection.status is None or self._idle > self._idle_limit):
            del self.connections[client_id]
            self._idle -= 1
