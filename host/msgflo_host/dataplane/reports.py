"""Texts of a participant for the user: of a thousand a second a few are passed on, and a count of the others."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

__all__ = ["Reports"]

_INTERVAL_S = 1.0
_MAX_TEXTS = 10  # at once within an interval


class Reports:
    """Passes texts on to `report`; beyond a few a second they are left out, and counted. For use in an event loop."""

    def __init__(self, report: Callable[[str], None]) -> None:
        self._report = report
        self._reported = 0
        self._left_out = 0

    def add(self, text: str) -> None:
        """Report a text, now or as a part of the count."""
        if not self._reported:
            asyncio.get_running_loop().call_later(_INTERVAL_S, self._end_of_interval)
        if self._reported < _MAX_TEXTS:
            self._reported += 1
            self._report(text)
        else:
            self._left_out += 1

    def _end_of_interval(self) -> None:
        count, self._left_out, self._reported = self._left_out, 0, 0
        if count:
            self.add(f"… and {count} more within a second")
