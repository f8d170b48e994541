"""Saving of the main graph into its file: within a second after an edit, or when an editor asks for it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path

from ..errors import GraphError
from ..graph.graph_files import Signature
from ..graph.live_file import BusyError, LiveFile, PlacesError, Saving
from ..graph.three_way_merge import merge
from ..graph.unsaved_edits import UnsavedEdits
from ..model.events import GraphChanged, GraphEdited
from ..model.graphs import MAIN
from .coordinator import Coordinator

__all__ = ["AutoSave", "live_file", "restore", "save"]

log = logging.getLogger("msgflo")

DELAY_S = 0.5
"""Edits come in bursts; the file is written this long after the first of them."""
SHARE = 3
"""At least so many times as long as the last save took: a large graph is not written without end while it is edited."""
LONGEST_DELAY_S = 10.0
"""But no longer, for a memory card may stall once."""
BUSY_S = 0.1
"""The next try, where one save is still under way."""
LONGEST_RETRY_S = 30.0
"""A failed save is tried again after twice the time each time, at most this."""


def live_file(
    coordinator: Coordinator, path: Path, seen: Signature | None, *, clock: Callable[[], float] | None = None
) -> LiveFile:
    """Return the file of the main graph, to be run; `seen` is its signature from before it was loaded."""
    graphs = coordinator.graphs
    file = LiveFile(
        path,
        lambda: graphs.main.graph,
        coordinator.replace_graph,
        seen=seen,
        notify=coordinator.notify,
        clock=clock,
    )
    graphs.events.listen(GraphChanged, lambda event: file.note(event.changes) if event.graph == MAIN else None)
    return file


def save(coordinator: Coordinator, file: LiveFile | None, journal: UnsavedEdits | None = None) -> None:
    """Write the main graph into its file; raises GraphError where that cannot be, or would undo somebody's edit."""
    if file is None:
        raise GraphError("this coordinator was started without the file of a graph, so there is none to save to")
    file.settle()
    _take_over(file)
    file.save(coordinator.graphs.main.graph)
    if journal is not None:
        journal.remove()


def _take_over(file: LiveFile) -> None:
    """Take over what others have written; raises GraphError where that cannot be."""
    if not file.take_over():
        if file.trouble is None or not file.is_at_rest():
            raise BusyError(file.path)
        raise GraphError(f"{file.trouble} (nothing is saved before this is mended)")


def restore(coordinator: Coordinator, file: LiveFile, journal: UnsavedEdits) -> bool:
    """Bring edits that could not be written before the last end into the main graph; whether there are any."""
    file.take_over()
    try:
        unsaved = journal.read()
    except GraphError as error:
        log.error("%s", error)
        return False
    if unsaved is None:
        return False
    base, graph = unsaved
    coordinator.replace_graph(merge(graph, base, coordinator.graphs.main.graph))
    file.note()
    log.warning("%s: edits that could not be written are taken up from %s", file.path, journal.path)
    return True


class AutoSave:
    """Saves each edit; never over somebody's edit of the file. Each failure is notified once.

    Edits that cannot be written are stored in the journal meanwhile.
    """

    def __init__(
        self,
        coordinator: Coordinator,
        file: LiveFile,
        journal: UnsavedEdits,
        *,
        loop: asyncio.AbstractEventLoop | None = None,
        beside: Callable[[Callable[[], None], Callable[[], None]], None] | None = None,
    ) -> None:
        """`beside(work, then)` does some work while all else goes on, in a thread unless given, and calls `then`."""
        self._loop = loop or asyncio.get_running_loop()
        self._beside = beside or _in_thread
        self._coordinator = coordinator
        self._file = file
        self._journal = journal
        self._timer: asyncio.TimerHandle | None = None
        self._due = 0.0
        self._saving: Saving | None = None
        self._began, self._took_s = 0.0, 0.0
        self._unsaved = False
        self.trouble = ""
        """Why edits are not in the file, and where they are."""
        self._retry_s = DELAY_S
        coordinator.events.listen(GraphEdited, self._edited)

    def finish(self) -> None:
        """Save at once what waits for its time, or could not be saved then."""
        if self._saving is not None:
            self._file.settle()
            self._saved(self._saving)
        if self._unsaved:
            try:
                save(self._coordinator, self._file, self._journal)
            except BusyError as error:
                log.warning("%s (%s)", error, self._store())
            except GraphError as error:
                self._failed(error)
            else:
                self._unsaved = False
        self._cancel()

    def save_soon(self) -> None:
        """There is something to save."""
        self._unsaved = True
        self._save_in(min(max(DELAY_S, SHARE * self._took_s), LONGEST_DELAY_S))

    def _edited(self, event: GraphEdited) -> None:
        if event.graph == MAIN:
            self.save_soon()

    def _save_in(self, seconds: float) -> None:
        """Save after so long, unless that is done earlier anyway: edits that go on and on put nothing off."""
        due = self._loop.time() + seconds
        if self._timer is None or self._due > due:
            self._cancel()
            self._due, self._timer = due, self._loop.call_later(seconds, self._save)

    def _cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _save(self) -> None:
        self._cancel()
        if self._saving is not None:
            self._save_in(BUSY_S)
            return
        try:
            _take_over(self._file)
        except GraphError as error:
            self._failed(error)
            return
        self._unsaved, self._began = False, self._loop.time()
        saving = self._saving = self._file.begin(self._coordinator.graphs.main.graph)
        self._beside(saving.run, lambda: self._saved(saving))

    def _saved(self, saving: Saving) -> None:
        if saving is not self._saving:
            return
        self._saving, self._took_s = None, self._loop.time() - self._began
        self._file.finish(saving)
        try:
            if saving.error is not None:
                raise saving.error
            self._journal.remove()
        except GraphError as error:
            self._failed(error)
            return
        if self.trouble:
            self._coordinator.notify(f"{self._file.path}: saved")
        self.trouble, self._retry_s = "", DELAY_S

    def _failed(self, error: GraphError) -> None:
        self._unsaved = True
        if isinstance(error, BusyError):
            self._save_in(BUSY_S)  # the other's edit is taken over then
            return
        what = "the places of nodes are not saved" if isinstance(error, PlacesError) else "not saved"
        self._report(what, f"{error} ({self._store()})")
        self._retry_s = min(2 * self._retry_s, LONGEST_RETRY_S)
        self._save_in(self._retry_s)

    def _store(self) -> str:
        """Store the edits in the journal; returns where they are, or why not."""
        try:
            self._journal.store(self._file.base, self._coordinator.graphs.main.graph)
        except GraphError as error:
            return f"nor can the edits be kept: {error}"
        return f"the edits are kept in {self._journal.path}"

    def _report(self, what: str, text: str) -> None:
        trouble = f"{what}: {text}"
        if trouble != self.trouble:
            self.trouble = trouble
            log.error("%s", text)
            self._coordinator.notify(trouble)


def _in_thread(work: Callable[[], None], then: Callable[[], None]) -> None:
    asyncio.get_running_loop().run_in_executor(None, work).add_done_callback(lambda _: then())
