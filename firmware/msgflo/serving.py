"""Run participants as a whole program."""

import asyncio

from . import Session
from ._platform import MICROPYTHON

__all__ = ("serve",)


def serve(*participants, broker=None):
    """Connect participants and serve until the program is interrupted (Ctrl-C, SIGTERM); then they go offline.

    `broker` is a Broker or its URL, by default $MSGFLO_BROKER or mqtt://localhost; one that is away is waited for. Raises
    ConfigError, and on CPython Refused where the broker refuses the account at the start. On a board that is tried again:
    nobody sits beside it, and the account may be added later.
    """
    session = Session(participants, broker or _named_broker() or "mqtt://localhost")
    if MICROPYTHON:
        from ._memory import forget

        forget("msgflo", "describe", "ports")  # all participants are there
        try:
            asyncio.run(session.run())
        except KeyboardInterrupt:
            asyncio.get_event_loop().run_until_complete(session.stop())
    else:
        from .host_session import run_until_signal

        asyncio.run(run_until_signal(session))


def _named_broker():
    import os

    return os.getenv("MSGFLO_BROKER") if hasattr(os, "getenv") else None  # boards have no environment
