"""network:data of the FBP protocol: each client gets the packets on the edges that it has selected.

An edge may carry thousands of packets a second, and an editor shows a few hundred in all: `rate_limit` drops the others.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from typing import Any

from ..builtin import collection
from ..control.coordinator import Coordinator
from ..control.edge_packets import EdgePackets, Ends, ends
from ..graph.elements import Edge, Initial, PortRef
from ..model.events import GraphEnded, PacketSent
from ..model.graphs import Network
from ..model.secrecy import is_secure
from ..wire.payloads import preview, shortened
from .client_list import ClientAccessChanged, ClientHandle, ClientLeft, ClientList, RecordingChanged
from .envelope import encode, message
from .masking import MASKED
from .rate_limit import RateLimit

__all__ = ["Packets"]


class Packets:
    """Shows packets to clients. While `recording(graph id)` is True, `record` gets all packets of a graph."""

    def __init__(
        self,
        coordinator: Coordinator,
        clients: ClientList,
        *,
        shows: Callable[[str, str, Any], None],
        recording: Callable[[str], bool],
        record: Callable[[str, str, dict[str, Any]], None],
    ) -> None:
        self._coordinator = coordinator
        self._clients = clients
        self._recording = recording
        self._record = record
        self._selected: dict[ClientHandle, dict[str, frozenset[Ends]]] = {}
        self._rate_limit = RateLimit()
        self.taps = EdgePackets(
            coordinator,
            self._watched,
            self._shows_exports,
            packet=self._packet,
            initial=self._initial,
            export=shows,
        )
        events = coordinator.events
        events.listen(GraphEnded, lambda event: self._forget(event.graph))
        events.listen(PacketSent, self._show_sent)
        for kind in (ClientAccessChanged, RecordingChanged):
            events.listen(kind, lambda event: self.taps.refresh())
        events.listen(ClientLeft, lambda event: self._left(event.client))

    async def run(self) -> None:
        """Subscribe to the topics of watched edges, and report dropped packets, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.taps.run())
            while True:
                await asyncio.sleep(1)
                self._rate_limit.tick(time.monotonic())

    def select(
        self, client: ClientHandle, graph: str, edges: Iterable[tuple[tuple[str, str], tuple[str, str]]]
    ) -> None:
        """Show a client only these edges of a graph, or all where none is named; its answer waits for the subscriptions."""
        chosen: frozenset[Ends] = frozenset((src[0], src[1].lower(), tgt[0], tgt[1].lower()) for src, tgt in edges)
        self._selected.setdefault(client, {})[graph] = chosen
        self.taps.refresh(client.hold())

    def is_running(self, network: Network) -> bool:
        """Return whether packets may come: it is started, and has a present participant that sends by itself.

        Most built-in components send only in reply to packets.
        """
        graphs, registry = self._coordinator.graphs, self._coordinator.registry
        active = (node for node in network.graph.nodes.values() if _sends_by_itself(node.component))
        entries = (entry for node in active for entry in registry.by_role(graphs.role(network.id, node.id)))
        return network.started and any(entry.state != "lost" for entry in entries)

    def _show_sent(self, event: PacketSent) -> None:
        """Show a packet that a user has sent into an inport: without a source, like an initial packet."""
        network = self._coordinator.graphs.network(event.graph)
        self._from_no_node(event.graph, event.tgt, event.data, lambda: _takes_secure(network, event.tgt))

    # -- selections --

    def _watched(self, graph: str) -> frozenset[Ends] | None:
        """Return the edges of a graph that some client watches, None for all."""
        watched = [self._chosen(client, graph) for client in self._clients if client.may_see("network", "data")]
        if self._recording(graph) or not all(watched):
            return None
        return frozenset().union(*watched)

    def _chosen(self, client: ClientHandle, graph: str) -> frozenset[Ends]:
        """Return the edges that a client has selected; without any it watches all of them."""
        return self._selected.get(client, {}).get(graph, frozenset())

    def _shows_exports(self) -> bool:
        return any(client.may_see("runtime", "packet") for client in self._clients)

    def _watches(self, client: ClientHandle, graph: str, edge: Ends) -> bool:
        chosen = self._chosen(client, graph)
        return client.may_see("network", "data") and (not chosen or edge in chosen)

    def _left(self, client: ClientHandle) -> None:
        self._selected.pop(client, None)
        self._rate_limit.left(client)
        self.taps.refresh()

    def _forget(self, graph: str) -> None:
        for selected in self._selected.values():
            selected.pop(graph, None)
        self._rate_limit.forget(graph)

    # -- packets --

    def _packet(self, graph: str, edge: Edge, payload: bytes) -> None:
        name = f"{edge.src.node}() {_port(edge.src)} -> {_port(edge.tgt)} {edge.tgt.node}()"
        key = ends(edge.src, edge.tgt)
        if (shows := self._showing(graph, name, lambda client: self._watches(client, graph, key))) is None:
            return
        if (current := self._current(graph, edge)) is not None:
            shown = MASKED if is_secure(current) else shortened(preview(payload))
            packet = {"id": name, "graph": graph, "src": edge.src.as_end(), "tgt": edge.tgt.as_end(), "data": shown}
            self._show(graph, packet, shows)

    def _current(self, graph: str, edge: Edge) -> Edge | None:
        """Return an edge as it is in its graph now: a new mark as secure holds at once."""
        if not self._coordinator.graphs.has(graph):
            return None
        network = self._coordinator.graphs.network(graph)
        return network.graph.find_edge(edge.src, edge.tgt) if network.started else None

    def _initial(self, graph: str, initial: Initial) -> None:
        self._from_no_node(graph, initial.tgt, initial.data, lambda: is_secure(initial))

    def _from_no_node(self, graph: str, tgt: PortRef, data: Any, is_secure: Callable[[], bool]) -> None:
        name = f"DATA -> {_port(tgt)} {tgt.node}()"
        shows = self._showing(graph, name, lambda client: client.may_see("network", "data"))
        if shows is not None:
            shown = MASKED if is_secure() else shortened(data)
            self._show(graph, {"id": name, "graph": graph, "tgt": tgt.as_end(), "data": shown}, shows)

    def _showing(self, graph: str, name: str, watches: Callable[[ClientHandle], bool]) -> list[ClientHandle] | None:
        """Return the clients that are shown a packet; None where it is not recorded either."""
        watching = {client: graph for client in self._clients if watches(client)}
        allowed = self._rate_limit.allowed(graph, name, watching, time.monotonic())
        return allowed if allowed or self._recording(graph) else None

    def _show(self, graph: str, payload: dict[str, Any], clients: list[ClientHandle]) -> None:
        if self._recording(graph):
            self._record(graph, "data", payload)
        if clients:
            frame = encode(message("network", "data", payload))
            for client in clients:
                client.send(frame)


def _sends_by_itself(component: str) -> bool:
    """Return whether a component is not built in, or has only settings as inports."""
    built_in = collection.components().get(component)
    return built_in is None or all("default" in (port.schema or {}) for port in built_in.inports)


def _takes_secure(network: Network, tgt: PortRef) -> bool:
    """Return whether an edge or an initial packet to an inport is marked as secure."""
    leading: list[Edge | Initial] = [*network.graph.edges_at(tgt.node), *network.graph.initials_at(tgt.node)]
    end = tgt.node, tgt.port.lower()
    return any(is_secure(each) for each in leading if (each.tgt.node, each.tgt.port.lower()) == end)


def _port(ref: PortRef) -> str:
    return ref.port.upper() if ref.index is None else f"{ref.port.upper()}[{ref.index}]"
