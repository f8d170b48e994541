"""Foreign devices to announce: those of a folder, and the nodes of a graph whose component is one of the library."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from pathlib import Path

from ..components.foreign.foreign_file import Foreign, load
from ..components.library import Library
from ..errors import ForeignError
from ..graph.elements import Node
from ..util.log_filter import LogFilter

__all__ = ["ForeignNodes"]

log = logging.getLogger("msgflo")

_MOST_LOADED = 1000


class ForeignNodes:
    """Reads the files of foreign devices, each once until it is edited."""

    def __init__(self, library: Library, of_folder: Iterable[Foreign], log_filter: LogFilter) -> None:
        self._library = library
        self._of_folder = {device.participant.role: device for device in of_folder}
        self._log_filter = log_filter
        self._loaded: dict[tuple[Path, str, object], Foreign | None] = {}

    def devices(self, nodes: Iterable[Node]) -> list[Foreign]:
        """Return those of the folder, and one for each node whose component is a foreign device of the library."""
        devices = dict(self._of_folder)
        ids = {device.participant.id for device in devices.values()}
        for node in nodes:
            file = self._library.foreign.get(node.component)
            if file is None or node.id in devices or (device := self._load(file, node.id)) is None:
                continue
            if device.participant.id in ids:
                self._log_filter.warn(f"{file}: its id {device.participant.id!r} is taken, so {node.id!r} is left out")
                continue
            ids.add(device.participant.id)
            devices[node.id] = device
        return list(devices.values())

    def _load(self, file: Path, role: str) -> Foreign | None:
        """Read a device; a mistake in its file is logged once and leaves the others alone."""
        key = (file, role, self._library.contents.versions.get(file))
        if key not in self._loaded:
            if len(self._loaded) >= _MOST_LOADED:
                self._loaded.clear()
            self._loaded[key] = None
            try:
                self._loaded[key] = load(file, role)
            except ForeignError as error:
                log.error("%s (this device is left out)", error)
        return self._loaded[key]
