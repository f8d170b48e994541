"""Checks and carries out the graph commands of the FBP network protocol; the answer is a list of changes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

from ..errors import GraphError
from ..util.javascript import whole_numbers
from . import changes
from .changes import Change
from .elements import (
    Edge,
    Export,
    Group,
    Initial,
    Node,
    PortRef,
    canonical,
    check_json,
    check_name,
    check_object,
    kind,
    short,
)
from .model import ANY, LEAST_INITIAL, Graph

__all__ = ["COMMANDS", "AlreadyDoneError", "Change", "apply", "named_nodes"]

MOST_NODES = 10_000
"""The limit of a graph that is edited from outside; files are bounded by their size (`graph_files.MAX_BYTES`)."""
MOST_EDGES = 50_000
MOST_OTHERS = 10_000
"""Groups, and exported ports of each direction."""
ONE_INITIAL = 1024 * 1024
"""Characters of one initial packet, as JSON."""
MOST_INITIALS = 16 * 1024 * 1024
"""Characters of all initial packets together; each counts as at least 256."""

_TEXTS = ("name", "library", "icon", "description")


class AlreadyDoneError(GraphError):
    """A command asks for a state that is there already: nothing to remove, or a name that the part has.

    `answer` is the change that was made when that was done; nothing has changed now.
    """

    def __init__(self, message: str, answer: Change) -> None:
        super().__init__(message)
        self.answer = answer


def apply(graph: Graph, command: str, payload: Mapping[str, Any]) -> list[Change]:
    """Carry a command out and return the changes, in order, for everybody who holds a copy of the graph.

    The payload may be any JSON; unknown keys, `graph` among them, are ignored. A command that makes no sense raises a
    GraphError that names the field, and the graph stays as it was; a second removal or renaming raises AlreadyDoneError.
    A part that is added twice is there once, with its metadata merged; null deletes a key of metadata. Ports are
    answered in the spelling in which the graph knows them, positions as whole numbers.

        apply(graph, "addnode", {"id": "lamp", "component": "demo/Lamp", "metadata": {"x": 1.5}})
        # [Change("addnode", {"id": "lamp", "component": "demo/Lamp", "metadata": {"x": 2}})]
    """
    action = _ACTIONS.get(command) if isinstance(command, str) else None
    if action is None:
        raise GraphError(f"no graph command {short(str(command))!r}; allowed are {', '.join(_ACTIONS)}")
    if not isinstance(payload, Mapping):
        raise GraphError(f"the payload of {command} must be an object, not {kind(payload)}")
    try:
        return action(graph, _Payload(command, payload))
    except GraphError as error:
        done = _DONE.get(command)
        if done is None:
            raise
        raise AlreadyDoneError(error.message, done(_Payload(command, payload))) from None


class _Payload:
    """The payload of one command, read field by field; GraphError if a field is missing or of another type."""

    def __init__(self, command: str, values: Mapping[str, Any]) -> None:
        self._command = command
        self._values = values

    def value(self, key: str) -> Any:
        if key not in self._values:
            raise GraphError(f"{self._called(key)} is missing")
        return self._values[key]

    def name(self, key: str) -> str:
        return check_name(self.value(key), self._called(key))

    def names(self, key: str) -> list[str]:
        return [check_name(value, f"each of {self._called(key)}") for value in self._typed(key, "a list")]

    def ref(self, key: str) -> PortRef:
        """Return a port reference: an object with node, port and perhaps index."""
        found = _Payload(f"{self._command}'s {key}", self._typed(key, "an object"))
        index = found._values.get("index")
        if isinstance(index, bool) or not (index is None or isinstance(index, (int, str))):
            shown = index if isinstance(index, float) else kind(index)
            raise GraphError(f"{found._called('index')} must be a whole number or a text, not {shown}")
        check_json(index, found._called("index"))
        return PortRef(found.name("node"), found.name("port"), index)

    def data(self) -> Any:
        """Return the data of an initial packet, src.data."""
        data = _Payload(f"{self._command}'s src", self._typed("src", "an object")).value("data")
        check_json(data, f"the data of {self._command}")
        return data

    def has_data(self) -> bool:
        """Whether one initial packet of several is meant; some clients send an empty `src` when none is."""
        return self._values.get("src") not in (None, {})

    def metadata(self, known: Mapping[str, str], *, needed: bool = False) -> dict[str, Any]:
        """Return the metadata, empty if there is none; `known` are the keys that have a type.

        Version 0.5 of fbp-spec sends true or false, for whether an edge has metadata.
        """
        if not needed and (self._values.get("metadata") is None or isinstance(self._values["metadata"], bool)):
            return {}
        metadata = check_object(self.value("metadata"), self._called("metadata"))
        changes.check_metadata(metadata, known, f"the metadata of {self._command}")
        # Editors place nodes on fractions of a pixel; all hold the whole numbers that they are answered.
        return {
            key: round(value) if known.get(key) == "a number" and value is not None else value
            for key, value in metadata.items()
        }

    def properties(self) -> dict[str, Any]:
        """Return the properties of a new graph, as far as they are given."""
        given = {key: self._typed(key, "a text") for key in _TEXTS if self._values.get(key) is not None}
        if given.get("name"):
            self.name("name")
        return given | ({"main": self._typed("main", "a boolean")} if self._values.get("main") is not None else {})

    def _typed(self, key: str, allowed: str) -> Any:
        value = self.value(key)
        if kind(value) != allowed:
            raise GraphError(f"{self._called(key)} must be {allowed}, not {kind(value)}")
        return value

    def _called(self, key: str) -> str:
        return f'"{key}" of {self._command}'


def _check_limit(what: str, count: int, most: int, kind: str) -> None:
    if count >= most:
        raise GraphError(f"{what} is not added: the graph has {most} {kind}, and no more are kept")


def _clear(graph: Graph, payload: _Payload) -> list[Change]:
    given = payload.properties()
    graph.clear()
    # The graph does not know that it is the main one; an empty text is as good as none.
    graph.properties.update({key: value for key, value in given.items() if key != "main" and value})
    return [Change("clear", given)]


def _add_node(graph: Graph, payload: _Payload) -> list[Change]:
    metadata = payload.metadata(changes.NODE)
    id, component = payload.name("id"), payload.name("component")
    if id not in graph.nodes:
        _check_limit(f"node {short(id)!r}", len(graph.nodes), MOST_NODES, "nodes")
    return [changes.added(graph.add_node(id, component, metadata))]


def _change_node(graph: Graph, payload: _Payload) -> list[Change]:
    metadata = payload.metadata(changes.NODE, needed=True)
    return [changes.changed(graph.change_node(payload.name("id"), metadata))]


def _remove_node(graph: Graph, payload: _Payload) -> list[Change]:
    id = payload.name("id")
    groups = [group.name for group in graph.groups.values() if id in group.nodes]
    gone = graph.remove_node(id)
    return [
        *(changes.removed(edge) for edge in gone.edges),
        *(changes.removed(initial) for initial in gone.initials),
        *(changes.removed(export, "inport") for export in gone.inports),
        *(changes.removed(export, "outport") for export in gone.outports),
        *(changes.added(graph.groups[name]) for name in groups),
        changes.removed(gone.node),
    ]


def _rename(what: str, graph: Graph, payload: _Payload) -> list[Change]:
    old, new = payload.name("from"), payload.name("to")
    known, taken = _spelt(graph, what, old), _spelt(graph, what, new)
    if known == new or (known is None and taken is not None):
        raise AlreadyDoneError(f"the {what} {short(new)!r} is called so already", changes.renamed(what, old, new))
    if what == "node":
        graph.rename_node(old, new)
    elif what == "group":
        graph.rename_group(old, new)
    else:
        graph.exports(what).rename(old, new)
    return [changes.renamed(what, known or old, new)]


def _spelt(graph: Graph, what: str, name: str) -> str | None:
    """Return a name as the graph spells it, where it has such a node, group or exported port."""
    if what in ("node", "group"):
        return name if name in (graph.nodes if what == "node" else graph.groups) else None
    export = graph.exports(what).get(name)
    return export.public if export is not None else None


def _add_edge(graph: Graph, payload: _Payload) -> list[Change]:
    metadata = payload.metadata(changes.EDGE)
    src, tgt = payload.ref("src"), payload.ref("tgt")
    if graph.find_edge(src, tgt) is None:
        _check_limit(f"edge {short(str(src))} -> {short(str(tgt))}", graph.edge_count, MOST_EDGES, "edges")
    return [changes.added(graph.add_edge(src, tgt, metadata))]


def _change_edge(graph: Graph, payload: _Payload) -> list[Change]:
    metadata = payload.metadata(changes.EDGE)
    return [changes.changed(graph.change_edge(payload.ref("src"), payload.ref("tgt"), metadata))]


def _remove_edge(graph: Graph, payload: _Payload) -> list[Change]:
    return [changes.removed(graph.remove_edge(payload.ref("src"), payload.ref("tgt")))]


def _add_initial(graph: Graph, payload: _Payload) -> list[Change]:
    metadata = payload.metadata(changes.EDGE)
    data, tgt = payload.data(), payload.ref("tgt")
    size, where = len(canonical(data)), f"the initial packet to {short(str(tgt))}"
    if size > ONE_INITIAL:
        raise GraphError(f"{where} has {size} characters; at most {ONE_INITIAL} are kept")
    if graph.initials_size + max(size, LEAST_INITIAL) > MOST_INITIALS:
        raise GraphError(f"{where} is not added: those of the graph would have more than {MOST_INITIALS} characters")
    return [changes.added(graph.add_initial(data, tgt, metadata))]


def _remove_initial(graph: Graph, payload: _Payload) -> list[Change]:
    tgt = payload.ref("tgt")
    data = _as_stored(graph, tgt, payload.data()) if payload.has_data() else ANY
    return [changes.removed(initial) for initial in graph.remove_initial(tgt, data)]


def _as_stored(graph: Graph, tgt: PortRef, data: Any) -> Any:
    """Return the data as the graph has it: clients in JavaScript send 20 for a graph's 20.0."""
    port = (graph.fold(tgt.port), tgt.index)
    there = [i.data for i in graph.initials_at(tgt.node) if (graph.fold(i.tgt.port), i.tgt.index) == port]
    if any(canonical(other) == canonical(data) for other in there):
        return data
    text = canonical(whole_numbers(data))
    return next((other for other in there if canonical(whole_numbers(other)) == text), data)


