"""The registry of participants: alive, asleep or lost. Time comes in as an argument.

    registry = Registry()
    for event in registry.discovered(discovery.parse(payload, topic=topic), now, retained=retained): …

The state of a participant comes from:

- Its `connection`, if its state is known: `lost` (the last will) and `offline` (it was stopped) make it lost at
  once, `asleep` asleep, `online` alive. The messages may come in any order.
- Silence: alive ones are lost after 2.2 periods, sleepers after 1.1 periods (clocks of boards drift), and 5 s;
  after 600 s where there is no `period`.
- A live message of its own, which proves that it is back; a retained one proves nothing.

Lost ones stay known. The registry forgets those that were removed; those with an id made for one start (not the role's, and no
connection) once they have been lost for 600 s and another instance of the role is alive, or for a day; and, when the
registry is full, those that have been lost for longest, after 600 s at the earliest.
"""

from __future__ import annotations

import math

from ..errors import DiscoveryError
from ..util.quoting import quoted
from ..wire import discovery
from ..wire.discovery import Participant
from .participant_index import Connection, Entry, Event, Index

__all__ = ["FORGET_AFTER", "LOST_AFTER", "Entry", "Event", "Registry"]

LOST_AFTER = 600.0
"""Seconds of silence after which a participant without a `period` is lost."""
FORGET_AFTER = 24 * 3600.0
"""Seconds after which a lost participant whose id nobody will use again is forgotten."""
AT_ONCE = 0.2
"""Seconds after a loss within which no program has reconnected by itself: another one has taken over its connection."""
MISSED, OVERSLEPT, GRACE = 2.2, 1.1, 5.0


