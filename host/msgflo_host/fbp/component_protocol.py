"""component:* of the FBP protocol: the components and their sources."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping

from ..components.library import Library, Source
from ..control.component_catalogue import Catalogue, Definition
from ..errors import RequestError
from ..graph.elements import Node
from ..graph.json_format import compact, form
from ..graph.model import Graph
from ..model.events import GraphChanged, GraphEnded, LibraryChanged
from ..model.graphs import Graphs
from ..util.quoting import quoted
from .client_list import ClientHandle
from .dispatch import Command, Replies
from .envelope import Request
from .masking import masked_initial
from .permissions import Permissions, sees_secure
from .placeholders import STAND_IN, stand_ins
from .request_payload import text

__all__ = ["ComponentPart"]


class ComponentPart:
    """Lists components, and gives and takes their sources."""

    def __init__(
        self, catalogue: Catalogue, library: Library, graphs: Graphs, permissions: Permissions, replies: Replies
    ) -> None:
        self._catalogue = catalogue
        self._library = library
        self._graphs = graphs
        self._permissions = permissions
        self._replies = replies
        self._stand_ins: dict[str, Definition] = {}
        # The components that those were made with; None where the graphs have changed.
        self._known: list[str] | None = None
        self._sent: dict[str, object] = {name: self._definition(name) for name in self._names()}
        self.commands: dict[str, Command] = {
            "list": self._list,
            "getsource": self._get_source,
            "source": self._source,
        }
        library.events.listen(LibraryChanged, self._changed)
        for kind in (GraphChanged, GraphEnded):
            graphs.events.listen(kind, lambda event: self._forget_stand_ins())

    def refresh(self) -> None:
        """Send components that are new or changed: by discovery, by their ports, or named by a graph for the first time."""
        self._send_changed(self._names())

    def _list(self, client: ClientHandle, request: Request) -> None:
        names = self._names()
        for name in names:
            self._replies.answer(client, request, "component", self._definition(name))
        self._replies.answer(client, request, "componentsready", len(names))

    def _get_source(self, client: ClientHandle, request: Request) -> None:
        name = text(request.payload, "name")
        source = self._find(name, masked=not sees_secure(self._permissions.of(request.secret, local=client.local)))
        if source is None:
            raise RequestError(f"there is no component {quoted(name)}")
        # noflo-ui finds a graph by the name that comes with its source: it is the graph's id.
        library, _, short = ("", "", name) if self._graphs.has(name) else source.name.rpartition("/")
        payload = {"name": short, "language": source.language, "code": source.code}
        if library:
            payload["library"] = library
        if source.tests:
            payload["tests"] = source.tests
        self._replies.answer(client, request, "source", payload)

    def _find(self, name: str, *, masked: bool) -> Source | None:
        """Return the source of a component, or of a graph: to editors it is one."""
        if self._graphs.has(name):
            code = _graph_json(self._graphs.network(name).graph, self._graphs.drawn(name), masked=masked)
            return Source(name, "json", code)
        source = self._catalogue.source(name)
        if source is None and name in self._names():  # noflo-ui opens no graph of which one source is refused
            source = Source(name, "text", f"{STAND_IN}\n")
        return source

    def _names(self) -> list[str]:
        """Return the names of all components, and of those that only graphs name."""
        known = self._catalogue.names()
        if known != self._known:
            self._known = known
            self._stand_ins = stand_ins((network.graph for network in self._graphs.all()), frozenset(known))
        return [*known, *self._stand_ins]

    def _definition(self, name: str) -> Definition | None:
        return self._catalogue.definition(name) or self._stand_ins.get(name)

    def _forget_stand_ins(self) -> None:
        self._known = None

    def _source(self, client: ClientHandle, request: Request) -> None:
        payload = request.payload
        name, library = text(payload, "name"), text(payload, "library", default="")
        language, code = text(payload, "language"), text(payload, "code")
        tests = text(payload, "tests") if payload.get("tests") is not None else None
        full = f"{library}/{name}" if library and "/" not in name else name
        if self._graphs.has(full):
            raise RequestError(f"{quoted(full)} is a graph: it is changed by graph:* commands")
        info = self._library.write(full, language, code, tests)
        definition = self._catalogue.definition(info.name)
        self._sent[info.name] = definition
        self._replies.broadcast("component", "component", definition, by=(client, request))

    def _changed(self, event: LibraryChanged) -> None:
        """Send it a moment later: it is no part of the answer to a client that is writing a source just now."""
        asyncio.get_running_loop().call_soon(self._send_changed, event.names)

    def _send_changed(self, names: Iterable[str]) -> None:
        for name in names:
            definition = self._definition(name)
            if definition is not None and self._sent.get(name) != definition:
                self._sent[name] = definition
                self._replies.broadcast("component", "component", definition)


def _graph_json(graph: Graph, drawn: Mapping[str, Node], *, masked: bool) -> str:
    """Return a graph as editors read it: with its nodes as they are `drawn`, and secure data `masked`."""
    initials = [masked_initial(each) if masked else each for each in graph.initials]
    return compact(
        {
            **graph.extra,
            "caseSensitive": graph.case_sensitive,
            "properties": graph.properties,
            "inports": {public: form(export) for public, export in graph.inports.items()},
            "outports": {public: form(export) for public, export in graph.outports.items()},
            "groups": [form(group) for group in graph.groups.values()],
            "processes": {id: form(node) for id, node in {**graph.nodes, **drawn}.items()},
            "connections": [*map(form, graph.edges), *map(form, initials)],
        }
    )
