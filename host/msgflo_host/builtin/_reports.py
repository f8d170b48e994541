"""Texts of a node for the user, of which a thousand a second are told as a few and a count."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

__all__ = ["Reports"]

_INTERVAL_S = 1.0
_MAX_TEXTS = 10  # told at once within an interval


class _Clock(Protocol):
    def call_later(self, delay: float, callback: Callable[[], None]) -> Any: ...


class Reports:
    """Tells texts; beyond a few a second they are left out, and counted."""

    def __init__(self, clock: Callable[[], _Clock], tell: Callable[[str], None]) -> None:
        self._clock = clock
        self._tell = tell
        self._told = 0
        self._left_out = 0

    def add(self, text: str) -> None:
        """Tell a text, now or as a part of the count."""
        if not self._told:
            self._clock().call_later(_INTERVAL_S, self._end_of_interval)
        if self._told < _MAX_TEXTS:
            self._told += 1
            self._tell(text)
        else:
            self._left_out += 1

    def _end_of_interval(self) -> None:
        count, self._left_out, self._told = self._left_out, 0, 0
        if count:
            self.add(f"… and {count} more within a second")