def _add_port(side: str, graph: Graph, payload: _Payload) -> list[Change]:
    metadata = payload.metadata(changes.NODE)
    public = payload.name("public")
    if graph.exports(side).get(public) is None:
        _check_limit(f"exported {side} {short(public)!r}", len(graph.exports(side)), MOST_OTHERS, "of them")
    export = graph.exports(side).add(public, payload.name("node"), payload.name("port"), metadata)
    return [changes.added(export, side)]


def _remove_port(side: str, graph: Graph, payload: _Payload) -> list[Change]:
    return [changes.removed(graph.exports(side).remove(payload.name("public")), side)]


def _add_group(graph: Graph, payload: _Payload) -> list[Change]:
    metadata = payload.metadata(changes.GROUP)
    name = payload.name("name")
    if name not in graph.groups:
        _check_limit(f"group {short(name)!r}", len(graph.groups), MOST_OTHERS, "groups")
    return [changes.added(graph.add_group(name, payload.names("nodes"), metadata))]


def _change_group(graph: Graph, payload: _Payload) -> list[Change]:
    metadata = payload.metadata(changes.GROUP, needed=True)
    return [changes.changed(graph.change_group(payload.name("name"), metadata))]


def _remove_group(graph: Graph, payload: _Payload) -> list[Change]:
    return [changes.removed(graph.remove_group(payload.name("name")))]


