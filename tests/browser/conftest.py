"""A browser for each worker, pages of a test or of a file, and faults of a page that fail the test it was open in."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from brokers import Broker
from browser import SECRET, Chromium, Pages, SamePages, running
from systems import Coordinator

_HAS_FAILED = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Note which test has failed: the page that it leaves is as no other test expects it."""
    report = yield
    item.stash[_HAS_FAILED] = item.stash.get(_HAS_FAILED, False) or report.failed
    return report


@pytest.fixture(scope="session")
def _chromium() -> Iterator[Chromium]:
    with Chromium() as chromium:
        yield chromium


@pytest.fixture
def chromium(_chromium: Chromium) -> Iterator[Browser]:
    """Debian's Chromium, started once for each worker."""
    with _chromium.in_use() as browser:
        yield browser


@pytest.fixture
def page_of(chromium: Browser) -> Iterator[Pages]:
    """`page_of(coordinator)` opens its page in a browser context of its own; see Pages."""
    with Pages(chromium) as pages:
        yield pages


@pytest.fixture(scope="module")
def _same_pages(_chromium: Chromium) -> Iterator[SamePages]:
    with _chromium.in_use() as browser:
        pages = SamePages(browser)
    yield pages
    with _chromium.in_use():
        pages.close()


@pytest.fixture
def same_page(request: pytest.FixtureRequest, chromium: Browser, _same_pages: SamePages) -> Iterator[SamePages]:
    """`same_page(coordinator)` gives the page that other tests of the file have used, as when it was opened; see SamePages."""
    yield _same_pages
    if request.node.stash[_HAS_FAILED]:
        _same_pages.close()
    _same_pages.check()


@pytest.fixture
def run_graph(tmp_path: Path) -> Iterator[Callable[..., Coordinator]]:
    """`run_graph(text, *arguments, broker=…, suffix=…)` is `running` in `tmp_path`, until the test ends."""
    with ExitStack() as stack:
        yield lambda *arguments, **options: stack.enter_context(running(tmp_path, *arguments, **options))


@pytest.fixture(scope="module")
def coordinator(tmp_path_factory: pytest.TempPathFactory, shared_broker: Broker) -> Iterator[Coordinator]:
    """One for all tests of a file, each of which begins with a graph that is made anew; other files have one of their own."""
    data = tmp_path_factory.mktemp("web")
    with Coordinator("--data", data, "--secret", SECRET, broker=shared_broker.url, cwd=data) as coordinator:
        coordinator.wait(lambda status: True)
        yield coordinator
