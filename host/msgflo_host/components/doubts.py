"""Nodes of the graph of which something may be amiss: nobody here can start them, or they are something else."""

from __future__ import annotations

from collections.abc import Iterator

from ..coordinator import Coordinator
from ..library import Library

__all__ = ["doubts"]


def doubts(coordinator: Coordinator, library: Library) -> Iterator[str]:
    """Yield a sentence for each such node."""
    known = library.names()
    for node in coordinator.graph.nodes.values():
        if coordinator.builtin.is_own(node.component) or node.component in known:
            continue
        found = {entry.participant.component for entry in coordinator.registry.by_role(node.id)}
        if found and node.component not in found:
            yield (
                f"node {node.id!r} is {node.component!r} in the graph, but {' and '.join(map(repr, sorted(found)))} "
                "by its own words"
            )
        elif not found and known:
            yield (
                f"node {node.id!r} waits: the library has no component {node.component!r} (it has "
                f"{', '.join(known)}), and no participant with this role has announced itself"
            )
