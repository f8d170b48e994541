"""The graph's file and the graph in memory, kept in step: edits on disk are taken over, changes are saved."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace as changed
from pathlib import Path

from ..errors import GraphError
from ..util.guard import Guard
from . import positions_file
from .changes import Change
from .difference import difference, renamed
from .graph_files import Renames, Signature, decode, parse, read, read_regular, save, write
from .graph_files import signature as signature_of
from .model import Graph
from .three_way_merge import merge

__all__ = ["BusyError", "LiveFile", "PlacesError", "Saving"]

log = logging.getLogger("msgflo")

POLL_S = 0.3
AT_REST_S = 0.1
"""A file that has changed is read when it has stayed the same for so long: many programs write one in several steps."""
ABSENT_S = 2.0
"""Editors may take a file away, or empty it, for a moment while they save; after so long it is gone."""
EARLIER = 50
"""So many earlier texts of the file are remembered: an edit that is undone has the file as it was, line by line."""


class BusyError(GraphError):
    """Somebody is writing a file just now."""

    def __init__(self, path: Path) -> None:
        super().__init__("somebody is writing it just now: try again in a moment", file=str(path))


class PlacesError(GraphError):
    """The places of nodes cannot be written; the graph has been."""


class LiveFile:
    """Calls ``replace(graph)`` each time the file holds another valid graph, with all that has been changed in memory.

    What differs from the file as it was last read or written is brought into the graph that ``current()`` returns. What
    others have changed there meanwhile stays; where both have changed the same thing, the file wins.

    A file with a mistake is reported once, with its place, and changes nothing; neither does a file that is away or empty,
    as some editors leave it for a moment while they save, and a full disk for longer. `tell` is called with a line about each
    such mistake, and when there is none any more: who edits elsewhere should know.

    The places of an .fbp file's nodes are followed likewise. A mistake there keeps only them from being saved.
    """

    def __init__(
        self,
        path: Path,
        current: Callable[[], Graph],
        replace: Callable[[Graph], None],
        *,
        seen: Signature | None,
        tell: Callable[[str], None] = lambda text: None,
        clock: Callable[[], float] | None = None,
    ) -> None:
        """The current graph is that of the file now, without places; `seen` is the file's signature from before it was loaded.

        `clock` gives seconds.
        """
        self.path = path
        self._current = current
        self._replace = replace
        self._seen = seen
        self._tell = tell
        self._guard = Guard(tell)
        self._text = current().copy()  # as the file was when it was last read or written
        self._base = self._text  # the same with the places
        self._places = _PlacesFile(path, tell)
        self._content = b""  # digest of what was last read, where nothing has been written since
        self.trouble: str | None = None
        """What is wrong with the file as it stands on disk."""
        self._edited = self._unsaved = False
        self._renames: list[tuple[str, str]] = []  # since the file was last written
        self._clock = clock or time.monotonic
        self._met, self._met_at = seen, self._clock()  # what was there at the last look, and since when
        self._is_away = False  # and that was said
        self._saving: Saving | None = None
        self._earlier: deque[_Version] = deque(maxlen=EARLIER)  # those that saves have replaced since others wrote it

    def note(self, changes: Iterable[Change] = ()) -> None:
        """Somebody has edited the graph in memory."""
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
        """Whether the graph holds edits that the file does not; one that was undone is none."""
        if self._edited:
            self._edited, self._unsaved = False, bool(difference(self._base, self._current()))
        return self._unsaved

    async def run(self) -> None:
        """Follow the file until cancelled."""
        while True:
            with self._guard(f"the take-over of {self.path}"):
                self.take_over()
            await asyncio.sleep(POLL_S if self.is_at_rest() else AT_REST_S)

    def take_over(self) -> bool:
        """Take over what has changed on disk, once it is at rest; whether memory is as good as the file now."""
        if self._saving is not None:
            return True  # what is on disk may be our own: it is looked at then
        has_moved = self._places.look()
        is_good, graph = self._look()
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
            self._edited = True  # what is not saved is another now
        return is_good

    def _look(self) -> tuple[bool, Graph | None]:
        """Return whether memory is as good as the file, once it is the graph that is returned, if there is another."""
        signature = signature_of(self.path)
        if signature != self._met:
            self._met, self._met_at = signature, self._clock()
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
            # It is tried again: what is missing, the right to read it or memory, may come without a change of the file.
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
        self._earlier.clear()  # what others have written since is not in them
        try:
            graph = parse(content, self.path)
        except GraphError as error:
            self._note_mistake(error)
            return False, None
        log.info("%s: changed on disk, taken over", self.path)
        if self.trouble is not None:
            self._tell(f"{self.path} is without a mistake again, and taken over")
        self.trouble = None
        return True, graph

    def _note_mistake(self, error: GraphError) -> None:
        text = f"{error} (the graph stays as it was)"
        log.error("%s", text)
        if str(error) != self.trouble:
            self._tell(text)
        self.trouble = str(error)

    def is_at_rest(self, seconds: float = AT_REST_S) -> bool:
        """Whether what was there at the last look has been there for so long."""
        return self._clock() - self._met_at >= seconds

    def _note_absence(self, how: str) -> bool:
        """Whether the file is away for good; it is said once."""
        if not self.is_at_rest(ABSENT_S):
            return False
        if not self._is_away:
            text = f"{self.path} is {how} (the graph stays as it was)"
            log.warning("%s", text)
            self._tell(text)
        self._is_away = True
        return True

    def _note_presence(self) -> None:
        if self._is_away:
            self._tell(f"{self.path} is back")
        self._is_away = False

    def save(self, graph: Graph) -> None:
        """Write the graph, without taking our own writing for an edit. Raises GraphError when it cannot be written.

        Call `take_over` first, and leave the file alone where that returns False: somebody is in the middle of an edit.
        """
        saving = self.begin(graph)
        saving.run()
        self.finish(saving)
        if saving.error is not None:
            raise saving.error

    def begin(self, graph: Graph) -> Saving:
        """Begin what `save` does. What is returned is to be run, in any thread, and `finish` to be called then."""
        text, placed = positions_file.parted(graph, self._text) if self._places.path is not None else (graph.copy(), {})
        # What is no node just now, as a line that is commented out, keeps its place; what an editor has removed does not.
        nodes = self._text.nodes.keys() | graph.nodes.keys()
        gone = {id: place for id, place in self._places.known.items() if id not in nodes}
        self._saving = Saving(
            self.path, self._seen, self._text, text, gone | placed, graph.copy(), self._renames.copy(), [*self._earlier]
        )
        return self._saving

    def settle(self) -> None:
        """Wait for a save that runs in another thread."""
        if self._saving is not None:
            self._saving.done.wait()
            self.finish(self._saving)

    def finish(self, saving: Saving) -> None:
        """Note what a save has come to, once; its `error` tells where it has failed."""
        if saving is not self._saving:
            return
        self._saving, self._edited = None, True
        if saving.error is not None:
            return
        self._seen, self._text = saving.seen, saving.text
        if saving.replaced is not None:
            self._earlier.append(saving.replaced)
        self.trouble, self._content, self._is_away = None, b"", False
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


class Saving:
    """One save of a graph, which may run in another thread: it takes a while for a large one."""

    def __init__(
        self,
        path: Path,
        seen: Signature | None,
        old: Graph,
        text: Graph,
        placed: positions_file.Places,
        graph: Graph,
        renames: Renames,
        earlier: Sequence[_Version],
    ) -> None:
        self.seen, self.text, self.placed, self.graph, self.renames = seen, text, placed, graph, renames
        self.error: GraphError | None = None
        self.replaced: _Version | None = None
        """What the file was before."""
        self.done = threading.Event()
        self._path = path
        self._old = old
        self._earlier = earlier
        self._found = signature_of(path)

    def run(self) -> None:
        """Write the graph's text, unless it is in the file."""
        try:
            if self.seen is None or signature_of(self._path) != self.seen or self.text != self._old:
                self._write()
        except GraphError as error:
            self.error = error
        except Exception as fault:
            log.exception("%s: cannot be saved, for a fault of this program", self._path)
            self.error = GraphError(f"cannot be saved, for a fault of this program: {fault!r}", file=str(self._path))
        finally:
            self.done.set()

    def _write(self) -> None:
        before = (self._old, read(self._path)) if self._found is not None else None
        again = next((text for graph, text in reversed(self._earlier) if _are_same(graph, self.text)), None)
        if again is not None:
            self.seen = write(self._path, again, check=self._check)
        else:
            self.seen = save(self._path, self.text, renames=self.renames, check=self._check)
        self.replaced = before

    def _check(self, _: str) -> None:
        """Overwrite nothing that somebody has written since the save began."""
        if signature_of(self._path) != self._found:
            raise BusyError(self._path)


