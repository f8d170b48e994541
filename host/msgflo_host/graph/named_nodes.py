"""Which nodes a graph command names, read off its payload, which may be any JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

__all__ = ["may_shift_roles", "named_nodes"]

_KEYS: Final = {
    **dict.fromkeys(("changenode", "removenode"), ("id",)),
    "renamenode": ("from",),
    **dict.fromkeys(("addedge", "changeedge", "removeedge"), ("src", "tgt")),
    **dict.fromkeys(("addinitial", "removeinitial"), ("tgt",)),
    **dict.fromkeys(("addinport", "addoutport"), ("node",)),
    "addgroup": ("nodes",),
}
"""The keys with the name of a node that is there, with the end of an edge at one, or with a list of names."""


def named_nodes(command: str, payload: Mapping[str, Any]) -> list[str]:
    """Return the names of the nodes that have to be there for a command."""
    named: list[Any] = []
    for value in [payload.get(key) for key in _KEYS.get(command, ())]:
        named += value if isinstance(value, list) else [value.get("node") if isinstance(value, Mapping) else value]
    return [name for name in named if isinstance(name, str)]


def may_shift_roles(command: str, payload: Mapping[str, Any]) -> bool:
    """Whether a node comes, goes or is renamed that is called as a node of another graph may be, as in `g/lamp`."""
    names = [payload.get(key) for key in ("id", "from", "to")]
    return command in ("addnode", "removenode", "renamenode") and any(isinstance(n, str) and "/" in n for n in names)
