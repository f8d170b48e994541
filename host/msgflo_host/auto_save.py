"""``--auto-save``: edits of the main graph, and participants that it does not name, are written into its file."""

from __future__ import annotations

import asyncio
import logging

from .coordinator import Coordinator
from .errors import GraphError
from .graph.live import LiveFile
from .graphs import MAIN

__all__ = ["AutoSave", "save"]

log = logging.getLogger("msgflo")

DELAY_S = 0.5
"""Edits come in bursts; so long after the first of them the file is written."""
LONGEST_RETRY_S = 30.0
"""What could not be written is tried again, after twice the time each time, at most this."""


def save(coordinator: Coordinator, file: LiveFile | None) -> None:
    """Write the main graph into its file; raises GraphError where that cannot be, or would undo somebody's edit."""
    if file is None:
        raise GraphError("this coordinator was started without the file of a graph, so there is none to save to")
    if not file.take_over():
        if file.trouble is None:
            raise GraphError("somebody is writing it just now: try again", file=str(file.path))
        raise GraphError(f"{file.trouble} (nothing is saved before this is mended)")
    file.save(coordinator.graphs.main.graph)


class AutoSave:
    """Saves from now on; never over somebody's edit of the file. Trouble is told to all who use the coordinator, once."""

    def __init__(self, coordinator: Coordinator, file: LiveFile) -> None:
        self._coordinator = coordinator
        self._file = file
        self._timer: asyncio.TimerHandle | None = None
        self._unsaved = False
        self._trouble = ""
        self._retry_s = DELAY_S
        coordinator.graphs.on_edit.append(self._edited)
        coordinator.graphs.on_found.append(self._found)

    def finish(self) -> None:
        """Save at once what waits for its time, or could not be saved then."""
        if self._unsaved:
            self._save()
        self._cancel()

    def _found(self, found: dict[str, str]) -> None:
        for role, component in found.items():
            self._coordinator.graphs.edit(MAIN, "addnode", {"id": role, "component": component})

    def _edited(self, id: str) -> None:
        if id != MAIN:
            return
        self._unsaved = True
        if self._timer is None or self._trouble:
            self._save_in(DELAY_S)

    def _save_in(self, seconds: float) -> None:
        self._cancel()
        self._timer = asyncio.get_running_loop().call_later(seconds, self._save)

    def _cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _save(self) -> None:
        self._cancel()
        try:
            save(self._coordinator, self._file)
        except GraphError as error:
            self._complain(str(error))
            self._retry_s = min(2 * self._retry_s, LONGEST_RETRY_S)
            self._save_in(self._retry_s)
            return
        if self._trouble:
            self._coordinator.tell(f"{self._file.path}: saved")
        self._unsaved, self._trouble, self._retry_s = False, "", DELAY_S

    def _complain(self, text: str) -> None:
        if text != self._trouble:
            self._trouble = text
            log.error("%s", text)
            self._coordinator.tell(f"not saved: {text}")
