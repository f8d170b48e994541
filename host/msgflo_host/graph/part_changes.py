"""The parts of a graph before and after an edit, so that a text is changed only where a part has changed. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

from .elements import Edge, Export, Group, Initial, Node, PortRef, canonical
from .json_format import form
from .model import Graph

__all__ = ["Key", "PartChanges"]

Key: TypeAlias = tuple[Any, ...]
"""A section of the JSON form and what tells a part from others there; it is the same before and after an edit."""


class PartChanges:
    """All parts by key, as they were and as they are, and which of them have been written already.

    The n-th initial packet of a port takes the place of the n-th before, because their order counts.
    """

    def __init__(self, old: Graph, new: Graph) -> None:
        self._fold = new.fold
        self.old, self.new = self._by_key(old), self._by_key(new)
        packets = [(key, part) for key, part in self.old.items() if isinstance(part, Initial)]
        self._packets = {(key[1], canonical(part.data)): key for key, part in packets}
        self.written: set[Key] = set()

    def edge(self, src: PortRef, tgt: PortRef) -> Key:
        """Return the key of an edge."""
        return "connections", self._folded(src), self._folded(tgt)

    def packet(self, tgt: PortRef, data: Any) -> Key:
        """Return the key of an initial packet of the old graph."""
        return self._packets[self._folded(tgt), canonical(data)]

    def entry_key(self, section: str, name: str | int, value: Any) -> Key:
        """Return the key of an entry in the JSON form of the old graph, given its section, its name or place, and its value."""
        if section == "connections":
            src, tgt = (_ref(value[end]) if value.get(end) is not None else None for end in ("src", "tgt"))
            assert tgt is not None  # the text was read before
            return self.edge(src, tgt) if src is not None else self.packet(tgt, value["data"])
        if section == "groups":
            return section, value["name"]
        return section, self._fold(str(name)) if section in ("inports", "outports") else name

    def state(self, key: Key) -> Literal["same", "changed", "gone"]:
        """Compare a part and mark it as written; a changed one that was written before is gone from here."""
        again = key in self.written
        self.written.add(key)
        if key not in self.new:
            return "gone"
        if self.is_same(key):
            return "same"
        return "gone" if again else "changed"

    def is_same(self, key: Key) -> bool:
        """Return whether a part of the new graph was in the old one and would be written alike."""
        if key not in self.old:
            return False
        old, new = self.old[key], self.new[key]
        return old is new or repr(old) == repr(new) or canonical(_entry(key, old)) == canonical(_entry(key, new))

    def entry(self, key: Key) -> tuple[str, Any]:
        """Return name and JSON form of a part of the new graph."""
        return _entry(key, self.new[key])

    def unwritten(self, section: str) -> list[Key]:
        """Return the keys of the parts in a section that stand nowhere yet."""
        return [key for key in self.new if key[0] == section and key not in self.written]

    def _by_key(self, graph: Graph) -> dict[Key, Any]:
        found: dict[Key, Any] = {("properties", key): value for key, value in graph.properties.items()}
        found |= {("extra", key): value for key, value in graph.extra.items()}
        found |= {("processes", id): node for id, node in graph.nodes.items()}
        found |= {self.edge(edge.src, edge.tgt): edge for edge in graph.edges}
        counts = Counter[PortRef]()
        for initial in graph.initials:
            port = self._folded(initial.tgt)
            found["connections", port, counts[port]] = initial
            counts[port] += 1
        for side, exports in (("inports", graph.inports), ("outports", graph.outports)):
            found |= {(side, self._fold(public)): export for public, export in exports.items()}
        return found | {("groups", name): group for name, group in graph.groups.items()}

    def _folded(self, ref: PortRef) -> PortRef:
        return ref._replace(port=self._fold(ref.port))


def _entry(key: Key, part: Any) -> tuple[str, Any]:
    if not isinstance(part, Node | Edge | Initial | Group | Export):
        return key[1], part
    return part.public if isinstance(part, Export) else str(key[1]), form(part)


def _ref(value: Mapping[str, Any]) -> PortRef:
    return PortRef(value["process"], value["port"], value.get("index"))
