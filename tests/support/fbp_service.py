"""The runtime of the FBP protocol in this process, without a socket."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from msgflo import Broker
from msgflo_host.components.library import Library
from msgflo_host.control.component_processes import Components
from msgflo_host.control.coordinator import Coordinator
from msgflo_host.fbp.client_list import ClientHandle, Frame
from msgflo_host.fbp.origins import Origins
from msgflo_host.fbp.permissions import ALL, Permissions
from msgflo_host.fbp.runtime_protocol import Identity
from msgflo_host.fbp.service import Service
from msgflo_host.graph.model import Graph


def served(graph: Graph) -> tuple[Coordinator, Service]:
    """A coordinator that nobody runs and that has no broker, and what serves its editors."""
    coordinator = Coordinator(Broker.parse("mqtt://127.0.0.1:1"), graph)
    return coordinator, service_of(coordinator, Components(Library(), coordinator))


def service_of(
    coordinator: Coordinator,
    components: Components,
    *,
    permissions: Permissions | None = None,
    save: Callable[[], None] = lambda: None,
) -> Service:
    """What serves editors of a coordinator, which may do what `permissions` say."""
    return Service(
        coordinator,
        components.library,
        components,
        identity=Identity("00000000-0000-0000-0000-000000000000", "test"),
        permissions=permissions or Permissions({}),
        origins=Origins([], ()),
        save=save,
    )


def joined(service: Service) -> ClientHandle:
    """One more client, which may do everything."""
    client = ClientHandle(remote="test", local=True, capabilities=ALL)
    service.clients.add(client)
    return client


def read(client: ClientHandle) -> list[dict[str, Any]]:
    """Take what waits for a client."""
    frames = [json.loads(frame.data) for frame in client._queue if isinstance(frame, Frame)]
    client._queue.clear()
    client._bytes = 0
    return frames
