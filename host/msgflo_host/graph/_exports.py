"""The ports of a graph that are exported, each found by its public name."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Any

from ..errors import GraphError
from .elements import Export, check_name, check_object, merged, short

if TYPE_CHECKING:
    from ._store import Store

__all__ = ["Exports", "existing"]


class Exports:
    """The exported ports of one direction, found by public name."""

    def __init__(self, what: str, graph: Store) -> None:
        self._what = what
        self._graph = graph
        self._exports: dict[str, Export] = {}

    def __len__(self) -> int:
        return len(self._exports)

    def by_public(self) -> dict[str, Export]:
        """Return all of them by public name."""
        return {export.public: export for export in self._exports.values()}

    def get(self, public: str) -> Export | None:
        """Return the export called `public`, or None."""
        return self._exports.get(self._graph.fold(check_name(public, f"an exported {self._what}'s public name")))

    def put(self, export: Export) -> Export:
        """Store an export as it is."""
        self.get(export.public)  # refuses names that are none
        check_name(export.port, f"port of exported {self._what} {short(export.public)!r}")
        self._graph.node(export.node)
        self._exports[self._graph.fold(export.public)] = export
        return export

    def add(self, public: str, node: str, port: str, metadata: Mapping[str, Any] | None) -> Export:
        """Add an export; if it is there with the same port, merge the metadata; GraphError if with another port."""
        old = self.get(public)
        check_name(port, f"port of exported {self._what} {short(public)!r}")
        if old is not None and (old.node, self._graph.fold(old.port)) != (node, self._graph.fold(port)):
            there, wanted = short(f"{old.node}.{old.port}"), short(f"{node}.{port}")
            raise GraphError(f"exported {self._what} {short(public)!r} exists for {there}, so it cannot be {wanted}")
        export = old or Export(public, node, port)
        return self.put(replace(export, metadata=merged(export.metadata, check_object(metadata or {}, "metadata"))))

    def remove(self, public: str) -> Export:
        """Remove and return an export; GraphError if there is none."""
        found = self.get(public)
        if found is None:
            raise GraphError(
                f"no exported {self._what} {short(public)!r}; {existing('exported ports', self.by_public())}"
            )
        del self._exports[self._graph.fold(public)]
        return found

    def rename(self, old: str, new: str) -> Export:
        """Give an export another public name; GraphError if that is taken."""
        export, taken = self.get(old), self.get(new)
        if export is not None and taken is not None and taken is not export:
            names = f"{short(old)!r}: {short(taken.public)!r}"
            raise GraphError(f"cannot rename exported {self._what} {names} exists already")
        return self.put(replace(self.remove(old), public=new))

    def drop_node(self, node: str) -> list[str]:
        """Remove the exports of a node and return their public names."""
        gone = [export.public for export in self._exports.values() if export.node == node]
        for public in gone:
            self.remove(public)
        return gone

    def rename_node(self, old: str, new: str) -> None:
        """Let the exports of node `old` be those of node `new`."""
        for key, export in self._exports.items():
            if export.node == old:
                self._exports[key] = replace(export, node=new)


def existing(what: str, names: Collection[str], limit: int = 12) -> str:
    """Return a sentence part that names the first of what exists."""
    if not names:
        return f"{what}: none"
    more = f" and {len(names) - limit} more" if len(names) > limit else ""
    return f"{what}: {', '.join(map(short, islice(names, limit)))}{more}"
