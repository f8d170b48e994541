"""Changes of a graph as messages: payloads as the FBP network protocol requires them, and metadata that fits it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from ..errors import GraphError
from ..util.text_checks import is_uri
from .elements import Edge, Export, Group, Initial, Node, kind

__all__ = ["EDGE", "GROUP", "NODE", "Change", "added", "changed", "check_metadata", "removed", "renamed"]

NODE: Final = {"x": "a number", "y": "a number"}
"""Keys of metadata of nodes and exported ports to which the protocol gives a type; all others are free."""
EDGE: Final = {"route": "a number", "schema": "a URI", "secure": "a boolean"}
"""The same for edges and initial packets."""
GROUP: Final = {"description": "a text"}
"""The same for groups."""


@dataclass(frozen=True, slots=True)
class Change:
    """Something that has happened to a graph: a command of the FBP protocol's `graph` part as runtimes send it.

    The payload lacks only the graph's id. Its `metadata` is complete, so a key that is not in it is gone: a copy replaces
    its own metadata by it, while `apply` merges what clients send. Data of an `is_secure` change is shown to nobody else.
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


def added(part: Node | Edge | Initial | Group | Export, side: str = "") -> Change:
    """Return the change that a part is there now, or has this metadata; `side` of an export is "inport" or "outport"."""
    what, payload = _named(part, side)
    metadata = _metadata(part)
    if isinstance(part, Node):
        payload["component"] = part.component
    elif isinstance(part, Export):
        payload |= {"node": part.node, "port": part.port}
    elif isinstance(part, Group):
        payload["nodes"] = list(part.nodes)
    if metadata or not isinstance(part, Export | Group):
        payload["metadata"] = metadata
    return Change(f"add{what}", payload, _is_secure(part))


def changed(part: Node | Edge | Group) -> Change:
    """Return the change that a part has this metadata now."""
    what, payload = _named(part)
    return Change(f"change{what}", {**payload, "metadata": _metadata(part)})


def removed(part: Node | Edge | Initial | Group | Export, side: str = "") -> Change:
    """Return the change that a part is gone; parts that were attached to a node have to go before it."""
    what, payload = _named(part, side)
    return Change(f"remove{what}", payload, _is_secure(part))


def renamed(what: str, old: str, new: str) -> Change:
    """Return the change that a "node", "inport", "outport" or "group" has another name now."""
    return Change(f"rename{what}", {"from": old, "to": new})


def _named(part: Node | Edge | Initial | Group | Export, side: str = "") -> tuple[str, dict[str, Any]]:
    """Return how commands name a kind of part, and the fields that identify this one."""
    match part:
        case Node():
            return "node", {"id": part.id}
        case Edge():
            return "edge", {"src": part.src.as_end(), "tgt": part.tgt.as_end()}
        case Initial():
            return "initial", {"src": {"data": part.data}, "tgt": part.tgt.as_end()}
        case Group():
            return "group", {"name": part.name}
    return side, {"public": part.public}


def _is_secure(part: Node | Edge | Initial | Group | Export) -> bool:
    return isinstance(part, Initial) and bool(part.metadata.get("secure"))


def _is(allowed: str, value: object) -> bool:
    if allowed == "a URI":
        return isinstance(value, str) and is_uri(value)
    return kind(value) == allowed


def _metadata(part: Node | Edge | Initial | Group | Export) -> dict[str, Any]:
    """Return metadata without nulls and without what the schemas forbid, which files may hold all the same."""
    known = NODE if isinstance(part, Node | Export) else GROUP if isinstance(part, Group) else EDGE
    fitting = {}
    for key, value in part.metadata.items():
        allowed = known.get(key)
        if value is not None and (allowed is None or _is(allowed, value)):
            # The schemas require whole numbers; editors place nodes on fractions of a pixel.
            fitting[key] = round(value) if allowed == "a number" else value
    return fitting
