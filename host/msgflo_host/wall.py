"""What keeps a fault of this program in one thing from ending everything else."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from .complaints import Complaints

__all__ = ["Wall"]

log = logging.getLogger("msgflo")


class Wall:
    """Around what the program does again and again; a fault in it is logged with its traceback, and `tell` gets a line.

    It is for faults of ours, which nobody else can mend: all that is none is still raised where it belongs. One that comes
    back is logged once a minute.

        with wall("what the graphs want"):
            …
    """

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._complaints = Complaints()

    @contextmanager
    def __call__(self, what: str) -> Iterator[None]:
        """Name what is done: the subject of "… has failed"."""
        try:
            yield
        except Exception as error:
            self._complain(f"{what} has failed: {type(error).__name__}", error)

    def _complain(self, text: str, error: Exception) -> None:
        now = time.monotonic()
        for line in self._complaints.due(now):
            log.error("%s", line)
        if self._complaints.complain(text, now):
            log.error("%s", text, exc_info=error)
            with self("the telling of a fault"):
                self._tell(f"a fault of the coordinator: {text}; its log tells more")
