"""graph:* of the FBP protocol: edits, and every change told to everybody."""

from __future__ import annotations

from .._text import quoted
from ..catalogue import Catalogue
from ..errors import RequestError
from ..graph.commands import COMMANDS, AlreadyDoneError, Change
from ..graph.drawing import Drawing
from ..graphs import MAIN, Graphs
from ._payload import graph_id, network_of
from .client_list import ClientHandle, ClientList
from .dispatch import Command, Replies
from .envelope import Request
from .masking import masked_change

__all__ = ["GraphPart"]


class GraphPart:
    """Carries out edits, and tells of each change, whether a client, discovery or the file on disk has made it."""

    def __init__(self, graphs: Graphs, catalogue: Catalogue, clients: ClientList, replies: Replies) -> None:
        self._graphs = graphs
        self._catalogue = catalogue
        self._replies = replies
        self._makers: dict[str, ClientHandle] = {}
        self._drawings: dict[ClientHandle, Drawing] = {}
        self.commands: dict[str, Command] = {**dict.fromkeys(COMMANDS, self._edit), "clear": self._clear}
        graphs.on_change.append(self._changed)
        graphs.on_end.append(self._ended)
        clients.on_leave.append(self._left)

    def opened(self, client: ClientHandle, id: str) -> None:
        """A client has been given the whole of a graph, and may send how it draws that."""
        if id == MAIN:
            self._drawings.pop(client, None)

    def _edit(self, client: ClientHandle, request: Request) -> None:
        """Carry out one edit; it is in the graph when this returns, and in force soon after.

        What has been done before is answered as it was then, and told to nobody else; nor is how a client draws the graph.
        """
        network = network_of(self._graphs, request.payload)
        id, payload = network.id, request.payload
        try:
            if id == MAIN and self._may_be_drawn(request):
                drawing = self._drawings.setdefault(client, Drawing())
                payload = dict(drawing.edit(network.graph, request.command, payload))
            self._graphs.edit(id, request.command, payload)
        except AlreadyDoneError as done:
            self._replies.answer(client, request, done.answer.command, {**done.answer.payload, "graph": id})

    def _may_be_drawn(self, request: Request) -> bool:
        """Whether a node of the main graph is meant, or will be."""
        node = request.payload.get("id")
        there = isinstance(node, str) and (node in self._graphs.main.graph.nodes or node in self._graphs.found)
        return request.command == "addnode" or (request.command == "changenode" and there)

    def _clear(self, client: ClientHandle, request: Request) -> None:
        """Make a graph, or one that is there empty.

        Editors ask for the source of a graph as for that of a component, and a graph must take none from anybody.
        """
        id = graph_id(request.payload, "id")
        if not self._graphs.has(id) and self._catalogue.is_own(id):
            raise RequestError(f'"id" is {quoted(id)}, which is a component; a graph needs another name')
        self._graphs.edit(id, "clear", request.payload)
        if id != MAIN:
            self._makers[id] = client

    def _changed(self, id: str, changes: list[Change]) -> None:
        for change in changes:
            key = "id" if change.command == "clear" else "graph"
            masked = masked_change(change)
            self._replies.tell("graph", change.command, {**change.payload, key: id}, masked and {**masked, key: id})

    def _left(self, client: ClientHandle) -> None:
        """Graphs for one test are forgotten with the client that made them, others where they are empty."""
        self._drawings.pop(client, None)
        for id in [id for id, maker in self._makers.items() if maker is client]:
            del self._makers[id]
            self._graphs.orphan(id)
        self._graphs.sweep()

    def _ended(self, id: str) -> None:
        self._makers.pop(id, None)
