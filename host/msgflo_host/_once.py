"""Sentences for the log that are said once, however often there is reason to."""

from __future__ import annotations

import logging

__all__ = ["MOST", "Once"]

log = logging.getLogger("msgflo")

MOST = 1000
"""Sentences that are remembered: devices choose what they call themselves."""


class Once:
    """Says each sentence as a warning, once."""

    def __init__(self) -> None:
        self._said: set[str] = set()

    def say(self, text: str) -> None:
        """Say it, unless that was done."""
        if text not in self._said:
            if len(self._said) >= MOST:
                self._said.clear()
            self._said.add(text)
            log.warning("%s", text)
