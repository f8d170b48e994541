"""Complaints that come a thousand times a second, said once, with a count. Time comes in as an argument."""

from __future__ import annotations

__all__ = ["Complaints"]


class Complaints:
    """Says each complaint at once, and its repetitions as a number, every `interval` seconds.

    At most `limit` different complaints are said in an interval; the others are only counted.

        said = complaints.complain(str(error), now)
        if said: log.warning(said)
    """

    def __init__(self, *, interval: float = 60.0, limit: int = 20) -> None:
        self._interval = interval
        self._limit = limit
        self._repeated: dict[str, int] = {}
        self._others = 0
        self._until: float | None = None

    def complain(self, text: str, now: float) -> str | None:
        """Return what to say about this complaint now, or None."""
        if self._until is None:
            self._until = now + self._interval
        if text in self._repeated:
            self._repeated[text] += 1
        elif len(self._repeated) < self._limit:
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
            sums.append(f"{self._others} other packets were refused, for more than {self._limit} different reasons")
        # Who was said in this interval stays silent in the next one, where only the count would be news.
        self._repeated = {text: 0 for text, count in self._repeated.items() if count}
        self._others = 0
        self._until = now + self._interval if self._repeated else None
        return sums
