"""Which message of the FBP protocol answers which request."""

from __future__ import annotations

from typing import Final

__all__ = ["NUMBERLESS", "answer_to"]

_OTHERWISE: Final = {
    ("runtime", "getruntime"): "runtime",
    ("runtime", "packet"): "packetsent",
    ("component", "list"): "componentsready",
    ("component", "getsource"): "source",
    ("component", "source"): "component",
    ("network", "start"): "started",
    ("network", "stop"): "stopped",
    ("network", "getstatus"): "status",
}
"""The answers that are called otherwise than what they answer."""

NUMBERLESS: Final = frozenset({("network", "edges")})
"""Protocol and command of the answers that do not name their request: their schemas have no room for its id."""


def answer_to(protocol: str, command: str) -> str:
    """Return the command of the answer to a request, where it is no error."""
    return _OTHERWISE.get((protocol, command), command)
