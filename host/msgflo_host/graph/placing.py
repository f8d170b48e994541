"""Places for nodes that come by themselves: on a grid right of the graph, where no two overlap. Pure.

Editors draw a node of 72 by 72 points with its name below, and one without a place at 0, 0.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from itertools import count, islice
from math import isqrt
from typing import TypeAlias

from .elements import Node

__all__ = ["STEP_X", "STEP_Y", "Place", "free_places"]

STEP_X, STEP_Y = 180, 144
FEWEST_ROWS = 8
FARTHEST = 1_000_000  # a node farther out is lost already

Place: TypeAlias = tuple[int, int]


def free_places(nodes: Iterable[Node], taken: Collection[Place], number: int) -> list[Place]:
    """Return so many places beside the nodes of a graph, none of them `taken` by an earlier call."""
    placed = [_place(node) for node in nodes]
    columns = max((int(x) // STEP_X + 2 for x, _ in placed), default=0)
    top = min((int(y) // STEP_Y for _, y in placed), default=0)
    rows = max(FEWEST_ROWS, isqrt(len(taken) + number) + 1)
    used = frozenset(taken)
    return list(islice((place for place in _grid(columns, top, rows) if place not in used), number))


def _grid(column: int, top: int, rows: int) -> Iterator[Place]:
    for at in count():
        yield (column + at // rows) * STEP_X, (top + at % rows) * STEP_Y


def _place(node: Node) -> tuple[float, float]:
    x, y = (node.metadata.get(key) for key in ("x", "y"))
    if isinstance(x, int | float) and isinstance(y, int | float) and max(abs(x), abs(y)) <= FARTHEST:
        return x, y
    return 0, 0
