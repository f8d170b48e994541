"""Sentences that are said once, however often there is reason to."""

from __future__ import annotations

import logging

__all__ = ["MOST", "Once"]

log = logging.getLogger("msgflo")

MOST = 1000
"""Sentences that are remembered: devices choose what they call themselves."""


class Once:
    """Tells which sentences have not been said yet."""

    def __init__(self) -> None:
        self._said: set[str] = set()

    def is_news(self, text: str) -> bool:
        """Whether it has not been said; from now on it has."""
        if text in self._said:
            return False
        if len(self._said) >= MOST:
            self._said.clear()
        self._said.add(text)
        return True

    def say(self, text: str) -> None:
        """Say it as a warning in the log, unless that was done."""
        if self.is_news(text):
            log.warning("%s", text)
