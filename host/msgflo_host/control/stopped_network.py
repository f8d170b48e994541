"""Keeps a network stopped over restarts: a file in the data folder says that somebody has stopped it."""

from __future__ import annotations

import logging
from pathlib import Path

from ..errors import system_reason
from ..model.events import DesiredChanged
from ..model.graphs import MAIN
from .coordinator import Coordinator

__all__ = ["keep_stopped"]

log = logging.getLogger("msgflo")


def keep_stopped(coordinator: Coordinator, mark: Path) -> None:
    """Stop the main graph where the file `mark` is there, and from now on have that there while it is stopped."""
    graphs = coordinator.graphs
    if mark.exists():
        graphs.stop(MAIN)
        log.warning("the network was stopped, and stays so until somebody starts it on the page or in an editor")
    marked = not graphs.main.started

    def note(event: DesiredChanged) -> None:
        nonlocal marked
        if marked is graphs.main.started:
            marked = not marked
            try:
                if marked:
                    mark.parent.mkdir(parents=True, exist_ok=True)
                    mark.touch()
                else:
                    mark.unlink(missing_ok=True)
            except OSError as error:
                log.error("%s: after a restart the network is as it was before: %s", mark, system_reason(error))

    graphs.events.listen(DesiredChanged, note)