class Registry:
    """All participants: at most `limit`, whose messages have at most `bytes_limit` bytes together.

    Methods that change it return the events, in order.
    """

    def __init__(self, limit: int = 20_000, bytes_limit: int = 64 * 1024 * 1024) -> None:
        self._limit = limit
        self._bytes_limit = bytes_limit
        self._index = Index(limit)
        self._lost: dict[str, Entry] = {}  # longest first
        self._deadlines: dict[Entry, float] = {}

    # -- queries --

    @property
    def version(self) -> int:
        """A number that grows when anybody appears, changes or is removed."""
        return self._index.version

    def __len__(self) -> int:
        return len(self._index.entries)

    def get(self, id: str) -> Entry | None:
        """Return the entry of a participant, or None."""
        return self._index.entries.get(id)

    def state(self, id: str) -> str | None:
        """Return alive, asleep or lost; None for a participant that is not known."""
        entry = self.get(id)
        return None if entry is None else entry.state

    def all(self) -> list[Entry]:
        """Return every entry."""
        return list(self._index.entries.values())

    def by_role(self, role: str) -> list[Entry]:
        """Return the entries of all instances of a role."""
        instances = self._index.roles.get(role)
        return [] if instances is None else list(instances.entries.values())

    def participants_by_role(self) -> dict[str, list[Participant]]:
        """Return everybody, lost ones included, by role."""
        return {
            name: [entry.participant for entry in role.entries.values()] for name, role in self._index.roles.items()
        }

    def traffic_topics(self) -> frozenset[str]:
        """Return the topics and filters for `packet`."""
        return self._index.traffic.topics()

    # -- changes --

    def discovered(self, participant: Participant, now: float, *, retained: bool = False) -> list[Event]:
        """Take a discovery message; `retained` is the packet's retain flag: such a message may be old.

        Raises DiscoveryError where its id belongs to another one that is alive, and where the registry is full.
        """
        events: list[Event] = []
        entry = self.get(participant.id)
        if entry is None:
            entry = self._add(participant, now, events)
        else:
            connection = entry.participant.connection
            self._update(entry, participant, events)
            if retained and entry.participant.connection == connection:
                self._set_deadline(entry, now)
                return events
        entry.heard = now
        self._judge(entry, now, events, speaks=not retained)
        return events

    def connection(self, client_id: str, status: str | None, now: float, *, retained: bool = False) -> list[Event]:
        """Take the state of a connection: one of discovery.STATUSES, None or empty where it was cleared.

        Raises DiscoveryError for any other state, and where too many connections are known that carry no participant.
        """
        if status and status not in discovery.STATUSES:
            allowed = ", ".join(discovery.STATUSES)
            raise DiscoveryError(f"connection {quoted(client_id)} says {quoted(status)}; allowed: {allowed}")
        connection = self._index.connections.get(client_id)
        if connection is None:
            if status:
                self._index.note_idle(client_id, status)
            return []
        if retained and status == connection.status:
            return []  # read again, after the broker was out of reach
        connection.status = status or None
        events: list[Event] = []
        for entry in connection.entries.values() if status else ():
            if status in ("online", "asleep"):
                entry.heard = now
            self._judge(entry, now, events)
        self._note_take_over(client_id, connection, now, events)
        self._index.drop_if_useless(client_id)
        return events

    def seen(self, id: str, now: float) -> None:
        """Note that a participant sent a packet; it is no proof of life."""
        entry = self.get(id)
        if entry is not None:
            entry.last_packet = now

    def packet(self, topic: str, now: float) -> None:
        """Note a packet on a topic for the participants that announce `"liveness": "traffic"` and send on it."""
        for id in self._index.traffic.senders(topic):
            self.seen(id, now)

    def remove(self, id: str, now: float) -> list[Event]:
        """Forget a participant, because its retained discovery message was cleared."""
        entry = self.get(id)
        return [] if entry is None else [self._remove(entry, now, "removed")]

    def resume(self, now: float) -> None:
        """Give everyone a fresh deadline: the broker was out of reach, so silence until now proves nothing."""
        for entry in self._index.entries.values():
            if entry.state != "lost":
                entry.heard = now
                self._set_deadline(entry, now)

    def tick(self, now: float) -> list[Event]:
        """Mark those that were silent for too long as lost, and forget those that are lost for good."""
        events: list[Event] = []
        due = sorted((at, number, entry) for number, (entry, at) in enumerate(self._deadlines.items()) if at <= now)
        for _, _, entry in due:
            if self._deadlines.get(entry, math.inf) > now:  # an earlier one has changed it
                continue
            del self._deadlines[entry]
            if entry.state != "lost":
                self._lose(entry, now, events, _silence(entry))
            elif now - entry.since >= FORGET_AFTER:
                events.append(self._remove(entry, now, "lost for a day"))
            elif self._index.roles[entry.participant.role].living:
                events.append(self._remove(entry, now, "another instance took over"))
            else:
                self._set_deadline(entry, now)
        return events

    # -- alive, asleep, lost --

    def _judge(self, entry: Entry, now: float, events: list[Event], *, speaks: bool = False) -> None:
        """Bring the state in line with the connection's; `speaks`: the participant itself has just sent something."""
        connection = self._index.connection_of(entry.participant)
        status = None if connection is None else connection.status
        if connection is not None and speaks and status not in (None, "online"):
            # Its connection is there, then: `online` was overtaken, or may not be published.
            connection.status = status = "online"
            for other in connection.entries.values():
                if other is not entry:
                    other.heard = now
                    self._judge(other, now, events)
        if status in ("lost", "offline"):
            self._lose(entry, now, events, "connection lost" if status == "lost" else "stopped")
        else:
            self._live(entry, now, events, "asleep" if status == "asleep" else "alive")

    def _live(self, entry: Entry, now: float, events: list[Event], state: str) -> None:
        """Make an entry alive or asleep."""
        if entry.state == "lost":
            self._lost.pop(entry.participant.id, None)
            self._index.roles[entry.participant.role].living += 1
        if entry.state != state:
            entry.state, entry.reason, entry.since = state, "", now
            if state == "asleep":
                events.append(Event("asleep", entry))
            elif entry.running:
                events.append(Event("woke", entry))
            else:
                entry.running = True
                entry.starts += 1
                events.append(Event("started", entry))
        self._set_deadline(entry, now)

    def _lose(self, entry: Entry, now: float, events: list[Event], reason: str) -> None:
        entry.reason = reason
        if entry.state != "lost":
            self._index.roles[entry.participant.role].living -= 1
            entry.state, entry.since, entry.running = "lost", now, False
            events.append(Event("lost", entry, reason))
        if entry.participant.id not in self._lost:
            self._lost[entry.participant.id] = entry
            self._set_deadline(entry, now)

    def _set_deadline(self, entry: Entry, now: float) -> None:
        """Set when `tick` has to check an entry."""
        participant = entry.participant
        if entry.state != "lost":
            self._deadlines[entry] = entry.heard + _patience(entry)
        elif participant.id != participant.role and participant.connection is None:
            self._deadlines[entry] = now + LOST_AFTER
        else:
            self._deadlines.pop(entry, None)

    # -- adding and removing --

    def _add(self, participant: Participant, now: float, events: list[Event]) -> Entry:
        size = len(discovery.encode(participant))
        self._evict(participant, size, now, events)
        entry = Entry(participant, now)
        warnings = self._index.add(entry, size)
        events += [Event("appeared", entry), *warnings]
        return entry

    def _evict(self, participant: Participant, size: int, now: float, events: list[Event]) -> None:
        index = self._index
        count, total = len(index.entries), index.bytes
        given_up: list[Entry] = []
        for entry in self._lost.values():
            if (count < self._limit and total + size <= self._bytes_limit) or now - entry.since < LOST_AFTER:
                break
            given_up.append(entry)
            count, total = count - 1, total - entry.size
        if count >= self._limit or total + size > self._bytes_limit:
            raise DiscoveryError(
                f"participant {quoted(participant.id)} is refused: {len(index.entries)} are known, with {index.bytes} "
                f"bytes; at most {self._limit} with {self._bytes_limit} bytes are kept, and only those are given up "
                f"that have been lost for {LOST_AFTER:.0f} s"
            )
        events += [self._remove(entry, now, "made room for another") for entry in given_up]

    def _update(self, entry: Entry, announced: Participant, events: list[Event]) -> None:
        """Merge the new discovery message of a known participant."""
        old = entry.participant
        merged = discovery.merge(old, announced)
        if merged == old:
            return
        self._check_claim(entry, announced)
        size = len(discovery.encode(merged))
        if size > entry.size and self._index.bytes + size - entry.size > self._bytes_limit:
            raise DiscoveryError(
                f"participant {quoted(announced.id)} is refused: its {size} bytes are more than is left of the "
                f"{self._bytes_limit} that are kept of all together"
            )
        self._index.discard(entry)
        entry.participant = merged
        warnings = self._index.add(entry, size)
        events += [Event("changed", entry), *warnings]
        if merged.connection != old.connection:
            self._note_move(entry, old.connection, events)

    def _check_claim(self, entry: Entry, announced: Participant) -> None:
        """Refuse that somebody else takes the id of a participant that is there."""
        old = entry.participant
        if entry.state == "lost" or announced.role == old.role:
            return
        if old.connection is None or announced.connection != old.connection:
            raise DiscoveryError(
                f"participant {quoted(announced.id)} of role {quoted(announced.role)} is refused: the id belongs to role "
                f"{quoted(old.role)}, which is {entry.state}; it is free when that one is lost or removed"
            )

    def _note_move(self, entry: Entry, old: str | None, events: list[Event]) -> None:
        """Warn where an id goes back and forth between two connections."""
        new = entry.participant.connection
        if old is not None and new is not None and new == entry.came_from and entry.state != "lost":
            text = f"{quoted(entry.participant.id)} is announced by two connections, {quoted(old)} and {quoted(new)}"
            events.append(Event("warning", entry, text + "; each participant needs an id of its own"))
        entry.came_from = old

    def _note_take_over(self, client_id: str, connection: Connection, now: float, events: list[Event]) -> None:
        """Warn where two programs take the connection from each other."""
        if connection.status == "lost":
            connection.lost_at = now
        elif connection.status == "online":
            connection.taken_over = connection.taken_over + 1 if now - connection.lost_at < AT_ONCE else 0
            if connection.taken_over == 3 and connection.entries:
                text = f"two programs use the client id {quoted(client_id)}, and end each other's connection"
                entry = next(iter(connection.entries.values()))
                events.append(Event("warning", entry, text + "; each needs an id of its own"))

    def _remove(self, entry: Entry, now: float, reason: str) -> Event:
        self._index.discard(entry)
        self._lost.pop(entry.participant.id, None)
        self._deadlines.pop(entry, None)
        entry.state, entry.reason, entry.since = "removed", reason, now
        return Event("removed", entry, reason)


def _patience(entry: Entry) -> float:
    """Return the seconds of silence after which an entry is lost."""
    period = entry.participant.period
    if period is None:
        return LOST_AFTER
    return period * (OVERSLEPT if entry.state == "asleep" else MISSED) + GRACE


def _silence(entry: Entry) -> str:
    if entry.state == "asleep":
        return f"asleep for more than {_patience(entry):.0f} s"
    return f"silent for {_patience(entry):.0f} s"
