"""runtime:* of the FBP protocol: the identity of this runtime, and packets into and out of exported ports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..control.component_catalogue import Catalogue, Definition
from ..control.packet_injection import Injection
from ..errors import RequestError
from ..graph.commands import Change
from ..graph.elements import Export, PortRef
from ..model.events import GraphChanged, GraphEnded
from ..model.graphs import MAIN, Graphs, Network
from ..util.quoting import quoted, shown
from ..wire.payloads import shortened
from .client_list import ClientHandle, ClientIntroduced, ClientList
from .dispatch import Command, Replies
from .envelope import Request, message
from .permissions import Permissions, may_see
from .request_payload import network_of, text, uri

__all__ = ["VERSION", "Identity", "RuntimePart"]

VERSION = "0.7"
"""Of the protocol. Clients read it as a number and choose by it; messages of 0.8 are understood as well."""
MOST_SENT = 1024 * 1024
"""Bytes of JSON up to which a packet that leaves an exported outport is whole: as much as a client can send into one."""
EVENTS = ("connect", "begingroup", "data", "endgroup", "disconnect")
_OF_DATA = {"type": text, "schema": uri}
"""The optional fields that describe the data of a packet; they are passed on unchanged."""


@dataclass(frozen=True)
class Identity:
    """The name of the runtime: `id` is a UUID that stays the same, `label` a text for people."""

    id: str
    label: str


class RuntimePart:
    """Describes this runtime, and moves packets across the border of a graph."""

    def __init__(
        self,
        identity: Identity,
        permissions: Permissions,
        catalogue: Catalogue,
        graphs: Graphs,
        injection: Injection,
        clients: ClientList,
        replies: Replies,
    ) -> None:
        self._identity = identity
        self._permissions = permissions
        self._catalogue = catalogue
        self._graphs = graphs
        self._injection = injection
        self._clients = clients
        self._replies = replies
        self._sent_ports: dict[str, Mapping[str, Any]] = {network.id: self._ports(network) for network in graphs.all()}
        self.commands: dict[str, Command] = {
            "getruntime": self._get_runtime,
            "packet": self._packet,
        }
        graphs.events.listen(GraphChanged, self._changed)
        graphs.events.listen(GraphEnded, lambda event: self._sent_ports.pop(event.graph, None))

    def refresh(self) -> None:
        """Send exported ports whose type has become known."""
        for network in self._graphs.all():
            self._send_ports(network)

    def show(self, id: str, public: str, data: Any) -> None:
        """Show a packet that leaves an exported outport."""
        payload = {"port": public, "event": "data", "graph": id, "payload": shortened(data, MOST_SENT)}
        self._clients.broadcast("runtime", "packet", payload)

    def _get_runtime(self, client: ClientHandle, request: Request) -> None:
        capabilities = self._permissions.of(request.secret, local=client.local)
        payload: dict[str, Any] = {
            "id": self._identity.id,
            "label": self._identity.label,
            "type": "msgflo",
            "version": VERSION,
            "capabilities": sorted(capabilities),
            "allCapabilities": sorted(self._permissions.offered),
            "namespace": self._catalogue.namespace,
        }
        if capabilities:
            payload["graph"] = MAIN
            payload |= {"repository": self._catalogue.repository} if self._catalogue.repository else {}
        self._replies.answer(client, request, "runtime", payload)
        if may_see(capabilities, "runtime", "ports"):
            for network in self._graphs.all():
                client.send(message("runtime", "ports", self._ports(network)))
        self._graphs.events.emit(ClientIntroduced(client))

    def _packet(self, client: ClientHandle, request: Request) -> None:
        payload = request.payload
        network = network_of(self._graphs, payload)
        sent = {"port": text(payload, "port"), "event": text(payload, "event"), "graph": network.id}
        sent |= {key: read(payload, key) for key, read in _OF_DATA.items() if payload.get(key) is not None}
        sent |= {"payload": payload["payload"]} if "payload" in payload else {}
        event = sent["event"]
        if event not in EVENTS:
            raise RequestError(f'"event" is {shown(event)}; allowed: {", ".join(EVENTS)}')
        export = _exported(network, sent["port"])
        if event == "data":
            if not network.started:
                raise RequestError(f"the network of the graph {quoted(network.id)} is not started")
            self._injection.send(network.id, PortRef(export.node, export.port), payload.get("payload"))
        self._replies.answer(client, request, "packetsent", sent)

    def _changed(self, event: GraphChanged) -> None:
        if any(_touches_exports(change) for change in event.changes) or event.graph not in self._sent_ports:
            self._send_ports(self._graphs.network(event.graph))

    def _send_ports(self, network: Network) -> None:
        ports = self._ports(network)
        if self._sent_ports.get(network.id) != ports:
            self._sent_ports[network.id] = ports
            self._replies.broadcast("runtime", "ports", ports)

    def _ports(self, network: Network) -> dict[str, Any]:
        graph = network.graph
        return {
            "graph": network.id,
            "inPorts": [self._port(network, export, "inPorts") for export in graph.inports.values()],
            "outPorts": [self._port(network, export, "outPorts") for export in graph.outports.values()],
        }

    def _port(self, network: Network, export: Export, side: str) -> Definition:
        """Describe an exported port as its component does, under its public name."""
        node = network.graph.nodes.get(export.node)
        definition = self._catalogue.definition(node.component) if node is not None else None
        ports = definition[side] if definition is not None else []
        assert isinstance(ports, list)
        same = [port for port in ports if port["id"].lower() == export.port.lower()]
        return {
            "type": "any",
            "required": False,
            "addressable": False,
            **(same[0] if same else {}),
            "id": export.public,
        }


def _exported(network: Network, public: str) -> Export:
    exports = network.graph.inports
    found = exports.get(public) or next((exports[name] for name in exports if name.lower() == public.lower()), None)
    if found is None:
        names = ", ".join(map(quoted, exports)) or "none"
        raise RequestError(f"the graph {quoted(network.id)} exports no inport {quoted(public)}; it has {names}")
    return found


def _touches_exports(change: Change) -> bool:
    return change.command == "clear" or change.command.endswith("port")
