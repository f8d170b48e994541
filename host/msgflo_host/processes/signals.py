"""The signals that end a program in order."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable

__all__ = ["on_shutdown", "shutdown_event"]


def on_shutdown(callback: Callable[[], object]) -> None:
    """Call back in the running event loop at SIGINT, SIGTERM, and SIGHUP unless that is ignored.

    Under nohup it is: the end of the terminal does not end the program then.
    """
    ignores_hangup = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    for number in (signal.SIGINT, signal.SIGTERM, *(() if ignores_hangup else (signal.SIGHUP,))):
        asyncio.get_running_loop().add_signal_handler(number, callback)


def shutdown_event() -> asyncio.Event:
    """Return an event that such a signal sets."""
    event = asyncio.Event()
    on_shutdown(event.set)
    return event
