"""What is said about a changed graph: payloads as the FBP network protocol wants them, and metadata that fits it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from ..errors import GraphError
from ..util.text_checks import is_uri
from .elements import Edge, Export, Group, Initial, Node, kind

__all__ = [
    "EDGE",
    "GROUP",
    "NODE",
    "Change",
    "added_edge",
    "added_group",
    "added_initial",
    "added_node",
    "added_port",
    "changed_edge",
    "changed_group",
    "changed_node",
    "check_metadata",
    "removed_edge",
    "removed_group",
    "removed_initial",
    "removed_node",
    "removed_port",
    "renamed",
]

NODE: Final = {"x": "a number", "y": "a number"}
"""Keys of metadata of nodes and exported ports to which the protocol gives a type; all others are free."""
EDGE: Final = {"route": "a number", "schema": "a URI", "secure": "a boolean"}
"""The same for edges and initial packets."""
GROUP: Final = {"description": "a text"}
"""The same for groups."""


@dataclass(frozen=True, slots=True)
class Change:
    """Something that has happened to a graph: a command of the FBP protocol's `graph` part as runtimes send it.

    The payload lacks only the graph's id. Its `metadata` is all that there is now, so a key that is not in it is gone:
    a copy that follows takes it in place of what it has, while `apply` merges what clients send. `is_secure` tells that
    its data is to be shown to nobody else.
    """

    command: str
    payload: dict[str, Any]
    is_secure: bool = False


def check_metadata(metadata: Mapping[str, Any], known: Mapping[str, str], what: str) -> None:
    """Raise GraphError if a key of `known` has a value of another type; null, which deletes, is allowed."""
    for key, allowed in known.items():
        value = metadata.get(key)
        if value is not None and not _is(allowed, value):
            shown = ascii(value[:80]) if isinstance(value, str) else kind(value)
            raise GraphError(f'"{key}" in {what} must be {allowed}, not {shown}')


def added_node(node: Node) -> Change:
    """Return the change that `node` is there now, or has this metadata."""
    return Change("addnode", {"id": node.id, "component": node.component, "metadata": _fitting(node.metadata, NODE)})


def changed_node(node: Node) -> Change:
    """Return the change that `node` has this metadata now."""
    return Change("changenode", {"id": node.id, "metadata": _fitting(node.metadata, NODE)})


def removed_node(id: str) -> Change:
    """Return the change that the node `id` is gone; what was attached to it has to be said before."""
    return Change("removenode", {"id": id})


def added_edge(edge: Edge) -> Change:
    """Return the change that `edge` is there now, or has this metadata."""
    return Change("addedge", {**_ends(edge), "metadata": _fitting(edge.metadata, EDGE)})


def changed_edge(edge: Edge) -> Change:
    """Return the change that `edge` has this metadata now."""
    return Change("changeedge", {**_ends(edge), "metadata": _fitting(edge.metadata, EDGE)})


def removed_edge(edge: Edge) -> Change:
    """Return the change that `edge` is gone."""
    return Change("removeedge", _ends(edge))


def added_initial(initial: Initial) -> Change:
    """Return the change that `initial` is there now, or has this metadata."""
    payload = {**_packet(initial), "metadata": _fitting(initial.metadata, EDGE)}
    return Change("addinitial", payload, is_secure=bool(initial.metadata.get("secure")))


def removed_initial(initial: Initial) -> Change:
    """Return the change that `initial` is gone, but not other packets to the same port."""
    return Change("removeinitial", _packet(initial), is_secure=bool(initial.metadata.get("secure")))


def added_port(side: str, export: Export) -> Change:
    """Return the change that a port is exported, or has this metadata; `side` is "inport" or "outport"."""
    payload = {"public": export.public, "node": export.node, "port": export.port}
    return Change(f"add{side}", {**payload, **_if_any(_fitting(export.metadata, NODE))})


def removed_port(side: str, public: str) -> Change:
    """Return the change that a port is no longer exported; `side` is "inport" or "outport"."""
    return Change(f"remove{side}", {"public": public})


def added_group(group: Group) -> Change:
    """Return the change that `group` is there now, or has these nodes and this metadata."""
    payload = {"name": group.name, "nodes": list(group.nodes)}
    return Change("addgroup", {**payload, **_if_any(_fitting(group.metadata, GROUP))})


def changed_group(group: Group) -> Change:
    """Return the change that `group` has this metadata now."""
    return Change("changegroup", {"name": group.name, "metadata": _fitting(group.metadata, GROUP)})


def removed_group(name: str) -> Change:
    """Return the change that the group `name` is gone."""
    return Change("removegroup", {"name": name})


def renamed(what: str, old: str, new: str) -> Change:
    """Return the change that a "node", "inport", "outport" or "group" has another name now."""
    return Change(f"rename{what}", {"from": old, "to": new})


def _is(allowed: str, value: object) -> bool:
    if allowed == "a URI":
        return isinstance(value, str) and is_uri(value)
    return kind(value) == allowed


def _ends(edge: Edge) -> dict[str, Any]:
    return {"src": edge.src.as_end(), "tgt": edge.tgt.as_end()}


def _packet(initial: Initial) -> dict[str, Any]:
    return {"src": {"data": initial.data}, "tgt": initial.tgt.as_end()}


def _if_any(metadata: dict[str, Any]) -> dict[str, Any]:
    return {"metadata": metadata} if metadata else {}


def _fitting(metadata: Mapping[str, Any], known: Mapping[str, str]) -> dict[str, Any]:
    """Return metadata without nulls and without what the schemas forbid, which files may hold all the same."""
    fitting = {}
    for key, value in metadata.items():
        allowed = known.get(key)
        if value is not None and (allowed is None or _is(allowed, value)):
            # The schemas want whole numbers; editors place nodes on fractions of a pixel.
            fitting[key] = round(value) if allowed == "a number" else value
    return fitting
