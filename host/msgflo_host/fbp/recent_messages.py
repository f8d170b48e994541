"""The last lines that were told to all, printed by components or about what goes wrong: for who comes later."""

from __future__ import annotations

import time
from collections import deque
from typing import Any

from ..model.events import Events
from .client_list import Broadcast

__all__ = ["MOST_LINES", "Recent"]

MOST_LINES = 300
_MOST_CHARACTERS = 2000  # of one line
_KEPT = {"output": ("message",), "processerror": ("graph", "id", "error")}
"""What is kept, by the command of `network` that tells it."""


class Recent:
    """Keeps the last lines. The FBP protocol has no way to tell them with their times, so that a page asks for them by itself."""

    def __init__(self, events: Events) -> None:
        self._lines: deque[tuple[float, dict[str, str]]] = deque(maxlen=MOST_LINES)
        events.listen(Broadcast, self._told)

    def lines(self) -> list[dict[str, Any]]:
        """Return them, the oldest first: of network:output `message`, of network:processerror `graph`, `id` and `error`.

        Each has `ago_s`, the seconds since then: not every machine knows the time of day.
        """
        now = time.monotonic()
        return [{**line, "ago_s": round(now - at, 3)} for at, line in self._lines]

    def _told(self, event: Broadcast) -> None:
        if event.protocol == "network" and event.command in _KEPT:
            line = {key: str(event.payload.get(key, ""))[:_MOST_CHARACTERS] for key in _KEPT[event.command]}
            self._lines.append((time.monotonic(), line))
