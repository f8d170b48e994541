"""Ends the processes that this program has started when it dies, even by SIGKILL.

Each leads its own process group, so that its children end with it and Ctrl-C reaches only us. A tiny shell, the guard,
knows the groups that run. Our death ends its standard input, and then it ends them. A process that has left its group is
found by a mark in its environment, which all descendants inherit unless they clear it.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from functools import partial
from typing import Any

__all__ = ["add", "fork", "of_child", "remove", "set_name", "signal_group", "wipe"]

_GUARD = """
trap '' INT TERM HUP
groups=' '
while read -r command group; do
    case $command in
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

_PR_SET_PDEATHSIG, _PR_SET_NAME = 1, 15  # linux/prctl.h

_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None
_guard: subprocess.Popen[bytes] | None = None
_mark = os.urandom(16).hex()


def of_child(environment: Mapping[str, str]) -> dict[str, Any]:
    """Return arguments of `Popen` for a child that ends with us, by SIGTERM, and by SIGKILL 2 s later.

    Start it in the main thread: Linux takes the end of the thread that starts a child for the parent's death.
    """
    die_with_parent = partial(_die_with_parent, os.getpid())
    return {"env": {**environment, _MARK: _mark}, "start_new_session": True, "preexec_fn": die_with_parent}


def fork() -> int:
    """Fork a child that ends with us as others do; returns its id, and 0 in the child.

    Call it before `add`, which starts the guard, and then `add` for the child: as it executes no other program, Linux shows
    its environment as ours, without the mark.
    """
    global _mark
    parent = os.getpid()
    if child := os.fork():
        return child
    os.setsid()
    _die_with_parent(parent)
    os.environ[_MARK] = _mark
    _mark = os.urandom(16).hex()  # of its own children, which end with it
    return 0


def wipe(variable: str) -> None:
    """Overwrite a variable where Linux shows our environment, and later that of forked children; `os.environ` keeps it."""
    if _libc is None:
        return
    _libc.getenv.restype = ctypes.c_void_p
    if value := _libc.getenv(variable.encode()):
        ctypes.memset(value, 0, len(os.environb.get(variable.encode(), b"")))


def set_name(name: str) -> None:
    """Name this process in lists such as those of ps and top; at most 15 bytes count."""
    if _libc is not None:
        _libc.prctl(_PR_SET_NAME, name.encode())


def _die_with_parent(parent: int) -> None:
    # The guard learns of a child only after it was started: this covers the moment before.
    if _libc is not None:
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        os._exit(1)


def add(group: int) -> None:
    """End the process group of a child with this program."""
    _send(f"add {group}\n")


def remove(group: int) -> None:
    """Forget a process group that has ended."""
    _send(f"remove {group}\n")


def signal_group(group: int, number: int) -> bool:
    """Signal a process group; returns False where no process of it is left."""
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        return False
    return True


def _send(line: str) -> None:
    global _guard
    if _guard is None:
        _guard = subprocess.Popen(
            ["/bin/sh", "-c", _GUARD, f"{_MARK}={_mark}", str(_GRACE_S)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            env={"PATH": os.environ.get("PATH", os.defpath)},  # not the mark, and no secret
        )
    assert _guard.stdin is not None
    with contextlib.suppress(BrokenPipeError):  # someone has killed it
        _guard.stdin.write(line.encode())
        _guard.stdin.flush()
