"""Log messages that repeat: each is logged at once, and its repetitions only as a number."""

from __future__ import annotations

import logging
import time

__all__ = ["LogFilter"]

log = logging.getLogger("msgflo")

_INTERVAL_S = 60.0
_MOST = 20  # different messages within an interval
_MOST_ONCE = 1000  # devices choose what they call themselves


class LogFilter:
    """Logs a message at once, and how often it was repeated once a minute; at most 20 different ones in a minute.

    With `once`, a message is logged only once, and its repetitions are not counted.

        filter.log(logging.WARNING, str(error))
    """

    def __init__(self, *, once: bool = False) -> None:
        self._once = once
        self._repeated: dict[str, int] = {}
        self._others = 0
        self._until: float | None = None

    def log(self, level: int, text: str, error: Exception | None = None) -> bool:
        """Log the sums that are due, and this message with the traceback of `error`; False if it was only counted."""
        now = time.monotonic()
        for line in self.due(now):
            log.log(level, "%s", line)
        if not self.is_new(text, now):
            return False
        log.log(level, "%s", text, exc_info=error)
        return True

    def warn(self, text: str) -> None:
        """Log a warning."""
        self.log(logging.WARNING, text)

    def is_new(self, text: str, now: float = 0.0) -> bool:
        """Return whether a message is to be logged now; a repetition is counted."""
        if self._once and len(self._repeated) >= _MOST_ONCE:
            self._repeated.clear()
        if not self._once and self._until is None:
            self._until = now + _INTERVAL_S
        if text in self._repeated:
            self._repeated[text] += 1
        elif self._once or len(self._repeated) < _MOST:
            self._repeated[text] = 0
            return True
        else:
            self._others += 1
        return False

    def due(self, now: float) -> list[str]:
        """Return the sums of an interval that is over; call it now and then."""
        if self._until is None or now < self._until:
            return []
        sums = [f"{text} ({count} more times)" for text, count in self._repeated.items() if count]
        if self._others:
            sums.append(f"{self._others} other packets were refused, for more than {_MOST} different reasons")
        # A message that was repeated stays silent in the next interval, where only its count would be new.
        self._repeated = {text: 0 for text, count in self._repeated.items() if count}
        self._others = 0
        self._until = now + _INTERVAL_S if self._repeated else None
        return sums
