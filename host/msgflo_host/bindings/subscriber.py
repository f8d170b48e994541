"""Tells the broker which filters a lane wants, and finds out which ones it refuses."""

from __future__ import annotations

import logging

from msgflo import Broker
from msgflo.errors import Error

from .link import Link
from .routing import Lane

__all__ = ["Subscriber"]

log = logging.getLogger("msgflo")

_Asked = tuple[str, int]  # filter, QoS


class Subscriber:
    """Subscribes and unsubscribes for lanes; `refused` holds the filters that the broker does not let us have.

    A broker may also refuse by ending the connection. What was asked for when it ended is asked for in smaller and smaller
    parts on the next connections, until a single filter is found out, which is then no longer asked for.
    """

    def __init__(self, broker: Broker) -> None:
        self.refused: set[str] = set()
        self._broker = broker
        self._suspects: dict[str, int] = {}
        """Filters that were asked for when a connection ended: together with how many; 0 = twice alone."""
        self._progressed = False

    def forgive(self) -> None:
        """A connection has lasted: suspicions may have been wrong."""
        self._suspects.clear()

    def progressed(self) -> bool:
        """Whether since the last call something was found out, so that connecting again at once makes sense."""
        progressed, self._progressed = self._progressed, False
        return progressed

    async def bring_in_force(self, lane: Lane, link: Link) -> None:
        """Make what the broker knows of a lane what the lane wants; raises ConnectError when the connection ends."""
        touched, lane.touched = lane.touched, set()
        gone = sorted(lane.in_broker.keys() & touched - lane.wanted.keys())
        for topic_filter in touched - lane.wanted.keys():
            self._suspects.pop(topic_filter, None)
        banned = [topic_filter for topic_filter in touched if self._suspects.get(topic_filter) == 0]
        new = []
        for topic_filter in sorted(touched & lane.wanted.keys() - set(banned)):
            subscription = lane.wanted[topic_filter]
            qos = subscription.qos
            if subscription.unserved or lane.in_broker.get(topic_filter, -1) < qos:
                subscription.served(settled=link.settled)
                new.append((topic_filter, qos))
        for topic_filter in gone:
            del lane.in_broker[topic_filter]
        lane.in_broker.update(new)
        await link.unsubscribe(gone)
        refused = [*banned, *await self._subscribe(link, new)]
        for topic_filter in refused:
            lane.in_broker.pop(topic_filter, None)
            if topic_filter not in self.refused:
                log.warning(
                    "%s refused the subscription to %r: nothing is forwarded from it", self._broker, topic_filter
                )
        self.refused -= touched
        self.refused.update(refused)

    async def _subscribe(self, link: Link, new: list[_Asked]) -> list[str]:
        refused: list[str] = []
        for part in self._parts(new):
            try:
                refused += await link.subscribe(part)
            except Error:
                self._progressed = True
                for topic_filter, _ in part:
                    alone_again = self._suspects.get(topic_filter) == 1
                    self._suspects[topic_filter] = 0 if alone_again else len(part)
                raise
            for topic_filter, _ in part:
                self._suspects.pop(topic_filter, None)
        return refused

    def _parts(self, new: list[_Asked]) -> list[list[_Asked]]:
        """Part what is to be asked for: the unsuspected together, the others in sixteenths of what failed."""
        parts = [[asked for asked in new if asked[0] not in self._suspects]]
        for failed in sorted(set(self._suspects.values()), reverse=True):
            suspects = [asked for asked in new if self._suspects.get(asked[0]) == failed]
            size = max(1, failed // 16)
            parts += [suspects[i : i + size] for i in range(0, len(suspects), size)]
        return parts
