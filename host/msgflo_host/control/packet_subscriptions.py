"""Subscriptions on one connection, counted by use: the packets that editors inspect.

Limit: a broker that sends a packet once for each filter that matches it (Mosquitto does not) has it seen as often.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable

from msgflo import Broker
from msgflo.topics import is_filter, matches

from ..wire.connection import Connection

__all__ = ["Reader", "Subscriptions"]

_MOST_TOPICS = 10_000  # for which it is remembered whose filters match

OnPacket = Callable[[list[str], str, bytes], None]


class Subscriptions:
    """The connection; `run` serves it until it is cancelled. It is open only while `when` is set."""

    def __init__(self, broker: Broker, client_id: str, when: asyncio.Event) -> None:
        self._connection = Connection(
            broker, client_id, subscriptions=[], on_message=self._received, when=when, quiet=True
        )
        self._readers: list[Reader] = []
        self._uses: Counter[str] = Counter()
        self._filters: list[str] = []  # those with wildcards
        self._matching: dict[str, list[tuple[Reader, list[str]]]] = {}  # by topic

    def reader(self, on_packet: OnPacket) -> Reader:
        """Add one who reads: ``on_packet(filters, topic, payload)`` gets each packet once, with those of its filters that match.

        What is retained from before it subscribed is left out.
        """
        reader = Reader(self, on_packet)
        self._readers.append(reader)
        return reader

    async def run(self) -> None:
        """Keep the connection until cancelled."""
        await self._connection.run()

    async def settled(self) -> None:
        """Return when the broker has all subscriptions, or there is no connection."""
        await self._connection.settled()

    def publish(self, topic: str, payload: bytes) -> bool:
        """Publish with QoS 1; False where there is no connection."""
        return self._connection.publish(topic, payload)

    def change(self, old: frozenset[str], new: frozenset[str]) -> None:
        """Count the uses of filters; for readers."""
        self._uses.update(new - old)
        self._uses.subtract(old - new)
        self._uses = +self._uses
        self._filters = [each for each in self._uses if is_filter(each)]
        self._matching.clear()
        self._connection.set_filters(self._uses)

    def _received(self, topic: str, payload: bytes, retained: bool) -> None:
        if retained:
            return
        readers = self._matching.get(topic)
        if readers is None:
            if len(self._matching) >= _MOST_TOPICS:
                self._matching.clear()
            filters = {topic, *(each for each in self._filters if matches(each, topic))}
            found = ((reader, sorted(filters & reader.filters)) for reader in self._readers)
            readers = self._matching[topic] = [(reader, matching) for reader, matching in found if matching]
        for reader, matching in readers:
            reader.on_packet(matching, topic, payload)


class Reader:
    """One who reads."""

    def __init__(self, subscriptions: Subscriptions, on_packet: OnPacket) -> None:
        self._subscriptions = subscriptions
        self.on_packet = on_packet
        self.filters: frozenset[str] = frozenset()

    def subscribe(self, filters: Iterable[str]) -> None:
        """Subscribe to exactly these topics or filters from now on (QoS 0)."""
        old, self.filters = self.filters, frozenset(filters)
        if old != self.filters:
            self._subscriptions.change(old, self.filters)
