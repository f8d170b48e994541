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


def save(coordinator: Coordinator, file: LiveFile | None) -> None:
    """Write the main graph into its file; raises GraphError where that cannot be, or would undo somebody's edit."""
    if file is None:
        raise GraphError("this coordinator was started without the file of a graph, so there is none to save to")
    if not file.take_over():
        raise GraphError(f"{file.trouble} (nothing is saved before this is mended)")
    file.save(coordinator.graphs.main.graph)


class AutoSave:
    """Saves from now on; never over somebody's edit of the file."""

    def __init__(self, coordinator: Coordinator, file: LiveFile) -> None:
        self._coordinator = coordinator
        self._file = file
        self._timer: asyncio.TimerHandle | None = None
        self._unsaved = False
        coordinator.graphs.on_edit.append(self._edited)
        coordinator.graphs.on_found.append(self._found)

    def finish(self) -> None:
        """Save at once what waits for its time, or could not be saved then."""
        if self._timer is not None:
            self._timer.cancel()
        if self._unsaved:
            self._save()

    def _found(self, found: dict[str, str]) -> None:
        for role, component in found.items():
            self._coordinator.graphs.edit(MAIN, "addnode", {"id": role, "component": component})

    def _edited(self, id: str) -> None:
        if id != MAIN:
            return
        self._unsaved = True
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(DELAY_S, self._save)

    def _save(self) -> None:
        self._timer = None
        try:
            save(self._coordinator, self._file)
            self._unsaved = False
        except GraphError as error:
            log.error("%s", error)
