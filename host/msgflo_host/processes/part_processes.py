"""The processes of coordinator and data plane. The first ones are forked, before the command line is read."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass
from typing import IO

from . import child_guard

__all__ = ["DATA_PLANE_COMMAND", "SUPERVISOR", "CoordinatorProcess", "Early", "Forked", "start_coordinator"]

SUPERVISOR = "MSGFLO_SUPERVISOR"
"""The variable of the environment that names the file number of the socket to the supervisor."""

DATA_PLANE_COMMAND = ("python", "-P", "-m", "msgflo_host.supervised", "forward")
"""The command of a data plane, as `process_command.executable` takes it."""

_COORDINATOR = (sys.executable, "-P", "-m", "msgflo_host.supervised", "coordinator")


class Forked:
    """A child that was forked from this program, as `Popen` is one that was started; with pipes, where it has these."""

    def __init__(self, pid: int, stdin: IO[bytes] | None = None, stdout: IO[bytes] | None = None) -> None:
        self.pid = pid
        self.stdin = stdin
        self.stdout = stdout
        self._code: int | None = None
        self._waiting = threading.Lock()

    def wait(self) -> int:
        """Wait until it has ended; returns its exit code, negative after a signal."""
        with self._waiting:
            if self._code is None:
                self._code = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
            return self._code

    def poll(self) -> int | None:
        """Return its exit code once it has ended."""
        if self._waiting.acquire(blocking=False):  # else another thread is about to note it
            try:
                if self._code is None and (found := os.waitpid(self.pid, os.WNOHANG))[0]:
                    self._code = os.waitstatus_to_exitcode(found[1])
            finally:
                self._waiting.release()
        return self._code


@dataclass(frozen=True)
class CoordinatorProcess:
    """One run of the coordinator, and the private `socket` to it."""

    process: subprocess.Popen[bytes] | Forked
    socket: socket.socket

    @property
    def pid(self) -> int:
        """The id of the process and of its group."""
        return self.process.pid

    @property
    def has_ended(self) -> bool:
        """True once it has ended."""
        return self.process.poll() is not None

    def send_signal(self, number: signal.Signals) -> None:
        """Send it a signal; nothing happens where it has ended."""
        if not self.has_ended:
            with suppress(ProcessLookupError):  # just now
                os.kill(self.pid, number)

    async def wait(self) -> int:
        """Wait until it has ended; returns its exit code, negative after a signal."""
        from asyncio import to_thread

        return await to_thread(self.process.wait)


def start_coordinator() -> CoordinatorProcess:
    """Start a coordinator. Raises OSError or SubprocessError where it cannot be started."""
    ours, theirs = socket.socketpair()
    environment = {name: value for name, value in os.environ.items() if name != "MSGFLO_SECRET"}
    environment[SUPERVISOR] = str(theirs.fileno())
    try:
        with theirs:
            process = subprocess.Popen(_COORDINATOR, pass_fds=[theirs.fileno()], **child_guard.of_child(environment))
    except BaseException:
        ours.close()
        raise
    child_guard.add(process.pid)
    return CoordinatorProcess(process, ours)


@dataclass(frozen=True)
class Early:
    """The first coordinator, and the first data plane, with pipes."""

    coordinator: CoordinatorProcess
    data_plane: Forked
