"""A unit test starts no process, opens no connection and waits for no real time: one that does fails.

An async one runs in simulated time: in the system or beside the broker among its fixtures.
"""

from __future__ import annotations

import functools
import inspect
import logging
import selectors
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from event_loop import run_simulated
from local_system import LocalSystem
from memory_broker import MemoryBroker
from simulation import run_beside

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
}
_TESTS = threading.get_ident()  # the thread of the tests; what another one does is left over from another kind of test
_found: list[str] | None = None  # None: no unit test is running


def _note(what: str) -> None:
    if _found is not None and threading.get_ident() == _TESTS:
        _found.append(what[:300])


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    if event in FORBIDDEN:
        _note(f"{FORBIDDEN[event]}: {event}{arguments!r}")


sys.addaudithook(_audit)


@pytest.fixture(autouse=True)
def _is_a_unit_test(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Fail a test that does what only an integration test may."""
    global _found
    select, sleep = selectors.DefaultSelector.select, time.sleep

    def watched(self: selectors.BaseSelector, timeout: float | None = None) -> Any:
        if timeout is None or timeout > 0:
            _note(
                f"waits {timeout} s of real time in an event loop: run_simulated() and ManualLoop have a clock of their own"
            )
        return select(self, timeout)

    def watched_sleep(seconds: float) -> None:
        _note(f"sleeps {seconds} s")
        sleep(seconds)

    monkeypatch.setattr(time, "sleep", watched_sleep)
    monkeypatch.setattr(selectors.DefaultSelector, "select", watched)
    _found = []
    try:
        yield
        found = _found
    finally:
        _found = None
    assert not found, f"a unit test must not do this; move it to tests/integration: {found}"


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run an async test."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    arguments = {name: pyfuncitem.funcargs[name] for name in inspect.signature(pyfuncitem.obj).parameters}
    test = functools.partial(pyfuncitem.obj, **arguments)
    system, broker = arguments.get("system"), arguments.get("broker")
    if isinstance(system, LocalSystem):
        system.run(test)
    elif isinstance(broker, MemoryBroker):
        run_beside(broker, test)
    else:
        run_simulated(test)
    return True


@pytest.fixture
def broker() -> MemoryBroker:
    """A broker in memory."""
    return MemoryBroker()


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> pytest.LogCaptureFixture:
    """What the host package logs; a run of the coordinator in this process keeps that to itself from then on."""
    monkeypatch.setattr(logging.getLogger("msgflo"), "propagate", True)
    caplog.set_level(logging.INFO, "msgflo")
    return caplog
