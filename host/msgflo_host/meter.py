"""How many packets cross each edge, and how many a second."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from contextlib import suppress

from .bindings.forwarder import Forwarder
from .bindings.plan import EdgeState, Plan

__all__ = ["Meter"]

INTERVAL_S = 1.0
LOOK_S = 10.0
"""For so long after somebody looked, topics that do not pass through us are subscribed to and counted: the broker sends
each of their packets once more then."""

Counted = str | tuple[str, str]
"""A topic that is watched, or the source and target of a forward."""


class Meter:
    """Counts packets by topic; those of direct edges only while somebody looks, for they do not pass through us."""

    def __init__(self, forwarder: Forwarder) -> None:
        self._forwarder = forwarder
        self._looked_until = 0.0
        self._always: frozenset[str] = frozenset()
        self._while_looking: frozenset[str] = frozenset()
        self._counts: dict[Counted, int] = {}
        self._rates: dict[Counted, float] = {}
        self._here: dict[str, int] = {}  # topics of outports in this process
        self._wake = asyncio.Event()

    def look(self, seconds: float = LOOK_S) -> None:
        """Somebody is looking now, and for so long."""
        now = time.monotonic()
        if now > self._looked_until:
            self._wake.set()  # the first look need not wait for the next interval
        self._looked_until = max(self._looked_until, now + seconds)

    def measure(self, plan: Plan, *, always: Iterable[str], here: Iterable[str] = ()) -> None:
        """Measure the edges of this plan; topics in `always` are counted all the time, those `here` by `count`."""
        forwarded = {(forward.source, forward.target) for forward in plan.forwards}
        pairs = {pair for _, state in plan.edges if state.kind != "refused" for pair in state.pairs}
        self._always = frozenset(always)
        self._here = {topic: self._here.get(topic, 0) for topic in here}
        self._while_looking = frozenset(source for source, _ in pairs - forwarded) - self._here.keys()
        self._wake.set()

    def count(self, topic: str) -> None:
        """A packet has left an outport of this process, whether it goes to the broker or not."""
        self._here[topic] = self._here.get(topic, 0) + 1

    def rate(self, state: EdgeState) -> float:
        """Packets a second over one edge, of the last interval."""
        return sum(self._rates.get(self._key(pair), 0.0) for pair in state.pairs)

    def packets(self, state: EdgeState) -> int:
        """Packets counted on one edge so far; of a direct edge, those since somebody looks."""
        return sum(self._counts.get(self._key(pair), 0) for pair in state.pairs)

    async def run(self, seen: Callable[[str], None]) -> None:
        """Keep counting until cancelled; `seen` is called for each topic of `always` on which packets have passed."""
        before = time.monotonic()
        while True:
            looking = time.monotonic() < self._looked_until
            await self._forwarder.watch(self._always | self._while_looking if looking else self._always)
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
        counts: dict[Counted, int] = {}
        counts.update(self._forwarder.watched())
        counts.update(self._here)
        counts.update(((forward.source, forward.target), n) for forward, n in self._forwarder.counts().items())
        self._rates = {key: max(0, count - self._counts.get(key, 0)) / seconds for key, count in counts.items()}
        self._counts = counts

    def _key(self, pair: tuple[str, str]) -> Counted:
        return pair if pair in self._counts else pair[0]
