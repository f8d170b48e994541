"""What a running system prints where there is no terminal, and the log lines for where there is one."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from typing import Any

__all__ = ["LOG_LINES", "Notes", "Status", "edge_text", "follow_plain"]

FIRST_S, EVERY_S, LOOK_S = 5.0, 60.0, 3.5
LOG_LINES = 8

Status = dict[str, Any]


class Notes(logging.Handler):
    """Keeps the last log lines for the live view; prints them at once where there is no terminal."""

    def __init__(self, *, terminal: bool) -> None:
        super().__init__()
        self.lines: deque[str] = deque(maxlen=LOG_LINES)
        self._terminal = terminal
        self.setFormatter(logging.Formatter("%(asctime)s %(message)s", datefmt="%H:%M:%S"))

    def emit(self, record: logging.LogRecord) -> None:
        line = self.format(record)
        self.lines.append(line)
        if not self._terminal:
            print(line, flush=True)


async def follow_plain(status: Callable[[], Status], look: Callable[[float], None]) -> None:
    """Print `status` after 5 s, and then every minute until cancelled; edges are measured (`look`) only just before."""
    pause = FIRST_S
    while True:
        await asyncio.sleep(pause - LOOK_S)
        look(LOOK_S)
        await asyncio.sleep(LOOK_S)
        now = status()
        states = ", ".join(f"{node['id']} {node['state']}" for node in now["nodes"])
        print(f"nodes: {states or 'none'}", flush=True)
        for edge in now["edges"]:
            print(f"edge: {edge_text(edge)}: {edge['rate']:.1f}/s", flush=True)
        pause = EVERY_S


def edge_text(edge: Status) -> str:
    """An edge as people write it."""
    return f"{edge['src']} → {edge['tgt']}"
