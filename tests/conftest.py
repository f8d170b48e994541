"""Fixtures shared by all tests, whether a test may be skipped, and how inputs are made up."""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Generator, Iterator
from typing import TypeVar

import pytest
from hypothesis import HealthCheck, settings

from brokers import Broker
from fbp_schemas import Watched

# As CI says: `make setup-tests` has installed all that there is, so a test that cannot run is a hole, and no pass.
NO_SKIPS = bool(os.environ.get("MSGFLO_NO_SKIPS"))
# A busy machine is no fault of what is tested. The same inputs each time, but in the soak: what is found there is mended,
# and what is sent in is not held up by what it has not touched.
settings.register_profile(
    "calm", deadline=None, derandomize=not os.environ.get("MSGFLO_FUZZ"), suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("calm")

# The files that take longest begin first: at the end no worker is left alone with one.
LONG_FIRST = ("browser", "emulation", "boards", "spec")
SLOWEST = 10  # so many files are shown at the end of a run

Report = TypeVar("Report", pytest.TestReport, pytest.CollectReport)


# A shell has its background jobs ignore SIGINT, and nohup has all ignore SIGHUP. What tests start would inherit that, but
# for a handler, which does not outlive exec().
for number in (signal.SIGINT, signal.SIGHUP):
    if signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, lambda *_: None)


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
    if request.node.get_closest_marker("made_up") is not None:
        yield
        return
    with Watched(monkeypatch):
        yield


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the files of long tests first."""
    items.sort(key=lambda item: (*LONG_FIRST, item.path.parent.name).index(item.path.parent.name))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show the files that took longest, and each kind of test by its folder."""
    seconds: Counter[str] = Counter()
    for reports in terminalreporter.stats.values():
        for report in reports:
            if isinstance(report, pytest.TestReport):
                seconds[report.nodeid.partition("::")[0]] += report.duration
    kinds: Counter[str] = Counter()
    for file, spent in seconds.items():
        kinds["/".join(file.split("/")[:2])] += spent
    if len(seconds) > SLOWEST:
        terminalreporter.section(f"the {SLOWEST} slowest files, in seconds of one worker")
        for file, spent in seconds.most_common(SLOWEST):
            terminalreporter.write_line(f"{spent:7.1f}  {file}")
        terminalreporter.write_line("   ".join(f"{kind} {spent:.0f} s" for kind, spent in kinds.most_common()))


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
