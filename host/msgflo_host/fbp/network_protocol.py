"""network:* of the FBP protocol: start and stop, and the edges that a client watches."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from ..control.coordinator import Coordinator
from ..errors import RequestError
from ..model.events import GraphEnded
from ..model.graphs import Network
from ..traces.flowtrace import time_text
from ..util.quoting import shown
from .client_list import ClientHandle
from .dispatch import Command, Replies
from .envelope import Request
from .node_health import Health
from .packet_protocol import Packets
from .request_payload import network_of, selected, selection

__all__ = ["NetworkPart"]


class NetworkPart:
    """Starts and stops graphs. `save()` writes the main graph into its file; raises MsgfloError where it cannot."""

    def __init__(
        self,
        coordinator: Coordinator,
        packets: Packets,
        health: Health,
        replies: Replies,
        save: Callable[[], None],
    ) -> None:
        self._coordinator = coordinator
        self._graphs = coordinator.graphs
        self._packets = packets
        self._health = health
        self._replies = replies
        self._save = save
        self._debug: set[str] = set()
        self.commands: dict[str, Command] = {
            "start": self._start,
            "stop": self._stop,
            "getstatus": self._get_status,
            "debug": self._set_debug,
            "edges": self._select,
            "persist": self._persist,
        }
        coordinator.events.listen(GraphEnded, lambda event: self._debug.discard(event.graph))

    def _start(self, client: ClientHandle, request: Request) -> None:
        network = network_of(self._graphs, request.payload)
        self._graphs.start(network.id)
        payload = {**self._status(network, running=True), "time": time_text(time.time())}
        self._replies.broadcast("network", "started", payload, by=(client, request))

    def _stop(self, client: ClientHandle, request: Request) -> None:
        network = network_of(self._graphs, request.payload)
        uptime = _uptime(network)
        self._graphs.stop(network.id)
        payload = {**self._status(network, running=False), "time": time_text(time.time()), "uptime": uptime}
        self._replies.broadcast("network", "stopped", payload, by=(client, request))
        if network.is_temporary:
            self._graphs.remove(network.id)

    def _get_status(self, client: ClientHandle, request: Request) -> None:
        network = network_of(self._graphs, request.payload)
        # Without the uptime that the schema allows: `fbp-test` compares the whole answer with one that has none.
        status = self._status(network, running=self._packets.is_running(network))
        self._replies.answer(client, request, "status", status)
        self._health.send_all(client, network.id)

    def _set_debug(self, client: ClientHandle, request: Request) -> None:
        network, enable = network_of(self._graphs, request.payload), request.payload.get("enable")
        if not isinstance(enable, bool):
            raise RequestError(f'"enable" is {shown(enable)}; allowed: true, false')
        (self._debug.add if enable else self._debug.discard)(network.id)
        self._replies.answer(client, request, "debug", {"enable": enable, "graph": network.id})

    def _select(self, client: ClientHandle, request: Request) -> None:
        network, chosen = network_of(self._graphs, request.payload), selected(request.payload)
        self._packets.select(client, network.id, [(src[:2], tgt[:2]) for src, tgt in chosen])
        self._replies.answer(client, request, "edges", {"graph": network.id, "edges": selection(chosen)})

    def _persist(self, client: ClientHandle, request: Request) -> None:
        self._save()
        self._replies.answer(client, request, "persist", {})

    def _status(self, network: Network, *, running: bool) -> dict[str, Any]:
        payload: dict[str, Any] = {"graph": network.id, "running": running, "started": network.started}
        if network.id in self._debug:
            payload["debug"] = True
        return payload


def _uptime(network: Network) -> float:
    return round(time.monotonic() - network.started_at, 3) if network.started else 0
