"""Which forwarded edges would let a packet go round for ever. Pure.

A forward (source, target) feeds another one when the other's source is, or as a filter matches, its target.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgflo.topics import is_filter, matches

__all__ = ["closing", "covers"]

_Forward = tuple[str, str]  # source, target


def closing(edges: Sequence[Sequence[_Forward]]) -> dict[int, list[str]]:
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
                way = _way(accepted, fed, source)
                if way is not None:
                    refused.setdefault(i, [source, target, *way])
                accepted.setdefault(source, {})[fed] = target
                added.append((source, fed))
        if i in refused:
            for source, fed in added:
                del accepted[source][fed]
    return refused


def covers(wide: str, narrow: str) -> bool:
    """Tell whether a filter matches every topic that another filter or topic stands for."""
    levels = narrow.split("/")
    wanted = wide.split("/")
    for i, level in enumerate(wanted):
        if level == "#":
            return True
        if i >= len(levels) or levels[i] == "#" or level not in ("+", levels[i]):
            return False
    return len(wanted) == len(levels)


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


def _way(accepted: dict[str, dict[str, str]], start: str, goal: str) -> list[str] | None:
    """Return the topics on a shortest way from one source to another, or None."""
    came_from = {start: ""}
    frontier = [start]
    while frontier and goal not in came_from:
        reached = []
        for source in frontier:
            for fed in accepted.get(source, ()):
                if fed not in came_from:
                    came_from[fed] = source
                    reached.append(fed)
        frontier = reached
    if goal not in came_from:
        return None
    topics = []
    at = goal
    while at != start:
        before = came_from[at]
        topics.append(accepted[before][at])
        at = before
    return topics[::-1]
