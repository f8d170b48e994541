"""graph:* of the FBP protocol: edits, and the changes to all clients."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ..control.component_catalogue import Catalogue
from ..control.coordinator import Coordinator
from ..errors import RequestError
from ..graph.auto_layout import place_of
from ..graph.commands import COMMANDS, AlreadyDoneError
from ..graph.editor_layout import edited
from ..model.events import GraphChanged, GraphEnded
from ..model.graphs import MAIN, Network
from ..util.quoting import quoted
from .client_list import ClientHandle, ClientLeft, ClientList
from .dispatch import Command, Replies
from .envelope import Request
from .masking import masked_change
from .request_payload import graph_id, network_of

__all__ = ["GraphPart"]


class GraphPart:
    """Carries out edits, and sends each change, whether a client, discovery or the file on disk has made it."""

    def __init__(self, coordinator: Coordinator, catalogue: Catalogue, clients: ClientList, replies: Replies) -> None:
        self._coordinator = coordinator
        self._graphs = coordinator.graphs
        self._catalogue = catalogue
        self._replies = replies
        self._makers: dict[str, ClientHandle] = {}
        self.commands: dict[str, Command] = {**dict.fromkeys(COMMANDS, self._edit), "clear": self._clear}
        events = coordinator.events
        events.listen(GraphChanged, self._changed)
        events.listen(GraphEnded, lambda event: self._makers.pop(event.graph, None))
        events.listen(ClientLeft, lambda event: self._left(event.client))

    def _edit(self, client: ClientHandle, request: Request) -> None:
        """Carry out one edit; it is in the graph when this returns, and applied soon after.

        The answer to a new edge waits until it is applied. A repeated edit gets the same answer, and is not sent to others;
        neither is how a client draws the graph.
        """
        network = network_of(self._graphs, request.payload)
        id = network.id
        try:
            payload = edited(network.graph, request.command, request.payload)
            if id == MAIN and request.command == "changenode" and self._moves_shown(payload):
                self._graphs.move_shown(payload["id"], payload["metadata"], by=(client, request))
            elif request.command == "addedge":
                self._add_edge(client, request, network, payload)
            else:
                self._graphs.edit(id, request.command, payload, by=(client, request))
        except AlreadyDoneError as done:
            self._replies.answer(client, request, done.answer.command, {**done.answer.payload, "graph": id})

    def _add_edge(self, client: ClientHandle, request: Request, network: Network, payload: Mapping[str, Any]) -> None:
        release = client.hold() if network.started else lambda: None
        try:
            edge = self._graphs.edit(network.id, "addedge", payload, by=(client, request))[-1].payload
        except BaseException:
            release()
            raise
        roles = [self._graphs.role(network.id, edge[end]["node"]) for end in ("src", "tgt")]
        self._coordinator.when_applied(roles, release)

    def _moves_shown(self, payload: Mapping[str, Any]) -> bool:
        """Return whether an edit moves a participant that the graph does not name, and changes nothing else."""
        id, metadata = payload.get("id"), payload.get("metadata")
        shown = self._graphs.shown.get(id) if isinstance(id, str) and id not in self._graphs.main.graph.nodes else None
        if shown is None or not isinstance(metadata, dict) or not metadata or not metadata.keys() <= {"x", "y"}:
            return False
        return place_of(replace(shown, metadata={**shown.metadata, **metadata})) is not None

    def _clear(self, client: ClientHandle, request: Request) -> None:
        """Make a graph, or empty an existing one.

        Editors ask for graphs and components alike by name, so that a graph must not take the name of a component.
        """
        id = graph_id(request.payload, "id")
        if not self._graphs.has(id) and self._catalogue.is_own(id):
            raise RequestError(f'"id" is {quoted(id)}, which is a component; a graph needs another name')
        self._graphs.edit(id, "clear", request.payload, by=(client, request))
        if id != MAIN:
            self._makers[id] = client

    def _changed(self, event: GraphChanged) -> None:
        for change in event.changes:
            named = {"id" if change.command == "clear" else "graph": event.graph}
            masked = masked_change(change)
            self._replies.broadcast(
                "graph", change.command, {**change.payload, **named}, masked and {**masked, **named}, by=event.by
            )

    def _left(self, client: ClientHandle) -> None:
        """Forget the temporary graphs of a client, and empty ones."""
        for id in [id for id, maker in self._makers.items() if maker is client]:
            del self._makers[id]
            self._graphs.orphan(id)
        self._graphs.sweep()
