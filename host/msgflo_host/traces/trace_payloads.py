"""Converts payloads of events between a trace and the protocol.

A trace names no graph in a payload (the event does) and no id of an edge; an icon's node is `node` there, `id` here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["COMMANDS", "PACKETS", "received", "sent"]

PACKETS = frozenset({"connect", "begingroup", "data", "endgroup", "disconnect"})
"""The commands of the protocol's `network` that are about an edge."""

COMMANDS = PACKETS | {"started", "stopped", "error", "processerror", "icon", "output"}
"""The commands of `network` that a trace holds."""

# The fields of the others, all texts: required and optional ones.
_TEXTS = {
    "error": (("message",), ("stack",)),
    "processerror": (("id", "error"), ()),
    "icon": (("id", "icon"), ()),
    "output": (("message",), ("type", "url")),
}


def received(command: str, payload: Mapping[str, Any]) -> dict[str, Any]:
    """Return the payload in a trace of one that was, or would have been, sent."""
    rest = {key: value for key, value in payload.items() if key != "graph"}
    if command in PACKETS:
        rest.pop("id", None)
        return {"src": rest.pop("src", None), "tgt": rest.pop("tgt", None), **rest}
    if command == "icon":
        return {"node": rest.pop("id", None), **rest}
    return rest


def sent(command: str, payload: Mapping[str, Any], graph: str) -> dict[str, Any] | None:
    """Return the payload to send for an event of a trace; None where the protocol cannot express it.

    It cannot express packets without a target, and events that lack a required text.
    """
    if command in PACKETS:
        return _packet(command, payload, graph)
    if command == "icon":
        payload = {"id": payload.get("node"), **payload}
    needed, optional = _TEXTS[command]
    texts = {key: payload[key] for key in (*needed, *optional) if isinstance(payload.get(key), str)}
    if any(key not in texts for key in needed):
        return None
    return texts if command == "output" else {**texts, "graph": graph}


def _edge_id(src: Mapping[str, Any] | None, tgt: Mapping[str, Any]) -> str:
    """Return the id of an edge in messages: a line of .fbp with the ports in capital letters."""
    source = f"{src['node']}() {src['port'].upper()}" if src else "DATA"
    return f"{source} -> {tgt['port'].upper()} {tgt['node']}()"


def _packet(command: str, payload: Mapping[str, Any], graph: str) -> dict[str, Any] | None:
    src, tgt = _port(payload.get("src")), _port(payload.get("tgt"))
    if tgt is None:
        return None
    found: dict[str, Any] = {"id": _edge_id(src, tgt), "tgt": tgt, "graph": graph}
    if src is not None:
        found["src"] = src
    if payload.get("subgraph"):
        found["subgraph"] = payload["subgraph"]
    if command == "data":
        found["data"] = payload.get("data")
    elif command in ("begingroup", "endgroup"):
        found["group"] = str(payload.get("group"))
    return found


def _port(value: Any) -> dict[str, Any] | None:
    """Return the fields of a port that the protocol knows."""
    return {key: value[key] for key in ("node", "port", "index") if value.get(key) is not None} if value else None
