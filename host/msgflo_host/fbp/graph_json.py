"""Graphs as editors read them: on one line of JSON, of which only what has changed is written anew."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TypeAlias

from ..graph.elements import Edge, Export, Group, Initial, Node
from ..graph.json_format import compact, form
from ..graph.model import Graph
from ..model.secrecy import is_secure
from .masking import MASKED

__all__ = ["GraphTexts"]

_Part: TypeAlias = Node | Edge | Initial | Group | Export
_Kept: TypeAlias = dict[int, tuple[_Part, str]]
"""The text of each part by its identity, which is the part's own as long as the part is kept beside it."""


class GraphTexts:
    """Writes graphs; remembers the texts of their parts, which never change."""

    def __init__(self) -> None:
        self._kept: dict[str, _Kept] = {}

    def text(self, id: str, graph: Graph, drawn: Mapping[str, Node], *, masked: bool) -> str:
        """Return a graph, with those nodes that are told otherwise than they are, or are not in it.

        `masked` is without the data of secure initial packets.
        """
        writing = _Writing(self._kept.get(id, {}))
        nodes = [f"{compact(id)}: {writing.text(node)}" for id, node in {**graph.nodes, **drawn}.items()]
        connections = [writing.text(edge) for edge in graph.edges]
        connections += [writing.initial(initial, masked=masked) for initial in graph.initials]
        groups = [writing.text(group) for group in graph.groups.values()]
        members = {
            **{key: compact(value) for key, value in graph.extra.items()},
            "caseSensitive": compact(graph.case_sensitive),
            "properties": compact(graph.properties),
            "inports": _object(writing.exports(graph.inports)),
            "outports": _object(writing.exports(graph.outports)),
            "groups": f"[{', '.join(groups)}]",
            "processes": _object(nodes),
            "connections": f"[{', '.join(connections)}]",
        }
        self._kept[id] = writing.used
        return _object(f"{compact(key)}: {value}" for key, value in members.items())

    def forget(self, id: str) -> None:
        """A graph is gone."""
        self._kept.pop(id, None)


class _Writing:
    """One graph that is being written. `used` is what may be used again."""

    def __init__(self, kept: _Kept) -> None:
        self._kept = kept
        self.used: _Kept = {}

    def text(self, part: _Part) -> str:
        found = self._kept.get(id(part)) or (part, compact(form(part)))
        self.used[id(part)] = found
        return found[1]

    def initial(self, initial: Initial, *, masked: bool) -> str:
        if masked and is_secure(initial):
            return compact(form(replace(initial, data=MASKED)))
        return self.text(initial)

    def exports(self, exports: Mapping[str, Export]) -> Iterator[str]:
        return (f"{compact(public)}: {self.text(export)}" for public, export in exports.items())


def _object(members: Iterator[str] | list[str]) -> str:
    return "{" + ", ".join(members) + "}"
