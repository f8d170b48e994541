"""A unit test starts no process, opens no connection and does not sleep: one that does fails."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import pytest

FORBIDDEN = {
    "os.exec": "starts a process",
    "os.fork": "starts a process",
    "os.forkpty": "starts a process",
    "os.posix_spawn": "starts a process",
    "os.system": "starts a process",
    "socket.bind": "opens a socket",
    "socket.connect": "opens a connection",
    "socket.getaddrinfo": "looks up an address",
    "subprocess.Popen": "starts a process",
    "time.sleep": "sleeps",
}
_found: list[str] | None = None  # None: no unit test is running


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    if _found is not None and event in FORBIDDEN:
        _found.append(f"{FORBIDDEN[event]}: {event}{arguments!r}"[:300])


sys.addaudithook(_audit)


@pytest.fixture(autouse=True)
def _is_a_unit_test() -> Iterator[None]:
    """Fail a test that does what only an integration test may."""
    global _found
    _found = []
    try:
        yield
        found = _found
    finally:
        _found = None
    assert not found, f"a unit test must not do this; move it to tests/integration: {found}"
