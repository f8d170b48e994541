"""Limits the packets of an edge that are shown: PER_SECOND of each, after a burst, and none to clients that are behind.

Once a second, network:output reports to each client how many packets it has missed.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping

from ..util.token_bucket import TokenBucket
from .client_list import ClientHandle
from .envelope import message

__all__ = ["BURST", "PER_SECOND", "RateLimit"]

PER_SECOND = 20
BURST = 100
_LISTED = 10  # edges in one message about what was left out
_REPORT_S = 1.0


class RateLimit:
    """Counts the packets of edges, by `place`, the id of a graph or of its participant, and name.

    Times are monotonic, in seconds.
    """

    def __init__(self) -> None:
        self._buckets: dict[tuple[str, str], TokenBucket] = {}
        self._left_out: dict[ClientHandle, defaultdict[str, Counter[str]]] = {}  # by graph and edge
        self._reported_at = 0.0

    def allowed(self, place: str, name: str, watching: Mapping[ClientHandle, str], now: float) -> list[ClientHandle]:
        """Return the clients that are shown a packet, of those that watch its edge, each with its name of the graph.

        For the others the packet is counted.
        """
        shown = [client for client in watching if not client.behind]
        if shown and not self._buckets.setdefault((place, name), TokenBucket(PER_SECOND, BURST, now)).take(now):
            shown = []
        for client, graph in watching.items():
            if not shown or client.behind:
                self._left_out.setdefault(client, defaultdict(Counter))[graph][name] += 1
        return shown

    def tick(self, now: float) -> None:
        """Report the packets that were left out, once a second; call it again and again."""
        if now - self._reported_at < _REPORT_S:
            return
        self._reported_at = now
        left_out, self._left_out = self._left_out, {}
        for client, graphs in left_out.items():
            for graph, counts in graphs.items() if client.may_see("network", "output") else ():
                client.send(message("network", "output", {"message": _report(graph, counts)}))
        # Edges come and go; a bucket that is full again is like a new one.
        full_since = now - BURST / PER_SECOND
        self._buckets = {key: bucket for key, bucket in self._buckets.items() if bucket.filled_at > full_since}

    def left(self, client: ClientHandle) -> None:
        """Forget a client."""
        self._left_out.pop(client, None)

    def forget(self, graph: str) -> None:
        """Forget a graph."""
        for graphs in self._left_out.values():
            graphs.pop(graph, None)
        self._buckets = {key: bucket for key, bucket in self._buckets.items() if key[0] != graph}


def _report(graph: str, counts: Counter[str]) -> str:
    listed = ", ".join(f"{count} of {name}" for name, count in counts.most_common(_LISTED))
    more = f" and {sum(counts.values()) - sum(n for _, n in counts.most_common(_LISTED))} of others"
    return f"{graph}: packets not shown in the last second: {listed}{more if len(counts) > _LISTED else ''}"
