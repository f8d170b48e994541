"""What a process prints, cut into lines and held to a rate, so that one that prints without end costs little."""

from __future__ import annotations

import time
from collections.abc import Callable

from ..util.token_bucket import TokenBucket

__all__ = ["BURST", "LONGEST_LINE", "RATE", "Lines"]

LONGEST_LINE = 4096
"""Bytes of a line that are passed on."""
RATE, BURST = 50.0, 500.0
"""Lines that are passed on per second, and at once after a silence; one of more than 1 KiB counts as several."""
REPORT_S = 1.0


class Lines:
    """Calls `say` with each line; where there are too many, with their number, once a second.

    The cost of what is left out is that of counting line breaks.
    """

    def __init__(self, emit: Callable[[str], None], *, clock: Callable[[], float] = time.monotonic) -> None:
        self._emit = emit
        self._clock = clock
        self._bucket = TokenBucket(RATE, BURST, clock())
        self._begun = b""  # a line whose end has not come yet
        self._cut = False  # the rest of the line that has begun is left out
        self._left_out = 0
        self._reported = clock()
        self.last = ""
        """The last line that was no blank one, as far as lines were passed on."""

    @property
    def overdue(self) -> bool:
        """Whether there is something that `report` would tell."""
        return self._left_out > 0

    @property
    def overflowing(self) -> bool:
        """Whether what comes now is left out."""
        return self._bucket.tokens < 1

    def feed(self, chunk: bytes) -> None:
        """Take some more of the output."""
        now = self._clock()
        self._bucket.fill(now)
        if self._left_out and now - self._reported >= REPORT_S:
            self.report()
        start = 0
        while not self.overflowing and (end := chunk.find(b"\n", start)) >= 0:
            self._add(chunk, start, end)
            self._finish()
            start = end + 1
        rest = chunk.count(b"\n", start)
        if rest:  # no credit: the line that has begun goes with the others
            self._left_out += rest
            self._begun, self._cut = b"", False
            start = chunk.rfind(b"\n") + 1
        self._add(chunk, start, len(chunk))

    def report(self) -> None:
        """Say how many lines were left out: nothing has come for a while."""
        if self._left_out:
            self._emit(f"({self._left_out} line{'s' if self._left_out > 1 else ''} left out)")
        self._left_out, self._reported = 0, self._clock()

    def end(self) -> None:
        """There is no more: pass on the last line, which may have no end."""
        self.report()
        if self._begun:
            self._finish()

    def _add(self, chunk: bytes, start: int, end: int) -> None:
        room = LONGEST_LINE - len(self._begun)
        self._cut = self._cut or end - start > room
        self._begun += chunk[start : min(end, start + room)]

    def _finish(self) -> None:
        line = self._begun.decode(errors="replace").rstrip()
        self._bucket.tokens -= 1 + len(self._begun) / 1024
        cut, self._begun, self._cut = self._cut, b"", False
        if line.strip():
            self.last = line
        self._emit(f"{line}… (the rest of the line is left out)" if cut else line)
