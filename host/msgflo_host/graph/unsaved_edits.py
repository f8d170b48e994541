"""Stores the edits of a graph whose file cannot be written in the data folder, until they are in the file."""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from pathlib import Path

from ..errors import GraphError
from ..util.private_files import write_private
from . import json_format
from .graph_files import reason
from .model import Graph

__all__ = ["UnsavedEdits", "name_in_data"]


def name_in_data(graph: Path) -> str:
    """Return a name for a graph's file in the data folder, which may serve several."""
    digest = hashlib.blake2b(str(graph.absolute()).encode(errors="surrogateescape"), digest_size=4).hexdigest()
    return f"{graph.stem}-{digest}"


class UnsavedEdits:
    """A copy of an unsaved graph, with the one that its file holds, for the next start."""

    def __init__(self, folder: Path, graph: Path) -> None:
        self._graph = graph.absolute()
        self.path = folder / f"unsaved-{name_in_data(graph)}.json"

    def store(self, base: Graph, graph: Graph) -> None:
        """Store `graph`, whose file holds `base`; GraphError where that cannot be written."""
        both = {"graph": _document(graph), "base": _document(base), "file": str(self._graph)}
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            write_private(self.path, json.dumps(both))
        except OSError as wrong:
            raise GraphError(f"cannot be written: {reason(wrong)}", file=str(self.path)) from None

    def read(self) -> tuple[Graph, Graph] | None:
        """Return the stored base and graph, None where there are none; GraphError where they are damaged.

        A damaged file is moved aside.
        """
        file = str(self.path)
        try:
            both = json.loads(self.path.read_text())
            base, graph = (json_format.load(json.dumps(both[key]), file) for key in ("base", "graph"))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError, GraphError) as wrong:
            text = reason(wrong) if isinstance(wrong, (OSError, ValueError)) else str(wrong)
            aside = self.path.with_suffix(".damaged")
            with suppress(OSError):  # the next edits would be written over it
                self.path.replace(aside)
                text += f" (it is {aside.name} now)"
            raise GraphError(f"edits that were kept cannot be taken up: {text}", file=file) from None
        return base, graph

    def remove(self) -> None:
        """Remove the stored edits, because they are in the file."""
        try:
            self.path.unlink(missing_ok=True)
        except OSError as wrong:
            raise GraphError(f"cannot be removed: {reason(wrong)}", file=str(self.path)) from None


def _document(graph: Graph) -> object:
    return json.loads(json_format.dump(graph, indent=None))
