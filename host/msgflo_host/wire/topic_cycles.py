"""Cycles of forwarded edges, in which a packet would go round for ever. Pure.

A forward (source, target) feeds another one when the other's source is, or as a filter matches, its target.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

from msgflo.topics import is_filter, matches

__all__ = ["covers", "find_cycles", "reachable", "shortest_path"]

_Forward = tuple[str, str]  # source, target


def find_cycles(edges: Sequence[Sequence[_Forward]]) -> dict[int, list[str]]:
    """Return the edges, by their place in the list, that would close a cycle with the ones before them, and the cycle.

    An edge is its forwards, taken all or none. A cycle is a list of topics: a source of the edge, its target, and so on
    to the one that is the source again, or matches it.
    """
    feeds = _feeds(edges)  # of few edges: most targets are nobody's source
    accepted: dict[str, dict[str, str]] = {}  # source -> source that it feeds -> by which topic
    refused: dict[int, list[str]] = {}
    for i, edge in enumerate(edges):
        added: list[tuple[str, str]] = []
        for source, target in edge:
            for fed in feeds.get(target, ()):
                if fed in accepted.get(source, ()):
                    continue
                sources = shortest_path(accepted, fed, source)
                if sources is not None:
                    refused.setdefault(i, [source, target, *(accepted[a][b] for a, b in pairwise(sources))])
                accepted.setdefault(source, {})[fed] = target
                added.append((source, fed))
        if i in refused:
            for source, fed in added:
                del accepted[source][fed]
    return refused


def covers(wide: str, narrow: str) -> bool:
    """Return whether a filter matches every topic that another filter or topic stands for."""
    levels = narrow.split("/")
    pattern = wide.split("/")
    for i, level in enumerate(pattern):
        if level == "#":
            return True
        if i >= len(levels) or levels[i] == "#" or level not in ("+", levels[i]):
            return False
    return len(pattern) == len(levels)


def _feeds(edges: Sequence[Sequence[_Forward]]) -> dict[str, list[str]]:
    """Return for each target the sources that take its packets; targets that feed nothing are left out."""
    sources = {source for edge in edges for source, _ in edge}
    targets = {target for edge in edges for _, target in edge}
    feeds = {topic: [topic] for topic in targets & sources}
    for topic_filter in sorted(filter(is_filter, sources)):
        for target in targets:
            if matches(topic_filter, target):
                feeds.setdefault(target, []).append(topic_filter)
    return feeds


def shortest_path(links: Mapping[str, Iterable[str]], start: str, goal: str) -> list[str] | None:
    """Return a shortest way along the links, with both ends; None where there is none."""
    came_from = {start: ""}
    frontier = [start]
    while frontier and goal not in came_from:
        reached = []
        for at in frontier:
            for neighbour in links.get(at, ()):
                if neighbour not in came_from:
                    came_from[neighbour] = at
                    reached.append(neighbour)
        frontier = reached
    if goal not in came_from:
        return None
    found = [goal]
    while found[-1] != start:
        found.append(came_from[found[-1]])
    return found[::-1]


def reachable(links: Mapping[str, Iterable[str]], start: str) -> set[str]:
    """Return what the links lead to from `start`, and that itself."""
    found, frontier = {start}, [start]
    while frontier:
        new = set(links.get(frontier.pop(), ())) - found
        found |= new
        frontier += new
    return found
