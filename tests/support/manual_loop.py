"""An event loop whose clock a test turns: what `AutoSave` asks for, without asyncio."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable

__all__ = ["ManualLoop"]


class _Alarm:
    def __init__(self, callback: Callable[[], None]) -> None:
        self.callback: Callable[[], None] | None = callback

    def cancel(self) -> None:
        self.callback = None


class ManualLoop:
    """Time passes in `advance` only."""

    def __init__(self) -> None:
        self._now = 1000.0
        self._soon: deque[Callable[[], None]] = deque()
        self._later: list[tuple[float, int, _Alarm]] = []
        self._count = 0

    def time(self) -> float:
        return self._now

    def call_soon(self, callback: Callable[[], None]) -> None:
        self._soon.append(callback)

    def call_later(self, delay: float, callback: Callable[[], None]) -> _Alarm:
        alarm = _Alarm(callback)
        self._count += 1
        heapq.heappush(self._later, (self._now + delay, self._count, alarm))
        return alarm

    def turn(self) -> bool:
        """Do what was asked for up to now, once; tell whether there was anything."""
        waiting = len(self._soon)
        for _ in range(waiting):
            self._soon.popleft()()
        return waiting > 0

    def settle(self, turns: int = 10_000) -> None:
        """Do all that can be done without time."""
        for _ in range(turns):
            if not self.turn():
                return
        raise AssertionError(f"still busy after {turns} turns")

    def next(self) -> float | None:
        """The time of the next alarm."""
        while self._later and self._later[0][2].callback is None:
            heapq.heappop(self._later)
        return self._later[0][0] if self._later else None

    def advance(self, seconds: float) -> None:
        """Let time pass, alarm by alarm."""
        until = self._now + seconds
        self.settle()
        while (at := self.next()) is not None and at <= until:
            self._now = max(self._now, at)
            callback = heapq.heappop(self._later)[2].callback
            assert callback is not None
            callback()
            self.settle()
        self._now = until
