"""The kit itself: what is wrong with a page fails the test, and what keeps people out is found."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from brokers import Broker
from browser import Pages, axe, until
from systems import Coordinator


@pytest.fixture
def other_pages(chromium: Browser) -> Iterator[Pages]:
    """Pages whose faults are expected."""
    pages = Pages(chromium)
    try:
        yield pages
    finally:
        pages.tolerate("")
        pages.__exit__()


@pytest.fixture(scope="module")
def coordinator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Coordinator]:
    data = tmp_path_factory.mktemp("data")
    with Broker() as broker, Coordinator("--data", data, broker=broker.url) as coordinator:
        coordinator.wait(lambda status: True)
        yield coordinator


@pytest.mark.parametrize(
    ("script", "fault"),
    [
        ("() => console.error('all is lost')", "console: all is lost"),
        ("() => { setTimeout(() => { throw new Error('nobody caught it'); }); }", "nobody caught it"),
        ("() => { Promise.reject(new Error('nobody waited')); }", "nobody waited"),
        ("() => { document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=alert(1)>'); }", "script-src"),
        ("() => { fetch('http://other.invalid/').catch(() => {}); }", "connect-src"),
        ("() => { try { new WebSocket('ws://other.invalid/'); } catch {} }", "connect-src"),
        ("() => { location.href = 'http://other.invalid/'; }", "asked another host: http://other.invalid/"),
    ],
)
def test_a_fault_of_a_page_is_noted(coordinator: Coordinator, other_pages: Pages, script: str, fault: str) -> None:
    page = other_pages(coordinator)
    page.evaluate(script)
    while not any(fault in each for each in other_pages.faults):  # pytest's timeout ends it
        page.wait_for_timeout(10)


def test_a_page_with_a_fault_fails_its_test(coordinator: Coordinator, other_pages: Pages) -> None:
    page = other_pages(coordinator)
    page.evaluate("() => console.error('all is lost')")
    with pytest.raises(AssertionError, match="all is lost"):
        other_pages.__exit__()


@pytest.mark.usefixtures("_chromium")
def test_other_tests_of_this_worker_run_event_loops_of_their_own() -> None:
    assert asyncio.run(asyncio.sleep(0, "done")) == "done"


def test_each_page_is_of_another_person(coordinator: Coordinator, page_of: Pages) -> None:
    first, second = page_of(coordinator), page_of(coordinator)
    first.evaluate("() => localStorage.setItem('key', 'value')")
    assert second.evaluate("() => localStorage.getItem('key')") is None


def test_barriers_are_found(coordinator: Coordinator, page_of: Pages) -> None:
    page = page_of(coordinator)
    page.evaluate("() => document.body.prepend(document.createElement('button'))")
    assert any("button-name (critical)" in line for line in axe(page))
    page.evaluate("() => document.querySelector('button').append('Press')")
    until(page, "() => document.querySelector('button').textContent === 'Press'")
    assert not any("button-name" in line for line in axe(page))
