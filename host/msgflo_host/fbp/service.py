"""The runtime of the FBP protocol: its parts put together, and served on a WebSocket.

    service = Service(coordinator, library, components, identity=…, permissions=…, origins=…, save=…)
    application.router.add_get("/", service.socket.serve)
    await service.run()

Each sub-protocol has a module: `runtime_protocol`, `graph_protocol`, `component_protocol`, `network_protocol`,
`packet_protocol`, `trace_protocol`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from ..components.library import Library
from ..control.component_catalogue import Catalogue
from ..control.component_processes import Components
from ..control.coordinator import Coordinator
from ..control.packet_injection import Injection
from ..model.events import BrokerAway, Reconciled
from .client_list import ClientList
from .component_protocol import ComponentPart
from .dispatch import Command, Dispatcher, Replies
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
    """Serves editors. `save()` writes the main graph into its file; `recent` holds the last lines of output."""

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
        # First: the others send the consequences of a change.
        graph = GraphPart(coordinator, catalogue, self.clients, replies)
        trace = TracePart(identity, graphs, self.clients, replies)
        runtime = RuntimePart(identity, permissions, catalogue, graphs, injection, self.clients, replies)
        component = ComponentPart(catalogue, library, graphs, permissions, replies)
        health = Health(coordinator, components, catalogue, replies)
        self._packets = Packets(
            coordinator, self.clients, shows=runtime.show, recording=trace.is_recording, record=trace.record
        )
        self._subgraphs = Subgraphs(coordinator, catalogue, component.commands["getsource"], self.clients, replies)
        network = NetworkPart(coordinator, self._packets, health, replies, save)
        commands: dict[str, Mapping[str, Command]] = {
            "runtime": runtime.commands,
            "graph": graph.commands,
            "component": component.commands,
            "network": network.commands,
            "trace": trace.commands,
        }
        self.dispatcher = Dispatcher(
            permissions,
            {
                (protocol, name): self._subgraphs.before(command)
                for protocol, named in commands.items()
                for name, command in named.items()
            },
        )
        self.socket = Socket(self.clients, self.dispatcher.handle, permissions, origins)
        # Sub-graphs first: an editor that receives a component may open it at once.
        for refresh in (self._subgraphs.refresh, component.refresh, runtime.refresh, health.refresh):
            events.listen(Reconciled, _without_event(refresh))
        for refresh in (component.refresh, health.refresh):
            events.listen(BrokerAway, _without_event(refresh))

    async def run(self) -> None:
        """Serve until cancelled."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._packets.run())
                tasks.create_task(self._subgraphs.run())
        finally:
            self.clients.close()


def _without_event(refresh: Callable[[], None]) -> Callable[[object], None]:
    return lambda event: refresh()
