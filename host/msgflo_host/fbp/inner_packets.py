"""The packets inside of participants that are graphs: of one such graph each client is shown those on the edges it looks at.

Its runtime keeps one selection of edges for all of us. So it is asked for what any client looks at, and what comes is
shown to those who look at it, of each edge no more than of an edge of ours.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from ..graph.elements import PortRef
from ..payloads import shortened
from ..taps import Ends, ends
from ._payload import MOST_SELECTED, selection
from .client_list import ClientHandle, ClientList
from .envelope import encode, message
from .events import ClientJoined, ClientLeft, ClientSees
from .sparing import Sparing

__all__ = ["OF_EDGES", "InnerPackets"]

OF_EDGES = ("data", "connect", "disconnect", "begingroup", "endgroup")
"""The commands of `network` that are about one edge."""

_Selected = dict[Ends, tuple[PortRef, PortRef]]


class InnerPackets:
    """Keeps which edges clients have selected, by the id of the participant, and shows packets."""

    def __init__(self, clients: ClientList) -> None:
        self._clients = clients
        self._selected: dict[ClientHandle, dict[str, _Selected]] = {}
        self._sparing = Sparing()
        self._wanted: dict[str, list[dict[str, Any]]] = {}
        for kind in (ClientJoined, ClientSees):
            clients.events.listen(kind, lambda event: self._wanted.clear())
        clients.events.listen(ClientLeft, lambda event: self._left(event.client))

    def select(self, client: ClientHandle, id: str, edges: Iterable[tuple[PortRef, PortRef]]) -> None:
        """Show a client only these edges of a participant; all of them where none is named."""
        self._selected.setdefault(client, {})[id] = {ends(*edge): edge for edge in edges}
        self._wanted.pop(id, None)

    def forget_others(self, there: Collection[str]) -> None:
        """Forget what was selected in participants that are not these."""
        for selected in self._selected.values():
            for id in selected.keys() - there:
                del selected[id]
        self._wanted.clear()

    def wanted(self, id: str) -> list[dict[str, Any]]:
        """The edges that anybody looks at, as `network:edges` names them; none where somebody looks at all."""
        if id not in self._wanted:
            looking = [self._chosen(client, id) for client in self._clients if client.may_see("network", "data")]
            union = {key: edge for chosen in looking for key, edge in chosen.items()}
            is_all = not all(looking) or len(union) > MOST_SELECTED
            self._wanted[id] = [] if is_all else selection(union[key] for key in sorted(union))
        return self._wanted[id]

    def wants(self, client: ClientHandle, id: str, payload: Mapping[str, Any]) -> bool:
        """Whether a client looks at the edge of a message; what comes on none, as an initial packet does, is for all."""
        chosen, src, tgt = self._chosen(client, id), payload.get("src"), payload["tgt"]
        if not chosen or src is None:
            return True
        return (src["node"], src["port"].lower(), tgt["node"], tgt["port"].lower()) in chosen

    def show(self, id: str, payload: Mapping[str, Any], names: Mapping[ClientHandle, str]) -> None:
        """Show a packet, the payload of `network:data`, to clients; `names` has what each of them calls the graph."""
        looking = {
            client: name
            for client, name in names.items()
            if client.may_see("network", "data") and self.wants(client, id, payload)
        }
        frames: dict[str, bytes] = {}
        for client in self._sparing.seeing(id, payload["id"], looking, time.monotonic()):
            name = looking[client]
            if name not in frames:
                shown = {**payload, "graph": name, "data": shortened(payload["data"])}
                frames[name] = encode(message("network", "data", shown))
            client.send(frames[name])

    def tick(self, now: float) -> None:
        """Tell what was left out; to be called again and again, with the monotonic time in seconds."""
        self._sparing.tick(now)

    def _left(self, client: ClientHandle) -> None:
        self._sparing.left(client)
        self._selected.pop(client, None)
        self._wanted.clear()

    def _chosen(self, client: ClientHandle, id: str) -> _Selected:
        return self._selected.get(client, {}).get(id, {})
