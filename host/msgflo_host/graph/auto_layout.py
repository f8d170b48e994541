"""Places nodes that nobody has placed on a grid, where no two overlap. Pure.

Editors draw a node of 72 by 72 points with its name below. noflo-ui draws one without a place at 0, 0, below its own panels;
where no node has both coordinates other than 0, it lays out the graph by itself, and sends that as edits.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import count, islice
from math import isqrt
from typing import TypeAlias

from .elements import Node
from .model import Graph

__all__ = ["LEFT", "STEP_X", "STEP_Y", "TOP", "Place", "free_places", "laid_out", "place_of"]

LEFT, TOP = 108, 144
"""The corner of the grid, beside the panels of noflo-ui."""
STEP_X, STEP_Y = 180, 144
FEWEST_ROWS = 8
FARTHEST = 1_000_000  # a node farther out is lost already
APART_X, APART_Y = 108, 126  # nodes this far from each other do not overlap

Place: TypeAlias = tuple[int, int]
_Point: TypeAlias = tuple[float, float]
_Cell: TypeAlias = tuple[int, int]


def place_of(node: Node) -> _Point | None:
    """Return the place of a node; None where it has none, or one that nobody would find."""
    x, y = node.metadata.get("x"), node.metadata.get("y")
    if isinstance(x, int | float) and isinstance(y, int | float) and abs(x) <= FARTHEST and abs(y) <= FARTHEST:
        return x, y
    return None


def free_places(places: Iterable[_Point], taken: Collection[Place], number: int) -> list[Place]:
    """Return so many places right of these, none of them `taken` by an earlier call."""
    cells = [_cell(place) for place in places]
    column = max((column + 2 for column, _ in cells), default=0)
    top = max(0, min((row for _, row in cells), default=0))  # not below noflo-ui's own panels
    rows = max(FEWEST_ROWS, isqrt(len(taken) + number) + 1)
    used = frozenset(taken)
    found = (_corner((column + at // rows, top + at % rows)) for at in count())
    return list(islice((place for place in found if place not in used), number))


def laid_out(graph: Graph, known: Mapping[str, Place], taken: Iterable[_Point]) -> dict[str, Place]:
    """Return a place for each node without one: in columns along the edges, beside places that are there or `taken`.

    A node stays where it is `known` to be, unless another one is there by now.
    """
    placed = {node.id: place for node in graph.nodes.values() if (place := place_of(node)) is not None}
    used = {cell for place in (*placed.values(), *taken) for cell in _covered(place)}
    found: dict[str, Place] = {}
    for id in graph.nodes:
        if id in known and id not in placed and not used.intersection(cells := set(_covered(known[id]))):
            found[id] = known[id]
            used |= cells
    if len(placed) + len(found) == len(graph.nodes):
        return found
    layers: list[list[str]] = []
    for id, depth in _depths(graph).items():
        layers += [[] for _ in range(depth + 1 - len(layers))]
        layers[depth].append(id)
    rows = max(FEWEST_ROWS, isqrt(len(graph.nodes)) + 1)
    column = 0
    for layer in layers:
        free = (cell for at in count() if (cell := (column + at // rows, at % rows)) not in used)
        for id in layer:
            if id not in placed and id not in found:
                found[id] = _corner(next(free))
        used.update(cell for id in layer if id in found for cell in _covered(found[id]))
        column += -(-len(layer) // rows)
    return found


def _depths(graph: Graph) -> dict[str, int]:
    """Return the longest distance along the edges to each node; a cycle begins with the first node of the graph."""
    targets: dict[str, list[str]] = {id: [] for id in graph.nodes}
    awaited = dict.fromkeys(graph.nodes, 0)
    for edge in graph.edges:
        targets[edge.src.node].append(edge.tgt.node)
        awaited[edge.tgt.node] += 1
    depths = dict.fromkeys(graph.nodes, 0)
    ready = deque(id for id, number in awaited.items() if number == 0)
    rest = iter(graph.nodes)
    found: dict[str, int] = {}
    while len(found) < len(depths):
        id = ready.popleft() if ready else next(id for id in rest if id not in found)
        if id in found:
            continue
        found[id] = depths[id]
        for target in targets[id]:
            depths[target] = max(depths[target], depths[id] + 1)
            awaited[target] -= 1
            if awaited[target] == 0:
                ready.append(target)
    return found


def _corner(cell: _Cell) -> Place:
    return LEFT + cell[0] * STEP_X, TOP + cell[1] * STEP_Y


def _cell(place: _Point) -> _Cell:
    return int(place[0] - LEFT) // STEP_X, int(place[1] - TOP) // STEP_Y


def _covered(place: _Point) -> Iterator[_Cell]:
    """Yield the cells of the grid that this place blocks for another node."""
    column, row = _cell(place)
    for cell in ((column, row), (column + 1, row), (column, row + 1), (column + 1, row + 1)):
        x, y = _corner(cell)
        if abs(x - place[0]) < APART_X and abs(y - place[1]) < APART_Y:
            yield cell
