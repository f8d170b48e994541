"""The last lines of output and errors, for pages that are opened later."""

from __future__ import annotations

import time
from collections import deque
from typing import Any

from ..model.events import Events
from .client_list import Broadcast

__all__ = ["MOST_LINES", "Recent"]

MOST_LINES = 300
_MOST_CHARACTERS = 2000  # of one line
_FIELDS = {"output": ("message",), "processerror": ("graph", "id", "error")}
"""The stored fields, by the command of `network`."""


class Recent:
    """Stores the last lines. The FBP protocol cannot send them with their times, so that the page asks over HTTP."""

    def __init__(self, events: Events) -> None:
        self._lines: deque[tuple[float, dict[str, str]]] = deque(maxlen=MOST_LINES)
        events.listen(Broadcast, self._store)

    def lines(self) -> list[dict[str, Any]]:
        """Return them, the oldest first: of network:output `message`, of network:processerror `graph`, `id` and `error`.

        Each has `ago_s`, the seconds since then: not every machine knows the time of day.
        """
        now = time.monotonic()
        return [{**line, "ago_s": round(now - at, 3)} for at, line in self._lines]

    def _store(self, event: Broadcast) -> None:
        if event.protocol == "network" and event.command in _FIELDS:
            line = {key: str(event.payload.get(key, ""))[:_MOST_CHARACTERS] for key in _FIELDS[event.command]}
            self._lines.append((time.monotonic(), line))
