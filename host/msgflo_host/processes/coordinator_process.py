"""The process of the coordinator. It takes longest to be ready: it starts first, and waits for its options."""

from __future__ import annotations

import os
import socket
import subprocess
import sys

from . import child_guard

__all__ = ["SUPERVISOR", "CoordinatorProcess"]

SUPERVISOR = "MSGFLO_SUPERVISOR"
"""The variable of the environment that names the file number of the socket to the supervisor."""

_WORDS = (sys.executable, "-P", "-m", "msgflo_host.supervised", "coordinator")


class CoordinatorProcess:
    """One run of the coordinator, and the private `socket` to it."""

    def __init__(self) -> None:
        """Start it. Raises OSError or SubprocessError where it cannot be started."""
        self.socket, theirs = socket.socketpair()
        environment = {name: value for name, value in os.environ.items() if name != "MSGFLO_SECRET"}
        environment[SUPERVISOR] = str(theirs.fileno())
        try:
            with theirs:
                self._process = subprocess.Popen(
                    _WORDS, pass_fds=[theirs.fileno()], **child_guard.of_child(environment)
                )
        except BaseException:
            self.socket.close()
            raise
        child_guard.add(self.pid)

    @property
    def pid(self) -> int:
        """The id of the process and of its group."""
        return self._process.pid

    @property
    def has_ended(self) -> bool:
        """True once it has ended."""
        return self._process.poll() is not None

    def send_signal(self, number: int) -> None:
        """Send it a signal; nothing happens where it has ended."""
        self._process.send_signal(number)

    async def wait(self) -> int:
        """Wait until it has ended; returns its exit code, negative after a signal."""
        from asyncio import to_thread

        return await to_thread(self._process.wait)
