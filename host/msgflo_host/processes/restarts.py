"""Pauses before a process that has ended by itself is started again, and how its end is reported."""

from __future__ import annotations

import time
from collections.abc import Callable

__all__ = ["STABLE_S", "Pauses", "describe_exit"]

STABLE_S = 60.0
"""A process that lived this long starts again after the shortest pause."""
_QUICK_S = 3.0
"""One that lived longer than this, and than ten times its last pause, too: it did not fail at its start."""


class Pauses:
    """Pauses in seconds before restarts: `shortest` first, twice as long each time, at most `longest`."""

    def __init__(self, shortest: float, longest: float, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._shortest, self._longest = shortest, longest
        self._clock = clock
        self._last = self._next = shortest
        self._started_at: float | None = None

    def started(self) -> None:
        """Note that the process starts now."""
        self._started_at = self._clock()

    def next(self) -> float:
        """Return the pause before the next start."""
        if self._started_at is not None and self._clock() - self._started_at > min(
            STABLE_S, max(_QUICK_S, 10 * self._last)
        ):
            self._next = self._shortest
        self._started_at = None
        self._last, self._next = self._next, min(2 * self._next, self._longest)
        return self._last


def describe_exit(code: int) -> str:
    """Return an exit code as text; it is negative after a signal."""
    return f"exit code {code}" if code >= 0 else f"signal {-code}"
