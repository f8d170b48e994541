"""What keeps a fault of this program in one thing from ending everything else."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from .log_filter import Complaints

__all__ = ["Wall"]


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
            text = f"{what} has failed: {type(error).__name__}"
            if self._complaints.log(logging.ERROR, text, error):
                with self("the telling of a fault"):
                    self._tell(f"a fault of the coordinator: {text}; its log tells more")
