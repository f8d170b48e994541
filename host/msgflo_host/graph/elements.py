"""The parts of a graph: nodes, edges, initial packets, groups, exported ports."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isfinite
from typing import Any, NamedTuple

from ..errors import GraphError
from ..util.text_checks import FORBIDDEN

__all__ = [
    "MAX_DEPTH",
    "MOST_METADATA",
    "Edge",
    "Export",
    "Group",
    "Initial",
    "Node",
    "PortRef",
    "Removed",
    "canonical",
    "check_json",
    "check_name",
    "check_object",
    "check_ref",
    "kind",
    "merged",
    "ref_order",
    "short",
]

MAX_DEPTH = 100
"""How deep values in a graph may be nested; deeper ones would end in Python's recursion limit when written."""

MOST_METADATA = 64 * 1024
"""Characters of the metadata of one part of a graph, as JSON, where it is edited."""

_SHOWN = 80  # characters of a name in an error: clients may send names of a megabyte
_MAX_BITS = 4096  # Python refuses to write whole numbers of more than 4 300 digits
_LONGEST = 1024  # characters of a name: a topic holds several of them, escaped
_KINDS: dict[type, str] = {
    str: "a text", bool: "a boolean", int: "a number", float: "a number", list: "a list", dict: "an object",
    type(None): "null",
}  # fmt: skip


class PortRef(NamedTuple):
    """A port of a node; `index` only for addressable ports (`OUT[1]`)."""

    node: str
    port: str
    index: int | str | None = None  # type: ignore[assignment]  # hides tuple.index, which nobody needs here

    def __str__(self) -> str:
        return f"{self.node}.{self.port}" if self.index is None else f"{self.node}.{self.port}[{self.index}]"

    def as_end(self) -> dict[str, Any]:
        """Return it as the FBP protocol names the end of an edge."""
        end = {"node": self.node, "port": self.port}
        return end if self.index is None else {**end, "index": self.index}


@dataclass(frozen=True, slots=True)
class Node:
    """One part of the system by its role, and its component; `extra` holds unknown keys."""

    id: str
    component: str
    metadata: dict[str, Any] = field(default_factory=dict, hash=False)
    extra: dict[str, Any] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class Edge:
    """Packets of the outport `src` go to the inport `tgt`."""

    src: PortRef
    tgt: PortRef
    metadata: dict[str, Any] = field(default_factory=dict, hash=False)

    def __str__(self) -> str:
        return f"{self.src} -> {self.tgt}"


@dataclass(frozen=True, slots=True)
class Initial:
    """A packet that the graph itself sends to an inport; `data` is any JSON value."""

    data: Any = field(hash=False)
    tgt: PortRef
    metadata: dict[str, Any] = field(default_factory=dict, hash=False)

    def __str__(self) -> str:
        return f"{json.dumps(self.data)} -> {self.tgt}"


@dataclass(frozen=True, slots=True)
class Group:
    """Nodes that an editor shows as belonging together."""

    name: str
    nodes: tuple[str, ...]
    metadata: dict[str, Any] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class Export:
    """A port of a node as a port of the whole graph, called `public`."""

    public: str
    node: str
    port: str
    metadata: dict[str, Any] = field(default_factory=dict, hash=False)
    extra: dict[str, Any] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class Removed:
    """A removed node and all that was attached to it."""

    node: Node
    edges: list[Edge]
    initials: list[Initial]
    inports: list[Export]
    outports: list[Export]


def check_name(value: object, what: str) -> str:
    """Return `value` if it can name a node, component, port or group; GraphError otherwise.

    Names become parts of topics, so at most 1024 characters are allowed, and none that ends a broker's connection.
    """
    if not isinstance(value, str):
        raise GraphError(f"{what} must be a text, not {kind(value)}")
    if not value:
        raise GraphError(f"{what} is empty")
    if len(value) > _LONGEST:
        raise GraphError(f"{what} has {len(value)} characters; at most {_LONGEST} are allowed: {short(value)!r}")
    if bad := FORBIDDEN.search(value):
        raise GraphError(f"{what} {short(value)!a} holds {bad[0]!a}, which is not allowed in an MQTT topic")
    return value


def check_ref(ref: PortRef) -> PortRef:
    """Return `ref` if its names and its index are sound; GraphError otherwise."""
    check_name(ref.node, "a port's node")
    check_name(ref.port, "a port's name")
    index = ref.index
    if index is not None and (isinstance(index, bool) or not isinstance(index, (int, str))):
        raise GraphError(f"a port's index must be a whole number or a text, not {short(str(index))!r}")
    return ref


def check_object(value: object, what: str) -> dict[str, Any]:
    """Return a copy of `value` if it is an object of JSON values; GraphError otherwise."""
    if not isinstance(value, Mapping):
        raise GraphError(f"{what} must be an object, not {kind(value)}")
    check_json(value, what)
    return dict(value)


def check_json(value: object, what: str) -> None:
    """Raise GraphError unless `value` can be written as JSON and is nested at most MAX_DEPTH deep."""
    todo: list[tuple[object, int]] = [(value, 0)]
    while todo:
        part, depth = todo.pop()
        if depth > MAX_DEPTH:
            raise GraphError(f"{what} is nested deeper than {MAX_DEPTH} levels")
        if isinstance(part, Mapping):
            if not all(isinstance(key, str) for key in part):
                raise GraphError(f"{what} has a key that is not a text")
            todo.extend((child, depth + 1) for child in part.values())
        elif isinstance(part, (list, tuple)):
            todo.extend((child, depth + 1) for child in part)
        elif isinstance(part, float) and not isfinite(part):
            raise GraphError(f"{what} holds {part}, which JSON cannot express")
        elif isinstance(part, int) and part.bit_length() > _MAX_BITS:
            raise GraphError(f"{what} holds a whole number of more than {_MAX_BITS} bits")
        elif part is not None and not isinstance(part, (str, bool, int, float)):
            raise GraphError(f"{what} holds a {type(part).__name__}, which JSON cannot express")


def short(text: str) -> str:
    """Return a text from outside for an error, shortened."""
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"


def canonical(value: object) -> str:
    """Return a text that is the same for equal JSON values, and differs for 1, 1.0 and true."""
    return value if isinstance(value, str) else "\0" + json.dumps(value, sort_keys=True)


def kind(value: object) -> str:
    """Return a plain name of the JSON type of `value`."""
    return _KINDS.get(type(value), type(value).__name__)


def merged(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """Return `old` changed by `new`, where null deletes a key (FBP protocol, graph:changenode and graph:changeedge).

    GraphError where it would have more than MOST_METADATA characters as JSON.
    """
    found = {key: value for key, value in {**old, **new}.items() if value is not None or key not in new}
    if (size := len(json.dumps(found))) > MOST_METADATA:
        raise GraphError(f"the metadata would have {size} characters; at most {MOST_METADATA} are kept")
    return found


def ref_order(ref: PortRef) -> tuple[str, str, int, int, str]:
    """Return the key by which port references are sorted in files: no index first, then numbers, then texts."""
    index = ref.index
    if index is None:
        return (ref.node, ref.port, 0, 0, "")
    return (ref.node, ref.port, 1, index, "") if isinstance(index, int) else (ref.node, ref.port, 2, 0, index)
