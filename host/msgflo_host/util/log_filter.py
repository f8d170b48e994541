"""Complaints that come a thousand times a second, logged once, with a count."""

from __future__ import annotations

import logging
import time

__all__ = ["Complaints"]

log = logging.getLogger("msgflo")

_INTERVAL_S = 60.0
_MOST = 20  # different complaints within it


class Complaints:
    """Says each complaint at once, and its repetitions as a number, once a minute.

    At most 20 different complaints are said in a minute; the others are only counted.

        complaints.log(logging.WARNING, str(error))
    """

    def __init__(self) -> None:
        self._repeated: dict[str, int] = {}
        self._others = 0
        self._until: float | None = None

    def log(self, level: int, text: str, error: Exception | None = None) -> bool:
        """Log the sums that are due, and this complaint, with the traceback of `error`; False where it is only counted."""
        now = time.monotonic()
        for line in self.due(now):
            log.log(level, "%s", line)
        if self.complain(text, now) is None:
            return False
        log.log(level, "%s", text, exc_info=error)
        return True

    def complain(self, text: str, now: float) -> str | None:
        """Return what to say about this complaint now, or None."""
        if self._until is None:
            self._until = now + _INTERVAL_S
        if text in self._repeated:
            self._repeated[text] += 1
        elif len(self._repeated) < _MOST:
            self._repeated[text] = 0
            return text
        else:
            self._others += 1
        return None

    def due(self, now: float) -> list[str]:
        """Return the sums of an interval that is over; to be called now and then."""
        if self._until is None or now < self._until:
            return []
        sums = [f"{text} ({count} more times)" for text, count in self._repeated.items() if count]
        if self._others:
            sums.append(f"{self._others} other packets were refused, for more than {_MOST} different reasons")
        # Who was said in this interval stays silent in the next one, where only the count would be news.
        self._repeated = {text: 0 for text, count in self._repeated.items() if count}
        self._others = 0
        self._until = now + _INTERVAL_S if self._repeated else None
        return sums