def _are_same(one: Graph, other: Graph) -> bool:
    alike = len(one.nodes) == len(other.nodes) and len(one.edges) == len(other.edges)
    return alike and not difference(one, other)


class _PlacesFile:
    """The file with the places of an .fbp file's nodes; `known` is what it held when it was last read or written."""

    def __init__(self, graph: Path, tell: Callable[[str], None]) -> None:
        self.path = positions_file.path_of(graph)
        self.known: positions_file.Places = {}
        self._tell = tell
        self._seen: Signature | None = None
        self._trouble = ""

    def look(self) -> bool:
        """Read the file where it has changed; whether the places are others now. One that is gone changes nothing."""
        if self.path is None or (signature := signature_of(self.path)) == self._seen:
            return False
        self._seen = signature
        if signature is None:
            self._trouble = ""
            return False
        before = self.known
        try:
            self.known = positions_file.parse(decode(read_regular(self.path), str(self.path)), str(self.path))
        except GraphError as wrong:
            self._trouble = str(wrong)
            text = f"{wrong} (nodes stay where they were, and no places are saved before this is mended)"
            log.error("%s", text)
            self._tell(text)
            return False
        if self._trouble:
            self._tell(f"{self.path} is without a mistake again, and taken over")
        self._trouble = ""
        return self.known != before

    def save(self, new: positions_file.Places) -> None:
        """Write the places where they are others than those in the file."""
        if self.path is None or (new == self.known and (self._seen is not None or not new)):
            return
        if self._trouble:
            raise PlacesError(f"{self._trouble} (no places are saved before this is mended)")
        try:
            self._seen = write(self.path, positions_file.dump(new).encode())
        except GraphError as wrong:
            raise PlacesError(str(wrong)) from None
        self.known = new
