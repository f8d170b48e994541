"""Which forwarded edges would let a packet go round for ever. Pure.

A forward (source, target) feeds another one when the other's source is, or as a filter matches, its target.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

from msgflo.topics import is_filter

__all__ = ["closing", "covers"]

_Forward = tuple[str, str]  # source, target


def closing(edges: Sequence[Sequence[_Forward]]) -> dict[int, list[str]]:
    """Return the edges, by their place in the list, that would close a cycle with the ones before them, and the cycle.

    An edge is its forwards, taken all or none. A cycle is a list of topics: a source of the edge, its target, and so on
    to the one that is the source again, or matches it.
    """
    feeds = _feeds(edges)
    if not feeds:
        return {}
    links: dict[str, list[str]] = {}
    for edge in edges:
        for source, target in edge:
            links.setdefault(source, []).extend(feeds.get(target, ()))
    knots = _knots(links)
    if not knots:
        return {}
    refused: dict[int, list[str]] = {}
    accepted = _Accepted()
    for i, edge in enumerate(edges):
        tied = [
            (source, fed, target)
            for source, target in edge
            for fed in feeds.get(target, ())
            if source in knots and knots[source] == knots.get(fed)
        ]
        cycle = accepted.take(tied) if tied else None
        if cycle is not None:
            refused[i] = cycle
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
    filters = sorted(source for source in sources if is_filter(source))
    if filters:
        tree = _Tree(filters)
        for target in targets:
            found = tree.matching(target)
            if found:
                feeds.setdefault(target, []).extend(found)
    return feeds


class _Level:
    __slots__ = ("below", "here")

    def __init__(self) -> None:
        self.below: dict[str, _Level] = {}
        self.here: list[str] = []


class _Tree:
    """Filters, found by a topic that they match without a look at each of them."""

    def __init__(self, filters: Iterable[str]) -> None:
        self._root = _Level()
        for topic_filter in filters:
            node = self._root
            for level in topic_filter.split("/"):
                node = node.below.setdefault(level, _Level())
            node.here.append(topic_filter)

    def matching(self, topic: str) -> list[str]:
        """Return the filters that match a topic."""
        found: list[str] = []
        nodes = [self._root]
        for level in topic.split("/"):
            found += _here(nodes, "#")
            nodes = [node.below[key] for node in nodes for key in (level, "+") if key in node.below]
        found += _here(nodes, "#")  # `a/#` takes `a`, too
        return found + [topic_filter for node in nodes for topic_filter in node.here]


def _here(nodes: list[_Level], key: str) -> list[str]:
    return [topic_filter for node in nodes if key in node.below for topic_filter in node.below[key].here]


def _knots(links: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """Return the sources that lie on a cycle, each with the number of its knot: those that reach each other.

    Tarjan's strongly connected components, without recursion.
    """
    knots: dict[str, int] = {}
    order: dict[str, int] = {}
    lowest: dict[str, int] = {}
    stack: list[str] = []
    on_stack: set[str] = set()
    for root in links:
        if root in order:
            continue
        order[root] = lowest[root] = len(order)
        stack.append(root)
        on_stack.add(root)
        work = [(root, iter(links[root]))]
        while work:
            node, following = work[-1]
            for following_node in following:
                if following_node not in order:
                    order[following_node] = lowest[following_node] = len(order)
                    stack.append(following_node)
                    on_stack.add(following_node)
                    work.append((following_node, iter(links.get(following_node, ()))))
                    break
                if following_node in on_stack:
                    lowest[node] = min(lowest[node], order[following_node])
            else:
                work.pop()
                if work:
                    lowest[work[-1][0]] = min(lowest[work[-1][0]], lowest[node])
                if lowest[node] == order[node]:
                    members = _popped(stack, node)
                    on_stack.difference_update(members)
                    if len(members) > 1 or node in links.get(node, ()):
                        knots.update(dict.fromkeys(members, order[node]))
    return knots


def _popped(stack: list[str], last: str) -> list[str]:
    """Take the members of a component off the stack."""
    members = [stack.pop()]
    while members[-1] != last:
        members.append(stack.pop())
    return members


class _Accepted:
    """The forwards taken so far, which have no cycle."""

    def __init__(self) -> None:
        self._following: dict[str, dict[str, str]] = {}  # source -> source that it feeds -> by which topic
        self._before: dict[str, dict[str, str]] = {}

    def take(self, links: Sequence[tuple[str, str, str]]) -> list[str] | None:
        """Take all links (source, source that it feeds, by which topic), or none and return the cycle."""
        added: list[tuple[str, str]] = []
        for source, fed, topic in links:
            if fed in self._following.get(source, ()):
                continue
            way = self._way(fed, source)
            if way is not None:
                for a, b in added:
                    del self._following[a][b], self._before[b][a]
                return [source, topic, *way]
            self._following.setdefault(source, {})[fed] = topic
            self._before.setdefault(fed, {})[source] = topic
            added.append((source, fed))
        return None

    def _way(self, start: str, goal: str) -> list[str] | None:
        """Return the topics on a way, or None.

        It is sought from both ends in turn: the shorter side ends the search, in whatever order a long chain is built.
        """
        if start == goal:
            return []
        forth, back = {start: ""}, {goal: ""}
        ahead, behind = [start], [goal]
        while ahead and behind:
            ahead, met = _spread(ahead, self._following, forth, back)
            if met is None:
                behind, met = _spread(behind, self._before, back, forth)
            if met is not None:
                return self._topics(forth, back, met)
        return None

    def _topics(self, forth: Mapping[str, str], back: Mapping[str, str], met: str) -> list[str]:
        nodes = [met]
        while forth[nodes[-1]]:
            nodes.append(forth[nodes[-1]])
        nodes.reverse()
        while back[nodes[-1]]:
            nodes.append(back[nodes[-1]])
        return [self._following[a][b] for a, b in pairwise(nodes)]


def _spread(
    frontier: list[str], links: Mapping[str, Mapping[str, str]], seen: dict[str, str], other: Mapping[str, str]
) -> tuple[list[str], str | None]:
    """Go one step further from all of `frontier`; return the new frontier and where it met the other side."""
    reached = []
    for node in frontier:
        for following in links.get(node, ()):
            if following not in seen:
                seen[following] = node
                if following in other:
                    return [], following
                reached.append(following)
    return reached, None
