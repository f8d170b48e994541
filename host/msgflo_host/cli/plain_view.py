"""The lines that a running system prints without a terminal, and the log lines of the live view."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from ..errors import printable
from ..util.token_bucket import TokenBucket

__all__ = ["LOG_LINES", "Notes", "Status", "edge_text", "flush", "show_plain"]

FIRST_S, EVERY_S, MEASURE_S = 5.0, 60.0, 3.5
QUIET_S = 3600.0
"""So long nothing is printed while no state changes: on a Raspberry Pi each line is written to its SD card."""
LOG_LINES = 8
MOST_EDGES = 50

Status = dict[str, Any]


class Notes(logging.Handler):
    """Keeps the last log lines for the live view; prints them at once where there is no terminal.

    Whoever floods us does not flood the log: at most BURST lines at once and RATE a second, the others are counted.
    """

    BURST, RATE = 200, 10.0

    def __init__(self, *, terminal: bool) -> None:
        super().__init__()
        self.lines: deque[str] = deque(maxlen=LOG_LINES)
        self._terminal = terminal
        self._bucket = TokenBucket(self.RATE, self.BURST, time.monotonic())
        self._left_out = 0
        self.setFormatter(logging.Formatter("%(asctime)s %(message)s", datefmt="%H:%M:%S"))

    def emit(self, record: logging.LogRecord) -> None:
        if not self._bucket.take(time.monotonic()):
            self._left_out += 1
            return
        if self._left_out:
            self._show(f"({self._left_out} more lines were left out)")
            self._left_out = 0
        text = self.format(record)
        self._show(text if record.exc_info else printable(text))

    def _show(self, line: str) -> None:
        self.lines.append(line)
        if not self._terminal:
            _print_line(line)


async def show_plain(status: Callable[[], Status], measure: Callable[[float], None]) -> None:
    """Print `status` after 5 s, then within a minute after a change of a state, and every hour, until cancelled.

    Edges are measured only just before.
    """
    pause, printed, at = FIRST_S, None, 0.0
    while True:
        await asyncio.sleep(pause - MEASURE_S)
        pause = EVERY_S
        if _states(status()) == printed and time.monotonic() - at < QUIET_S:
            continue
        measure(MEASURE_S)
        await asyncio.sleep(MEASURE_S)
        now = status()
        printed, at = _states(now), time.monotonic()
        _print(now)


def _states(status: Status) -> list[tuple[str, str]]:
    nodes = [(node["id"], node["state"]) for node in status["nodes"]]
    return [*nodes, *((edge_text(edge), edge["kind"]) for edge in status["edges"])]


def _print(status: Status) -> None:
    nodes, edges = status["nodes"], status["edges"]
    states = ", ".join(f"{node['id']} {node['state']}" for node in nodes[:MOST_EDGES])
    _print_line(f"nodes: {printable(states) or 'none'}")
    for edge in edges[:MOST_EDGES]:
        _print_line(f"edge: {printable(edge_text(edge))}: {edge['rate']:.1f}/s")
    if len(edges) > MOST_EDGES:
        _print_line(f"and {len(edges) - MOST_EDGES} more edges: see the page or `msgflo list`")


def _print_line(line: str) -> None:
    """Print a line; once the reader has ended, as in ``msgflo run | head``, the run ends in order.

    A line that cannot be written for another reason, such as a full disk, is no reason to end.
    """
    try:
        print(line, flush=True)
    except BrokenPipeError:
        _print_no_more()
        signal.raise_signal(signal.SIGTERM)
    except OSError:
        pass


def flush() -> None:
    """Print the rest at the end, or drop it where that fails."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError:
        _print_no_more()


def _print_no_more() -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def edge_text(edge: Status) -> str:
    """Return an edge as text."""
    return f"{edge['src']} → {edge['tgt']}"
