"""Logs an unexpected exception and lets the caller's loop continue."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from .log_filter import LogFilter

__all__ = ["Guard"]


class Guard:
    """Surrounds work that is repeated: an exception is logged with its traceback, and `report` gets one line.

    It is for faults of this program. Expected errors are handled where they occur. A repeated fault is logged once a minute.

        with guard("reconciling"):
            …
    """

    def __init__(self, report: Callable[[str], None]) -> None:
        self._report = report
        self._log_filter = LogFilter()

    @contextmanager
    def __call__(self, what: str) -> Iterator[None]:
        """Name the work: the subject of "… has failed"."""
        try:
            yield
        except Exception as error:
            text = f"{what} has failed: {type(error).__name__}"
            if self._log_filter.log(logging.ERROR, text, error):
                with self("reporting a fault"):
                    self._report(f"a fault of the coordinator: {text}; its log has the details")
