"""Real processes: what is started ends with its parent, however that ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from asyncio.subprocess import PIPE
from collections.abc import Callable
from pathlib import Path

import pytest

from msgflo_host.processes import children

pytestmark = pytest.mark.asyncio_loop

# A parent that starts one stubborn child with a child of its own, prints both pids, and waits.
PARENT = """
import asyncio, sys
from asyncio.subprocess import PIPE
from msgflo_host.processes import children, child_guard

child_guard._GRACE_S = 0.2

async def main():
    child = await children.spawn(["/bin/sh", "-c", sys.argv[1]], stdout=PIPE)
    print(child.pid, (await child.stdout.readline()).decode(), end="", flush=True)
    await asyncio.sleep(60)

if sys.argv[2] == "uvloop":
    import uvloop
    uvloop.run(main())
else:
    asyncio.run(main())
"""
STUBBORN = "trap '' TERM; sleep 60 & echo $!; while :; do wait; sleep 0.1; done"
OBEDIENT = "sleep 60 & echo $!; wait"


def alive(pid: int) -> bool:
    """Return True for a process that runs; a zombie only waits to be reaped."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def eventually(condition: Callable[[], bool], seconds: float = 30) -> bool:
    """Wait until the condition holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


@pytest.mark.parametrize(
    ("loop", "how", "script"),
    [
        ("uvloop", signal.SIGKILL, STUBBORN),
        ("uvloop", signal.SIGTERM, STUBBORN),
        ("uvloop", signal.SIGINT, OBEDIENT),
        ("asyncio", signal.SIGKILL, OBEDIENT),
        ("asyncio", signal.SIGINT, STUBBORN),
    ],
)
def test_no_child_outlives_its_parent(loop: str, how: signal.Signals, script: str) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, script, loop], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert parent.stdout is not None
    child, grandchild = (int(word) for word in parent.stdout.readline().split())
    assert alive(child)
    assert alive(grandchild)
    parent.send_signal(how)
    parent.wait(30)
    assert eventually(lambda: not alive(child) and not alive(grandchild))


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_what_has_left_the_group_of_a_child_ends_with_us_as_well(how: signal.Signals) -> None:
    daemon = "setsid sh -c \"trap '' TERM; echo \\$\\$; while :; do sleep 0.2; done\" & wait"
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, daemon, "asyncio"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert parent.stdout is not None
    child, grandchild = (int(word) for word in parent.stdout.readline().split())
    assert alive(grandchild)
    assert os.getpgid(grandchild) != child
    parent.send_signal(how)
    parent.wait(30)
    assert eventually(lambda: not alive(child) and not alive(grandchild))


async def test_ending_a_child_ends_its_children_and_returns_its_exit_code() -> None:
    child = await children.spawn(["/bin/sh", "-c", "trap 'exit 7' TERM; sleep 60 & echo $!; wait"], stdout=PIPE)
    assert child.stdout is not None
    grandchild = int(await child.stdout.readline())
    assert await children.end(child, 5) == 7
    assert not alive(child.pid)
    assert eventually(lambda: not alive(grandchild))


async def test_a_child_that_does_not_obey_is_killed_after_the_grace() -> None:
    child = await children.spawn(["/bin/sh", "-c", STUBBORN], stdout=PIPE)
    assert child.stdout is not None
    grandchild = int(await child.stdout.readline())
    before = time.monotonic()
    assert await children.end(child, 0.3) == -signal.SIGKILL
    assert time.monotonic() - before >= 0.3
    assert eventually(lambda: not alive(grandchild))


async def test_a_child_gets_its_folder_its_environment_and_no_terminal(tmp_path: Path) -> None:
    child = await children.spawn(
        ["/bin/sh", "-c", 'pwd; echo "$COLOUR"; cat'], cwd=tmp_path, env={"COLOUR": "red"}, stdout=PIPE
    )
    output, _ = await child.communicate()
    assert output.decode().splitlines() == [os.path.realpath(tmp_path), "red"]
    await children.end(child, 1)
