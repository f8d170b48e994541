"""Tells the broker which filters a lane wants, and finds out which ones it refuses."""

from __future__ import annotations

import logging

from msgflo import Broker

from .link import Link
from .routing import Lane

__all__ = ["Subscriber"]

log = logging.getLogger("msgflo")


class Subscriber:
    """Subscribes and unsubscribes for lanes; `refused` holds the filters that the broker does not let us have."""

    def __init__(self, broker: Broker) -> None:
        self.refused: set[str] = set()
        self._broker = broker

    async def bring_in_force(self, lane: Lane, link: Link) -> None:
        """Make what the broker knows of a lane what the lane wants; raises ConnectError when the connection ends."""
        touched, lane.touched = lane.touched, set()
        gone = sorted(lane.in_broker.keys() & touched - lane.wanted.keys())
        new = []
        for topic_filter in sorted(touched & lane.wanted.keys()):
            subscription = lane.wanted[topic_filter]
            qos = subscription.qos
            if subscription.unserved or lane.in_broker.get(topic_filter, -1) < qos:
                subscription.served(settled=link.settled)
                new.append((topic_filter, qos))
        for topic_filter in gone:
            del lane.in_broker[topic_filter]
        lane.in_broker.update(new)
        await link.unsubscribe(gone)
        refused = await link.subscribe(new)
        for topic_filter in refused:
            lane.in_broker.pop(topic_filter, None)
            if topic_filter not in self.refused:
                log.warning(
                    "%s refused the subscription to %r: nothing is forwarded from it", self._broker, topic_filter
                )
        self.refused -= touched
        self.refused.update(refused)
