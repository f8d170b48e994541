"""Participants on MQTT, on MicroPython and on CPython: small black boxes that a graph wires together."""

# First, and in this order: compiling a module leaves a gap in a board's memory, which those that follow must fill.
from . import _memory, _platform, runner, session, participant  # noqa: F401, I001
from .broker import Broker
from .errors import ConfigError, ConnectError, Error, Refused, SubscribeError
from .packets import Message
from .participant import Participant
from .ports import Port

if _platform.MICROPYTHON:
    try:
        from .persistent import Session
    except ImportError:  # a board that sleeps: see the host's boards/build.py
        from .session import Session
else:
    from .host_session import Session

_memory.loaded()

__all__ = (
    "Broker",
    "ConfigError",
    "ConnectError",
    "Error",
    "Message",
    "Participant",
    "Port",
    "Refused",
    "Session",
    "SubscribeError",
    "serve",
)


def serve(*participants, broker=None):
    """Connect participants and serve until the program is interrupted (Ctrl-C, SIGTERM); then they go offline.

    `broker` is a Broker or its URL, by default $MSGFLO_BROKER or mqtt://localhost. Raises ConfigError, and Refused for a
    wrong account; on a board that is tried again.
    """
    from .serving import serve

    serve(*participants, broker=broker)


if not _platform.MICROPYTHON:
    __all__ += ("main", "run")  # pyright: ignore[reportUnsupportedDunderAll]

    def main(participant_class, role=None):
        """Run one participant of a class as a program: see legacy.py; not on MicroPython."""
        from .legacy import main

        main(participant_class, role)

    def run(participants, broker=None, done_cb=None, iips=None):
        """Run participants in the background, as MsgFlo's own library does: see legacy.py; not on MicroPython."""
        from .legacy import run

        return run(participants, broker, done_cb, iips)
