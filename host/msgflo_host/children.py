"""Child processes that never outlive this program, not even when it is killed with SIGKILL.

Each child leads its own process group, so that its own children end with it and Ctrl-C reaches only us. A tiny shell,
the guard, knows the groups that run; it notices our death because its standard input ends, and ends them then. What has
left its group is found by a mark that all descendants inherit in their environment, as long as they do not clear it.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
import uuid
from asyncio.subprocess import DEVNULL, Process
from collections.abc import Mapping, Sequence
from pathlib import Path

__all__ = ["end", "spawn"]

_GUARD = """
trap '' INT TERM HUP
groups=' '
while read -r what group; do
    case $what in
        add) groups="$groups$group " ;;
        remove) case $groups in *" $group "*) groups="${groups%% $group *} ${groups#* $group }" ;; esac ;;
    esac
done
end() {
    for group in $groups; do kill -s "$1" -- "-$group"; done
    for file in $(grep -lszxF -- "$0" /proc/[0-9]*/environ); do
        file=${file%/environ}
        kill -s "$1" "${file#/proc/}" && groups="$groups "
    done
}
end TERM
[ "$groups" = ' ' ] && exit
sleep "$1"
end KILL
"""
_MARK = "MSGFLO_CHILD_OF"
_GRACE_S = 2

_PR_SET_PDEATHSIG = 1  # linux/prctl.h

_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None
_guard: subprocess.Popen[bytes] | None = None
_mark = uuid.uuid4().hex
_groups: set[int] = set()
_watchers: set[asyncio.Task[None]] = set()


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
    parent = os.getpid()

    def die_with_parent() -> None:
        # The guard learns of a child only after it was started: this covers the moment before.
        if _libc is not None:
            _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:
            os._exit(1)

    process = await asyncio.create_subprocess_exec(
        *argv,
        cwd=cwd,
        env={**(os.environ if env is None else env), _MARK: _mark},
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        pass_fds=pass_fds,
        start_new_session=True,
        preexec_fn=die_with_parent,
    )
    _tell_guard("add", process.pid)
    watcher = asyncio.create_task(_forget_when_ended(process))
    _watchers.add(watcher)
    watcher.add_done_callback(_watchers.discard)
    return process


async def end(process: Process, grace: float) -> int:
    """End a child and what it has started: SIGTERM, and after `grace` seconds SIGKILL; returns its exit code."""
    deadline = time.monotonic() + grace
    _signal_group(process.pid, signal.SIGTERM)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(grace):
            await process.wait()
    while _signal_group(process.pid, 0) and time.monotonic() < deadline:
        await asyncio.sleep(0.02)
    _signal_group(process.pid, signal.SIGKILL)
    code = await process.wait()
    _tell_guard("remove", process.pid)
    return code


async def _forget_when_ended(process: Process) -> None:
    await process.wait()
    if not _signal_group(process.pid, 0):  # else what it has started lives on, until `end`
        _tell_guard("remove", process.pid)


def _signal_group(group: int, number: int) -> bool:
    """Signal a process group; whether any process of it is left."""
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        return False
    return True


def _tell_guard(what: str, group: int) -> None:
    global _guard
    (_groups.add if what == "add" else _groups.discard)(group)
    lines = f"{what} {group}\n"
    if _guard is None or _guard.poll() is not None:  # someone may have killed it
        _guard = subprocess.Popen(
            ["/bin/sh", "-c", _GUARD, f"{_MARK}={_mark}", str(_GRACE_S)],
            stdin=subprocess.PIPE,
            stdout=DEVNULL,
            stderr=DEVNULL,
            start_new_session=True,
            env={key: value for key, value in os.environ.items() if key != _MARK},
        )
        lines = "".join(f"add {each}\n" for each in _groups)
    assert _guard.stdin is not None
    with contextlib.suppress(BrokenPipeError):
        _guard.stdin.write(lines.encode())
        _guard.stdin.flush()
