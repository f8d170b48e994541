"""Fixtures shared by all tests, whether a test may be skipped, and how inputs are made up."""

from __future__ import annotations

import os
import sys
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import HealthCheck, settings

sys.path.insert(0, str(Path(__file__).parent))

from brokers import Broker
from fbp_schemas import Watched

# As CI says: `make setup-tests` has installed all that there is, so a test that cannot run is a hole, and no pass.
NO_SKIPS = bool(os.environ.get("MSGFLO_NO_SKIPS"))
# A busy machine is no fault of what is tested. The same inputs each time, but in the soak: what is found there is mended,
# and what is sent in is not held up by what it has not touched.
settings.register_profile(
    "calm",
    deadline=None,
    derandomize=not os.environ.get("MSGFLO_FUZZ"),
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("calm")

# Files and tests that ask for a time, of which tests beside them would take a part.
TIMED = (
    "test_timers.py",
    "test_waiting.py",
    "test_a_broker_that_never_answers_does_not_block_the_loop",
    "test_a_burst_arrives_complete_while_timers_go_on",
    "test_a_wake_up_is_short",
    "test_pin_is_written_in_less_than_a_fifth_of_a_millisecond",
)
# Where files take longest: these begin first, so that at the end no worker is left alone with one.
LONG = ("emulation", "boards", "web", "spec")

# Tests of a socket by itself, or of a client of anybody's runtime: what is sent there is made up.
MADE_UP = (
    "test_socket.py",
    "test_hostile.py",
    "test_client_list.py",
    "test_client.py",
    "test_runner.py",
    "test_fbp_schemas.py",
)

Report = TypeVar("Report", pytest.TestReport, pytest.CollectReport)


@pytest.fixture
def broker() -> Iterator[Broker]:
    """A real Mosquitto of the test's own."""
    with Broker() as running:
        yield running


@pytest.fixture(scope="module")
def shared_broker() -> Iterator[Broker]:
    """A real Mosquitto for all tests of a file."""
    with Broker() as running:
        yield running


@pytest.fixture(autouse=True)
def frames_keep_to_the_schemas(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A test fails where the runtime, in this process or in another one, has sent what its schemas do not allow."""
    if request.path.name in MADE_UP:
        yield
        return
    with Watched(monkeypatch):
        yield


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """`make test` runs the timed tests by themselves, and of the others the long ones first."""
    items.sort(key=lambda item: (*LONG, item.path.parent.name).index(item.path.parent.name))
    for item in items:
        if item.path.name in TIMED or item.name.partition("[")[0] in TIMED:
            item.add_marker("timed")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Of each test, at its setup, call and teardown."""
    return _judged((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Of each file, which an `importorskip` may leave out whole."""
    return _judged((yield))


def _judged(report: Report) -> Report:
    if NO_SKIPS and report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"{reason}; with MSGFLO_NO_SKIPS a test that cannot run fails"
    return report
