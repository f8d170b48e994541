"""When something is to be looked at: thousands of deadlines that move on with nearly every message."""

from __future__ import annotations

import heapq
from collections.abc import Hashable, Iterator
from typing import Generic, TypeVar

__all__ = ["Deadlines"]

_Item = TypeVar("_Item", bound=Hashable)


class Deadlines(Generic[_Item]):
    """At most one deadline for each item. Moving one further away, the common case, costs no more than noting it."""

    def __init__(self) -> None:
        self._desired: dict[_Item, float] = {}
        # An item's place in the heap may be too early: it is put where it belongs when it comes to the top.
        self._queued: dict[_Item, float] = {}
        self._heap: list[tuple[float, int, _Item]] = []
        self._count = 0  # decides between equal times, since items have no order

    def set(self, item: _Item, at: float) -> None:
        """Give an item a deadline, in place of the one it has."""
        self._desired[item] = at
        if at < self._queued.get(item, float("inf")):
            self._push(item, at)
            if len(self._heap) > 2 * len(self._desired) + 64:
                self._rebuild()

    def clear(self, item: _Item) -> None:
        """Take an item's deadline away."""
        self._desired.pop(item, None)

    def next(self) -> float | None:
        """Return the earliest deadline, or None."""
        while self._heap:
            at, _, item = self._heap[0]
            if self._queued.get(item) != at:
                heapq.heappop(self._heap)  # another place stands for it
            elif self._desired.get(item) == at:
                return at
            else:
                heapq.heappop(self._heap)
                del self._queued[item]
                if item in self._desired:
                    self._push(item, self._desired[item])
        return None

    def due(self, now: float) -> Iterator[_Item]:
        """Take out and yield the items whose deadline has come; they may get a new one meanwhile."""
        while (at := self.next()) is not None and at <= now:
            item = heapq.heappop(self._heap)[2]
            del self._queued[item], self._desired[item]
            yield item

    def _push(self, item: _Item, at: float) -> None:
        self._queued[item] = at
        self._count += 1
        heapq.heappush(self._heap, (at, self._count, item))

    def _rebuild(self) -> None:
        """Drop the places that earlier deadlines have left behind."""
        self._queued = dict(self._desired)
        self._heap = [(at, i, item) for i, (item, at) in enumerate(self._desired.items())]
        self._count = len(self._heap)
        heapq.heapify(self._heap)
