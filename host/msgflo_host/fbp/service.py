"""The runtime of the FBP protocol: its parts put together, and served on a WebSocket.

    service = Service(coordinator, library, components, identity=…, permissions=…, origins=…, save=…)
    application.router.add_get("/", service.socket.serve)
    await service.run()

What each part does: `runtime`, `graph`, `component`, `network`, `trace` in this package, one for each sub-protocol.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from ..components.library import Library
from ..control.component_catalogue import Catalogue
from ..control.component_processes import Components
from ..control.coordinator import Coordinator
from ..control.packet_injection import Injection
from ..model.events import BrokerAway, Reconciled
from .client_list import ClientList
from .component_protocol import ComponentPart
from .dispatch import Dispatcher, Part, Replies
from .graph_protocol import GraphPart
from .network_protocol import NetworkPart
from .node_health import Health
from .origins import Origins
from .packet_protocol import Packets
from .permissions import Permissions
from .recent_messages import Recent
from .runtime_protocol import Identity, RuntimePart
from .subgraphs import Subgraphs
from .trace_protocol import TracePart
from .websocket import Socket

__all__ = ["Service"]


class Service:
    """Everything that serves editors. `save()` writes the main graph into its file; `recent` are the lines said of late."""

    def __init__(
        self,
        coordinator: Coordinator,
        library: Library,
        components: Components,
        *,
        identity: Identity,
        permissions: Permissions,
        origins: Origins,
        save: Callable[[], None],
    ) -> None:
        graphs = coordinator.graphs
        events = coordinator.events
        self.clients = ClientList(events)
        replies = Replies(self.clients, events)
        self.recent = Recent(events)
        catalogue = Catalogue(library, coordinator.registry)
        injection = Injection(coordinator, components.is_run_here)
        graph = GraphPart(
            coordinator, catalogue, self.clients, replies
        )  # first: the others tell what follows from a change
        trace = TracePart(identity, graphs, self.clients, replies)
        runtime = RuntimePart(identity, permissions, catalogue, graphs, injection, self.clients, replies)
        component = ComponentPart(catalogue, library, graphs, permissions, replies)
        health = Health(coordinator, components, catalogue, replies)
        self._packets = Packets(
            coordinator, self.clients, shows=runtime.show, recording=trace.is_recording, record=trace.record
        )
        self._subgraphs = Subgraphs(coordinator, catalogue, component.commands["getsource"], self.clients, replies)
        parts: dict[str, Part] = {
            "runtime": runtime,
            "graph": graph,
            "component": component,
            "network": NetworkPart(coordinator, self._packets, health, replies, save),
            "trace": trace,
        }
        parts = {protocol: self._subgraphs.part(part) for protocol, part in parts.items()}
        self.dispatcher = Dispatcher(permissions, parts)
        self.socket = Socket(self.clients, self.dispatcher.handle, permissions, origins)
        # Sub-graphs first: who is told of a component may open it at once.
        for look in (self._subgraphs.look, component.look, runtime.look, health.look):
            events.listen(Reconciled, _without_event(look))
        for look in (component.look, health.look):
            events.listen(BrokerAway, _without_event(look))

    async def run(self) -> None:
        """Serve until cancelled."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._packets.run())
                tasks.create_task(self._subgraphs.run())
        finally:
            self.clients.close()


def _without_event(look: Callable[[], None]) -> Callable[[object], None]:
    return lambda event: look()
