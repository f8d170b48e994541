"""Holds packets that go round in a circle of participants without a delay to a bounded rate.

Many packets on a topic of a circle are not enough: a counter may be reset by its own output, and count a burst. They go
round where there are far more of them than have come into the circle from outside.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Sequence

from msgflo.topics import matches

__all__ = ["MOST_PER_SECOND", "MOST_WAITING", "PACE_S", "Circles"]

MOST_PER_SECOND = 200
"""On one topic; with more, a circle is searched for."""
PACE_S = 0.01
"""From one packet of a topic to the next where there is one."""
MOST_WAITING = 1000
"""Packets on one topic; the oldest of more are dropped."""

_MOST_FOR_ONE = 8
"""Packets on a topic of a circle that may follow from one that comes into it: it may have several ways to go."""
_REMEMBERED_S = 10
"""For so long packets are counted: what a burst leads to comes later."""
_CALM = 100  # turns without a packet, after which a topic is let go

_Packet = tuple[str, bytes, bool]


class Circles:
    """Holds them back: `circle_of(topic)` returns who forms a circle with it, and each filter from which packets come into it
    from outside, as often as they do; `deliver` takes each packet in its turn.

    `report(circle)` is called when one is held back. Packets on other topics pass at any rate.
    """

    def __init__(
        self,
        circle_of: Callable[[str], tuple[list[str], Sequence[str]]],
        deliver: Callable[[str, bytes, bool], None],
        report: Callable[[list[str]], None],
    ) -> None:
        self._circle_of = circle_of
        self._deliver = deliver
        self._report = report
        self._counts: Counter[str] = Counter()  # in this second
        self._before: deque[Counter[str]] = deque(maxlen=_REMEMBERED_S)
        self._second = 0
        self._held: dict[str, deque[_Packet]] = {}
        self._circles: dict[str, frozenset[str]] = {}  # of the topics that are held
        self._tasks: set[asyncio.Task[None]] = set()

    def holds(self, topic: str, payload: bytes, retained: bool) -> bool:
        """Hold a packet back where it goes round; False where it is to be delivered now."""
        held = self._held.get(topic)
        if held is None:
            if not self._is_much(topic) or not (circle := self._circle(topic)):
                return False
            if frozenset(circle) not in self._circles.values():
                self._report(circle)
            self._circles[topic] = frozenset(circle)
            held = self._held[topic] = deque(maxlen=MOST_WAITING)
            task = asyncio.create_task(self._pace(topic, held))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        held.append((topic, payload, retained))
        return True

    def stop(self) -> None:
        """Drop what is held back."""
        for task in self._tasks:
            task.cancel()

    def _is_much(self, topic: str) -> bool:
        second = int(asyncio.get_running_loop().time())
        if second != self._second:
            self._before.extend([Counter()] * min(second - self._second - 1, _REMEMBERED_S))
            self._before.append(self._counts)
            self._second = second
            self._counts = Counter()
        self._counts[topic] += 1
        return self._counts[topic] % MOST_PER_SECOND == 0  # a search takes time

    def _circle(self, topic: str) -> list[str]:
        """Return in which circle the packets of a topic go round; none where as many have come into it as that explains."""
        circle, inputs = self._circle_of(topic)
        recent = sum(self._before, self._counts)
        came = sum(recent[seen] for each in inputs for seen in recent if matches(each, seen))
        return circle if recent[topic] > _MOST_FOR_ONE * came else []

    async def _pace(self, topic: str, held: deque[_Packet]) -> None:
        calm = 0
        while calm < _CALM:
            await asyncio.sleep(PACE_S)
            calm += 1
            if held:
                calm = 0
                self._deliver(*held.popleft())
        del self._held[topic], self._circles[topic]
