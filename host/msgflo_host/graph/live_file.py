"""Synchronizes the graph's file and the graph in memory: takes over edits on disk, and saves changes."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from dataclasses import replace as changed
from pathlib import Path

from ..errors import GraphError
from ..util.guard import Guard
from . import positions_file
from .changes import Change
from .difference import difference, renamed
from .graph_files import Renames, Signature, decode, parse, read, read_graph_file, save, write
from .graph_files import signature as signature_of
from .model import Graph
from .three_way_merge import merge

__all__ = ["BusyError", "LiveFile", "PlacesError", "Saving"]

log = logging.getLogger("msgflo")

POLL_S = 0.3
AT_REST_S = 0.1
"""A changed file is read after so many seconds without a further change: many programs write one in several steps."""
ABSENT_S = 2.0
"""Editors may remove or empty a file for a moment while they save; after so many seconds it is gone."""
EARLIER = 50
"""The number of earlier texts that are remembered: an edit that is undone restores the file line by line."""


class BusyError(GraphError):
    """Somebody is writing a file just now."""

    def __init__(self, path: Path) -> None:
        super().__init__("somebody is writing it just now: try again in a moment", file=str(path))


class PlacesError(GraphError):
    """The places of nodes cannot be written; the graph has been."""


class LiveFile:
    """Calls ``replace(graph)`` each time the file holds another valid graph, with all that has been changed in memory.

    An edit on disk is merged into the graph that ``current()`` returns, whose own changes stay; where both have changed
    the same thing, the file wins.

    A file with a mistake is reported once, with its place, and changes nothing. Neither does a file that is absent or
    empty, as some editors leave it for a moment while they save, and a full disk for longer. `notify` gets a line about
    each such mistake, and another when it is over, for those who edit elsewhere.

    The file with the places of an .fbp file's nodes is watched likewise. A mistake there affects only them.
    """

    def __init__(
        self,
        path: Path,
        current: Callable[[], Graph],
        replace: Callable[[Graph], None],
        *,
        seen: Signature | None,
        notify: Callable[[str], None] = lambda text: None,
        clock: Callable[[], float] | None = None,
    ) -> None:
        """The current graph is that of the file now, without places; `seen` is the file's signature from before it was loaded.

        `clock` gives seconds.
        """
        self.path = path
        self._current = current
        self._replace = replace
        self._seen = seen
        self._notify = notify
        self._guard = Guard(notify)
        self._text = current().copy()  # as the file was when it was last read or written
        self._base = self._text  # the same with the places
        self._places = _PlacesFile(path, notify)
        self._content = b""  # digest of what was last read, where nothing has been written since
        self.trouble: str | None = None
        """The mistake in the file as it is on disk."""
        self._edited = self._unsaved = False
        self._renames: list[tuple[str, str]] = []  # since the file was last written
        self._clock = clock or time.monotonic
        self._signature, self._signature_at = (
            seen,
            self._clock(),
        )  # the file's signature at the last probe, and since when
        self._is_absent = False  # and that was reported
        self._saving: Saving | None = None
        self._earlier: deque[_Version] = deque(
            maxlen=EARLIER
        )  # those that saves have replaced since others wrote the file

    def note(self, changes: Iterable[Change] = ()) -> None:
        """Note that somebody has edited the graph in memory."""
        self._edited = True
        self._renames += [
            (each.payload["from"], each.payload["to"]) for each in changes if each.command == "renamenode"
        ]

    @property
    def base(self) -> Graph:
        """The graph as it was when the file was last read or written."""
        return self._base

    @property
    def unsaved(self) -> bool:
        """Return whether the graph holds edits that the file does not; one that was undone is none."""
        if self._edited:
            self._edited, self._unsaved = False, bool(difference(self._base, self._current()))
        return self._unsaved

    async def run(self) -> None:
        """Watch the file until cancelled."""
        while True:
            with self._guard(f"the take-over of {self.path}"):
                self.take_over()
            await asyncio.sleep(POLL_S if self.is_at_rest() else AT_REST_S)

    def take_over(self) -> bool:
        """Take over an edit on disk, once the file is at rest; return whether memory is as good as the file now."""
        if self._saving is not None:
            return True  # the file may be our own: it is probed after the save
        has_moved = self._places.refresh()
        is_good, graph = self._probe()
        by_hand = renamed(self._text, graph) if graph is not None else {}
        if graph is not None:
            self._text = graph
        if graph is not None or has_moved:
            base = positions_file.joined(self._text, self._places.known)
            before = self._current()
            merged = merge(before, self._base, base)
            for old, new in by_hand.items():
                if old in before.nodes:  # it stays where it is
                    node = merged.nodes[new]
                    merged.put_node(changed(node, metadata=positions_file.of(before.nodes[old]) | node.metadata))
            self._base = base
            self._replace(merged)
            self._edited = True  # other edits are unsaved now
        return is_good

    def _probe(self) -> tuple[bool, Graph | None]:
        """Return whether memory is as good as the file, and the file's graph if it has to be taken over for that."""
        signature = signature_of(self.path)
        if signature != self._signature:
            self._signature, self._signature_at = signature, self._clock()
        if signature == self._seen:
            self._note_presence()
            return self.trouble is None, None
        if signature is None:
            return self._note_absence("gone"), None
        if not self.is_at_rest():
            return False, None
        try:
            content = read(self.path)
        except GraphError as error:
            # Try again: the right to read it, or memory, may come without a change of the file.
            if str(error) != self.trouble:
                self._note_mistake(error)
            self._content = b""
            return False, None
        if not content and self._base.nodes:
            return self._note_absence("empty"), None
        self._note_presence()
        digest = hashlib.blake2b(content).digest()
        if digest == self._content:
            self._seen = signature
            return self.trouble is None, None
        self._seen, self._content = signature, digest
        self._earlier.clear()  # they lack the edits of others
        try:
            graph = parse(content, self.path)
        except GraphError as error:
            self._note_mistake(error)
            return False, None
        log.info("%s: changed on disk, taken over", self.path)
        if self.trouble is not None:
            self._notify(f"{self.path} is without a mistake again, and taken over")
        self.trouble = None
        return True, graph

    def _note_mistake(self, error: GraphError) -> None:
        text = f"{error} (the graph stays as it was)"
        log.error("%s", text)
        if str(error) != self.trouble:
            self._notify(text)
        self.trouble = str(error)

    def is_at_rest(self, seconds: float = AT_REST_S) -> bool:
        """Return whether the file has not changed for so long, as far as `take_over` knows."""
        return self._clock() - self._signature_at >= seconds

    def _note_absence(self, how: str) -> bool:
        """Report once that the file is absent; return whether it is for good."""
        if not self.is_at_rest(ABSENT_S):
            return False
        if not self._is_absent:
            text = f"{self.path} is {how} (the graph stays as it was)"
            log.warning("%s", text)
            self._notify(text)
        self._is_absent = True
        return True

    def _note_presence(self) -> None:
        if self._is_absent:
            self._notify(f"{self.path} is back")
        self._is_absent = False

    def save(self, graph: Graph) -> None:
        """Write the graph, without taking our own writing for an edit; GraphError when it cannot be written.

        Call `take_over` first, and do not save where that returns False: somebody is in the middle of an edit.
        """
        saving = self.begin(graph)
        saving.run()
        self.finish(saving)
        if saving.error is not None:
            raise saving.error

    def begin(self, graph: Graph) -> Saving:
        """Begin a save: call `run` of the result, in any thread, and `finish` after it."""
        whole = graph.copy()
        text, placed = positions_file.parted(graph, self._text) if self._places.path is not None else (whole, {})
        # A node whose line is commented out keeps its place; one that an editor has removed does not.
        nodes = self._text.nodes.keys() | graph.nodes.keys()
        gone = {id: place for id, place in self._places.known.items() if id not in nodes}
        self._saving = Saving(
            self.path, self._seen, self._text, text, gone | placed, whole, self._renames.copy(), [*self._earlier]
        )
        return self._saving

    def settle(self) -> None:
        """Wait for a save that runs in another thread."""
        if self._saving is not None:
            self._saving.done.wait()
            self.finish(self._saving)

    def finish(self, saving: Saving) -> None:
        """Note the result of a save, once; its `error` is set where it has failed."""
        if saving is not self._saving:
            return
        self._saving, self._edited = None, True
        if saving.error is not None:
            return
        self._seen, self._text = saving.seen, saving.text
        if saving.replaced is not None:
            self._earlier.append(saving.replaced)
        self.trouble, self._content, self._is_absent = None, b"", False
        del self._renames[: len(saving.renames)]
        self._base = positions_file.joined(self._text, self._places.known)
        try:
            self._places.save(saving.placed)
        except GraphError as error:
            saving.error = error
            return
        self._base = saving.graph


