"""What a runtime may send about one of its graphs: the closed forms of the FBP protocol's outputs. Pure.

    check("graph", "addnode", payload)

The schemas: https://flowbased.github.io/fbp-protocol/. They are written here in one line each, as keys with their types;
a key without a type is a text, one with a question mark may be left out.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

__all__ = ["FORMS", "check"]

_Uri = Annotated[str, Meta(pattern=r"^[A-Za-z][A-Za-z0-9+.\-]*:[^\[\]\s]*\Z")]


class _Port(Struct, forbid_unknown_fields=True):
    node: str
    port: str
    index: str | int | float | UnsetType = UNSET


class _Initial(Struct, forbid_unknown_fields=True):
    data: Any


class _Edge(Struct, forbid_unknown_fields=True):
    src: _Port
    tgt: _Port


class _PortDefinition(Struct, forbid_unknown_fields=True):
    id: str
    type: str
    schema: _Uri | UnsetType = UNSET
    required: bool | UnsetType = UNSET
    addressable: bool | UnsetType = UNSET
    description: str | UnsetType = UNSET
    values: list[Any] | UnsetType = UNSET
    default: Any = UNSET


class _NodeMetadata(Struct):
    x: int | UnsetType = UNSET
    y: int | UnsetType = UNSET


class _EdgeMetadata(Struct):
    route: int | UnsetType = UNSET
    schema: _Uri | UnsetType = UNSET
    secure: bool | UnsetType = UNSET


class _GroupMetadata(Struct):
    description: str | UnsetType = UNSET


_TYPES: dict[str, Any] = {
    "": str,
    "any": Any,
    "count": int,
    "data": _Initial,
    "edge": _EdgeMetadata,
    "edges": list[_Edge],
    "event": Literal["connect", "begingroup", "data", "endgroup", "disconnect"],
    "flag": bool,
    "group": _GroupMetadata,
    "node": _NodeMetadata,
    "number": int | float,
    "port": _Port,
    "ports": list[_PortDefinition],
    "texts": list[str],
    "time": Annotated[datetime, Meta(tz=True)],
    "trace": Literal["flowtrace.json"],
    "uri": _Uri,
}

FORMS: dict[tuple[str, str], str] = {
    ("component", "source"): "name language code library? tests?",
    ("graph", "clear"): "id name? library? main?:flag icon? description?",
    ("graph", "addnode"): "id component graph metadata?:node",
    ("graph", "removenode"): "id graph",
    ("graph", "renamenode"): "from to graph",
    ("graph", "changenode"): "id metadata:node graph",
    ("graph", "addedge"): "src:port tgt:port graph metadata?:edge",
    ("graph", "removeedge"): "src:port tgt:port graph",
    ("graph", "changeedge"): "src:port tgt:port graph metadata?:edge",
    ("graph", "addinitial"): "src:data tgt:port graph metadata?:edge",
    ("graph", "removeinitial"): "src?:data tgt:port graph",
    ("graph", "addinport"): "public node port graph metadata?:node",
    ("graph", "removeinport"): "public graph",
    ("graph", "renameinport"): "from to graph",
    ("graph", "addoutport"): "public node port graph metadata?:node",
    ("graph", "removeoutport"): "public graph",
    ("graph", "renameoutport"): "from to graph",
    ("graph", "addgroup"): "name nodes:texts graph metadata?:group",
    ("graph", "removegroup"): "name graph",
    ("graph", "renamegroup"): "from to graph",
    ("graph", "changegroup"): "name metadata:group graph",
    ("network", "started"): "graph time?:time started?:flag running?:flag debug?:flag",
    ("network", "stopped"): "graph time?:time uptime?:number started?:flag running?:flag debug?:flag",
    ("network", "status"): "graph running:flag uptime?:number started?:flag debug?:flag",
    ("network", "debug"): "enable:flag graph",
    ("network", "edges"): "graph edges:edges",
    ("network", "processerror"): "id error graph",
    ("network", "icon"): "id icon graph",
    ("network", "connect"): "id src?:port tgt:port graph subgraph?:texts",
    ("network", "disconnect"): "id src?:port tgt:port graph subgraph?:texts",
    ("network", "begingroup"): "id src?:port tgt:port graph subgraph?:texts group",
    ("network", "endgroup"): "id src?:port tgt:port graph subgraph?:texts group",
    ("network", "data"): "id src?:port tgt:port graph subgraph?:texts data:any",
    ("runtime", "ports"): "graph inPorts:ports outPorts:ports",
    ("runtime", "packet"): "port event:event graph type? schema?:uri payload?:any",
    ("runtime", "packetsent"): "port event:event graph type? schema?:uri payload?:any",
    ("trace", "start"): "graph buffersize?:count",
    ("trace", "stop"): "graph",
    ("trace", "clear"): "graph",
    ("trace", "dump"): "graph type:trace flowtrace",
}
"""By protocol and command, the form of each output that is about one graph."""


def check(protocol: str, command: str, payload: object) -> None:
    """Raise ValueError, with what is wrong, for a payload that is none of this output."""
    form = _STRUCTS.get((protocol, command))
    if form is None:
        raise ValueError("this says nothing of a graph")
    msgspec.convert(payload, form)


def _struct(name: str, form: str) -> type[Struct]:
    fields: list[tuple[str, Any, Any]] = []
    for part in form.split():
        key, _, kind = part.partition(":")
        known = _TYPES[kind]
        field = _field(key.rstrip("?"))
        fields.append((field, known | UnsetType, UNSET) if key.endswith("?") else (field, known, msgspec.NODEFAULT))
    return msgspec.defstruct(name, fields, kw_only=True, forbid_unknown_fields=True, rename={"from_": "from"})


def _field(key: str) -> str:
    """`from` is a word of Python's own."""
    return "from_" if key == "from" else key


_STRUCTS = {kind: _struct("_".join(kind), form) for kind, form in FORMS.items()}
