"""Edges whose two ends are in this process: their packets go from memory to memory. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ..discovery import Participant
from ..graph.elements import Edge
from .ports import Ports, Refused

__all__ = ["End", "links"]

End = tuple[str, str]
"""A role and one of its ports."""


def links(
    edges: Iterable[Edge], participants: Mapping[str, Participant], *, case_sensitive: bool
) -> dict[End, list[End]]:
    """Return where each outport leads, of the edges that join two of these participants, which are given by role.

    Edges to ports that do not exist are left out; the plan says what is wrong with them.
    """
    by_role = {role: [participant] for role, participant in participants.items()}
    sources = Ports("outport", by_role, case_sensitive=case_sensitive)
    targets = Ports("inport", by_role, case_sensitive=case_sensitive)
    found: dict[End, list[End]] = {}
    for edge in edges:
        if edge.src.node not in by_role or edge.tgt.node not in by_role:
            continue
        try:
            source, target = sources.find(*edge.src)[0], targets.find(*edge.tgt)[0]
        except Refused:
            continue
        ends = found.setdefault((edge.src.node, source.port), [])
        if (end := (edge.tgt.node, target.port)) not in ends:  # two graphs may have the same edge
            ends.append(end)
    return found
