"""The runtime of the FBP protocol: its parts put together, and served on a WebSocket.

    service = Service(coordinator, library, components, identity=…, permissions=…, origins=…, save=…)
    application.router.add_get("/", service.socket.serve)
    await service.run()

What each part does: `runtime`, `graph`, `component`, `network`, `trace` in this package, one for each sub-protocol.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from ..catalogue import Catalogue
from ..components import Components
from ..coordinator import Coordinator
from ..injection import Injection
from ..library import Library
from .client_list import ClientList
from .component import ComponentPart
from .dispatch import Dispatcher, Part, Replies
from .graph import GraphPart
from .health import Health
from .network import NetworkPart
from .origins import Origins
from .packets import Packets
from .permissions import Permissions
from .recent import Recent
from .runtime import Identity, RuntimePart
from .socket import Socket
from .subgraphs import Subgraphs
from .trace import TracePart

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
        self.clients = ClientList()
        replies = Replies(self.clients)
        self.recent = Recent(replies)
        catalogue = Catalogue(library, coordinator.registry)
        injection = Injection(coordinator, components.is_run_here)
        graph = GraphPart(graphs, catalogue, self.clients, replies)  # first: the others tell what follows from a change
        trace = TracePart(identity, graphs, self.clients, replies)
        runtime = RuntimePart(identity, permissions, catalogue, graphs, injection, self.clients, replies)
        runtime.on_asked.append(trace.tell_recorded)
        component = ComponentPart(catalogue, library, graphs, permissions, replies)
        health = Health(coordinator, components, catalogue, replies)
        self._packets = Packets(
            coordinator, self.clients, shows=runtime.show, recording=trace.is_recording, record=trace.record
        )
        injection.on_sent.append(self._packets.show_sent)
        trace.on_change.append(self._packets.taps.look_again)
        self._subgraphs = Subgraphs(coordinator, catalogue, component.commands["getsource"], self.clients, replies)
        parts: dict[str, Part] = {
            "runtime": runtime,
            "graph": graph,
            "component": component,
            "network": NetworkPart(coordinator, self._packets, health, replies, save),
            "trace": trace,
        }
        parts = {protocol: self._subgraphs.part(part) for protocol, part in parts.items()}
        self.dispatcher = Dispatcher(replies, permissions, parts)
        self.socket = Socket(self.clients, self.dispatcher.handle, permissions, origins)
        coordinator.on_waiting.append(component.look)
        # Sub-graphs first: who is told of a component may open it at once.
        coordinator.on_change += [self._subgraphs.look, component.look, runtime.look, health.look]

    async def run(self) -> None:
        """Serve until cancelled."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._packets.run())
                tasks.create_task(self._subgraphs.run())
        finally:
            self.clients.close()
