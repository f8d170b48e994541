"""How many packets of an edge are shown, and to whom: PER_SECOND of each, after a burst, and none to clients that are behind.

How many were left out is told once a second by network:output, to each client of those that it misses.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from .client_list import ClientHandle
from .envelope import message

__all__ = ["BURST", "PER_SECOND", "RateLimit"]

PER_SECOND = 20
BURST = 100
_LISTED = 10  # edges in one message about what was left out
_TOLD_EVERY_S = 1.0


@dataclass
class _Allowance:
    """How many packets of one edge may be shown now."""

    left: float
    at: float

    def take(self, now: float) -> bool:
        self.left = min(BURST, self.left + (now - self.at) * PER_SECOND)
        self.at = now
        if self.left < 1:
            return False
        self.left -= 1
        return True


class RateLimit:
    """Counts the packets of edges, which are told apart by `place`, the id of a graph or what has one, and name.

    Times are monotonic, in seconds.
    """

    def __init__(self) -> None:
        self._allowed: dict[tuple[str, str], _Allowance] = {}
        self._left_out: dict[ClientHandle, defaultdict[str, Counter[str]]] = {}  # by graph and edge
        self._told_at = 0.0

    def seeing(self, place: str, name: str, looking: Mapping[ClientHandle, str], now: float) -> list[ClientHandle]:
        """Return who is shown a packet, of those who look at its edge; `looking` has the name of the graph for each.

        What a client does not see is counted for it.
        """
        seeing = [client for client in looking if not client.behind]
        if seeing and not self._allowed.setdefault((place, name), _Allowance(BURST, now)).take(now):
            seeing = []
        for client, graph in looking.items():
            if not seeing or client.behind:
                self._left_out.setdefault(client, defaultdict(Counter))[graph][name] += 1
        return seeing

    def tick(self, now: float) -> None:
        """Tell what was left out, if that was not told within this second; to be called again and again."""
        if now - self._told_at >= _TOLD_EVERY_S:
            self._told_at = now
            self._tell_left_out()
            self._forget_quiet(now)

    def left(self, client: ClientHandle) -> None:
        """Forget a client."""
        self._left_out.pop(client, None)

    def forget(self, graph: str) -> None:
        """Forget a graph."""
        for graphs in self._left_out.values():
            graphs.pop(graph, None)
        self._allowed = {key: allowance for key, allowance in self._allowed.items() if key[0] != graph}

    def _forget_quiet(self, now: float) -> None:
        """Edges come and go; one that has been quiet for long may show a whole burst again, as a new one may."""
        long_ago = now - BURST / PER_SECOND
        self._allowed = {key: allowance for key, allowance in self._allowed.items() if allowance.at > long_ago}

    def _tell_left_out(self) -> None:
        left_out, self._left_out = self._left_out, {}
        for client, graphs in left_out.items():
            for graph, counts in graphs.items() if client.may_see("network", "output") else ():
                client.send(message("network", "output", {"message": _about(graph, counts)}))


def _about(graph: str, counts: Counter[str]) -> str:
    listed = ", ".join(f"{count} of {name}" for name, count in counts.most_common(_LISTED))
    more = f" and {sum(counts.values()) - sum(n for _, n in counts.most_common(_LISTED))} of others"
    return f"{graph}: packets not shown in the last second: {listed}{more if len(counts) > _LISTED else ''}"
