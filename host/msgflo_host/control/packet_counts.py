"""Counts and rates of the packets on each edge."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from contextlib import suppress

from ..model.plan import EdgeState, Plan
from .packet_subscriptions import Subscriptions

__all__ = ["PacketCounts"]

INTERVAL_S = 1.0
WATCH_S = 10.0
"""Topics are subscribed to and counted this long after each call of `watch`: the broker sends each packet once more then."""


class PacketCounts:
    """Counts packets by topic, only while somebody watches: they do not pass through us."""

    def __init__(self, subscriptions: Subscriptions) -> None:
        self._reader = subscriptions.reader(self._received)
        self._until = 0.0
        self._always: frozenset[str] = frozenset()
        self._watched: frozenset[str] = frozenset()
        self._counts: dict[str, int] = {}
        self._before: dict[str, int] = {}  # at the end of the last interval
        self._rates: dict[str, float] = {}
        self._wake = asyncio.Event()

    def watch(self, seconds: float = WATCH_S) -> None:
        """Count for so many seconds from now on."""
        now = time.monotonic()
        if now > self._until:
            self._wake.set()  # the first count need not wait for the next interval
        self._until = max(self._until, now + seconds)

    def measure(self, plan: Plan, *, always: Iterable[str]) -> None:
        """Measure the edges of this plan; topics in `always` are counted all the time."""
        sources = {pair[0] for _, state in plan.edges if state.kind != "refused" for pair in state.pairs}
        self._always = frozenset(always)
        self._watched = frozenset(sources)
        self._wake.set()

    def rate(self, state: EdgeState) -> float:
        """Packets a second over one edge, of the last interval."""
        return sum(self._rates.get(source, 0.0) for source, _ in state.pairs)

    def packets(self, state: EdgeState) -> int:
        """Packets counted on one edge since somebody watches."""
        return sum(self._counts.get(source, 0) for source, _ in state.pairs)

    async def run(self, seen: Callable[[str], None]) -> None:
        """Keep counting until cancelled; `seen` is called for each topic of `always` on which packets have passed."""
        before = time.monotonic()
        while True:
            watching = time.monotonic() < self._until
            self._reader.subscribe(self._always | self._watched if watching else self._always)
            self._counts = {key: count for key, count in self._counts.items() if key in self._reader.filters}
            with suppress(TimeoutError):
                async with asyncio.timeout(INTERVAL_S):
                    await self._wake.wait()
            self._wake.clear()
            now = time.monotonic()
            if now - before >= INTERVAL_S:
                self._sample(now - before)
                before = now
                for topic in self._always:
                    if self._rates.get(topic):
                        seen(topic)

    def _sample(self, seconds: float) -> None:
        counts = self._counts
        self._rates = {key: max(0, count - self._before.get(key, 0)) / seconds for key, count in counts.items()}
        self._before = dict(counts)

    def _received(self, filters: list[str], topic: str, payload: bytes) -> None:
        for each in filters:
            self._counts[each] = self._counts.get(each, 0) + 1