_ACTIONS: Final[dict[str, Callable[[Graph, _Payload], list[Change]]]] = {
    "clear": _clear,
    "addnode": _add_node,
    "removenode": _remove_node,
    "renamenode": partial(_rename, "node"),
    "changenode": _change_node,
    "addedge": _add_edge,
    "removeedge": _remove_edge,
    "changeedge": _change_edge,
    "addinitial": _add_initial,
    "removeinitial": _remove_initial,
    "addinport": partial(_add_port, "inport"),
    "removeinport": partial(_remove_port, "inport"),
    "renameinport": partial(_rename, "inport"),
    "addoutport": partial(_add_port, "outport"),
    "removeoutport": partial(_remove_port, "outport"),
    "renameoutport": partial(_rename, "outport"),
    "addgroup": _add_group,
    "removegroup": _remove_group,
    "renamegroup": partial(_rename, "group"),
    "changegroup": _change_group,
}


def _initial_gone(payload: _Payload) -> Change:
    if payload.has_data():
        return changes.removed(Initial(payload.data(), payload.ref("tgt")))
    return Change("removeinitial", {"tgt": payload.ref("tgt").as_end()})


# The answers of commands that fail only because there is nothing to remove.
_DONE: Final[dict[str, Callable[[_Payload], Change]]] = {
    "removenode": lambda payload: changes.removed(Node(payload.name("id"), "")),
    "removeedge": lambda payload: changes.removed(Edge(payload.ref("src"), payload.ref("tgt"))),
    "removeinitial": _initial_gone,
    "removeinport": lambda payload: changes.removed(Export(payload.name("public"), "", ""), "inport"),
    "removeoutport": lambda payload: changes.removed(Export(payload.name("public"), "", ""), "outport"),
    "removegroup": lambda payload: changes.removed(Group(payload.name("name"), ())),
}

COMMANDS: Final = frozenset(_ACTIONS)
"""The commands that `apply` knows."""

_NAMING: Final = {
    **dict.fromkeys(("changenode", "removenode"), ("id",)),
    "renamenode": ("from",),
    **dict.fromkeys(("addedge", "changeedge", "removeedge"), ("src", "tgt")),
    **dict.fromkeys(("addinitial", "removeinitial"), ("tgt",)),
    **dict.fromkeys(("addinport", "addoutport"), ("node",)),
    "addgroup": ("nodes",),
}
"""The keys that hold the name of a node, a port of one, or a list of names."""


def named_nodes(command: str, payload: Mapping[str, Any]) -> list[str]:
    """Return the names of the nodes that have to be there for a command; the payload may be any JSON."""
    named: list[Any] = []
    for value in [payload.get(key) for key in _NAMING.get(command, ())]:
        named += value if isinstance(value, list) else [value.get("node") if isinstance(value, Mapping) else value]
    return [name for name in named if isinstance(name, str)]
