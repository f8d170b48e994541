"""Child processes that never outlive this program, not even when it is killed with SIGKILL: see child_guard.py."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from asyncio.subprocess import DEVNULL, Process
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from . import child_guard
from .part_processes import Forked

__all__ = ["Adopted", "Child", "adopt", "end", "spawn"]

_watchers: set[asyncio.Task[None]] = set()


class Child(Protocol):
    """A process that was started by `spawn`, or by other means with `child_guard.of_child`."""

    @property
    def pid(self) -> int:
        """The id of the process and of its group."""

    async def wait(self) -> int:
        """Wait until it has ended; returns its exit code."""


async def spawn(
    argv: Sequence[str | Path],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    stdin: int | None = DEVNULL,
    stdout: int | None = None,
    stderr: int | None = None,
    pass_fds: Sequence[int] = (),
) -> Process:
    """Start a program that is ended with SIGTERM, and SIGKILL 2 s later, when this one dies.

    Call it in the main thread: Linux takes the end of the thread that starts a child for the parent's death. Raises
    OSError when the program cannot be started. `end` belongs to every `spawn`, also when the child has ended by itself.
    """
    process = await asyncio.create_subprocess_exec(
        *argv,
        cwd=cwd,
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        pass_fds=pass_fds,
        **child_guard.of_child(os.environ if env is None else env),
    )
    child_guard.add(process.pid)
    _watch(process)
    return process


class Adopted:
    """A forked process, with those methods of `asyncio.subprocess.Process` that are used of one."""

    def __init__(self, process: Forked, stdout: asyncio.StreamReader) -> None:
        self.pid = process.pid
        self.stdin = process.stdin
        self.stdout = stdout
        self._process = process

    async def wait(self) -> int:
        """Wait until it has ended; returns its exit code, negative after a signal."""
        return await asyncio.to_thread(self._process.wait)


async def adopt(process: Forked) -> Adopted:
    """Take over a forked child with pipes; `end` belongs to it, too."""
    stdout = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(stdout), process.stdout)
    adopted = Adopted(process, stdout)
    _watch(adopted)
    return adopted


def _watch(process: Child) -> None:
    watcher = asyncio.create_task(_forget_when_ended(process))
    _watchers.add(watcher)
    watcher.add_done_callback(_watchers.discard)


async def end(process: Child, grace: float) -> int:
    """End a child and what it has started: SIGTERM, and after `grace` seconds SIGKILL; returns its exit code."""
    deadline = time.monotonic() + grace
    child_guard.signal_group(process.pid, signal.SIGTERM)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(grace):
            await process.wait()
    while child_guard.signal_group(process.pid, 0) and time.monotonic() < deadline:
        await asyncio.sleep(0.02)
    child_guard.signal_group(process.pid, signal.SIGKILL)
    code = await process.wait()
    child_guard.remove(process.pid)
    return code


async def _forget_when_ended(process: Child) -> None:
    await process.wait()
    if not child_guard.signal_group(process.pid, 0):  # else what it has started lives on, until `end`
        child_guard.remove(process.pid)
