"""A hint for a board's broker that this machine does not reach: from here it may have another address."""

from __future__ import annotations

import os

from ..errors import MsgfloError
from ._options import DEFAULT_COORDINATOR, status_of

__all__ = ["elsewhere"]


def elsewhere() -> str:
    """Return a hint with the --broker that a coordinator on this machine uses."""
    try:
        url = str(status_of(os.environ.get("MSGFLO_COORDINATOR", DEFAULT_COORDINATOR))["broker"])
    except (MsgfloError, KeyError, TypeError):
        return "is it running? Where it has another address from here: --broker mqtt://localhost"
    secret = "; what *** stands for is in .msgflo/secret: docs/broker.md" if "***" in url else ""
    return f"where the board uses that of the coordinator here: --broker {url}{secret}"