_Version = tuple[Graph, bytes]
"""A graph, and the content of the file that was written for it."""


@dataclass
class Saving:
    """One save of a graph, which may run in another thread: it takes a while for a large one."""

    path: Path
    seen: Signature | None
    """The file's signature when it was last read or written; that of the new file after the save."""
    old: Graph
    """The graph of the text that is in the file, and below the one to write."""
    text: Graph
    placed: positions_file.Places
    graph: Graph
    renames: Renames
    earlier: Sequence[_Version]

    def __post_init__(self) -> None:
        self.error: GraphError | None = None
        self.replaced: _Version | None = None
        self.done = threading.Event()
        self._found = signature_of(self.path)

    def run(self) -> None:
        """Write the graph's text, unless it is in the file."""
        try:
            has_changed = not self.text.has_equal_parts(self.old) or self.text != self.old
            if has_changed or self.seen is None or signature_of(self.path) != self.seen:
                self._write()
        except GraphError as error:
            self.error = error
        except Exception as fault:
            log.exception("%s: cannot be saved, for a fault of this program", self.path)
            self.error = GraphError(f"cannot be saved, for a fault of this program: {fault!r}", file=str(self.path))
        finally:
            self.done.set()

    def _write(self) -> None:
        before = (self.old, read(self.path)) if self._found is not None else None
        again = next((text for graph, text in reversed(self.earlier) if _are_same(graph, self.text)), None)
        if again is not None:
            self.seen = write(self.path, again, check=self._check)
        else:
            self.seen = save(self.path, self.text, renames=self.renames, check=self._check)
        self.replaced = before

    def _check(self, _: str) -> None:
        """Overwrite nothing that somebody has written since the save began."""
        if signature_of(self.path) != self._found:
            raise BusyError(self.path)


