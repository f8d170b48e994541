"""The graph's file and the graph in memory, kept in step: edits on disk are taken over, changes are saved."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path

from ..errors import GraphError
from .files import load, save
from .files import signature as signature_of
from .model import Graph

__all__ = ["LiveFile"]

log = logging.getLogger("msgflo")

POLL_S = 0.3


class LiveFile:
    """Calls ``replace(graph)`` each time the file holds another valid graph.

    A file with a mistake is reported once, with its place, and changes nothing; neither does a file that is away for a
    moment, as some editors leave it while they save.
    """

    def __init__(self, path: Path, replace: Callable[[Graph], None]) -> None:
        self.path = path
        self._replace = replace
        self._seen = signature_of(path)

    async def run(self) -> None:
        """Follow the file until cancelled."""
        while True:
            await asyncio.sleep(POLL_S)
            signature = signature_of(self.path)
            if signature is None or signature == self._seen:
                continue
            self._seen = signature
            try:
                graph = load(self.path)
            except GraphError as error:
                log.error("%s (the graph stays as it was)", error)
            else:
                log.info("%s: changed on disk, taken over", self.path)
                self._replace(graph)

    def save(self, graph: Graph) -> None:
        """Write the graph, without taking our own writing for an edit. Raises GraphError when it cannot be written."""
        save(self.path, graph)
        self._seen = signature_of(self.path)