def _are_same(one: Graph, other: Graph) -> bool:
    return one.has_equal_parts(other) and not difference(one, other)


class _PlacesFile:
    """The file with the places of an .fbp file's nodes; `known` are those that were last read or written."""

    def __init__(self, graph: Path, notify: Callable[[str], None]) -> None:
        self.path = positions_file.path_of(graph)
        self.known: positions_file.Places = {}
        self._notify = notify
        self._seen: Signature | None = None
        self._trouble = ""

    def refresh(self) -> bool:
        """Read the file where it has changed; return whether the places are others now. A missing file changes nothing."""
        if self.path is None or (signature := signature_of(self.path)) == self._seen:
            return False
        self._seen = signature
        if signature is None:
            self._trouble = ""
            return False
        before = self.known
        try:
            self.known = positions_file.parse(decode(read_graph_file(self.path), str(self.path)), str(self.path))
        except GraphError as wrong:
            self._trouble = str(wrong)
            text = f"{wrong} (nodes stay where they were, and no places are saved before this is mended)"
            log.error("%s", text)
            self._notify(text)
            return False
        if self._trouble:
            self._notify(f"{self.path} is without a mistake again, and taken over")
        self._trouble = ""
        return self.known != before

    def save(self, new: positions_file.Places) -> None:
        """Write the places where they differ from those in the file."""
        if self.path is None or (new == self.known and (self._seen is not None or not new)):
            return
        if self._trouble:
            raise PlacesError(f"{self._trouble} (no places are saved before this is mended)")
        try:
            self._seen = write(self.path, positions_file.dump(new).encode())
        except GraphError as wrong:
            raise PlacesError(str(wrong)) from None
        self.known = new
