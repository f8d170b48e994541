"""The kit itself: what is wrong with a page fails the test, and what keeps people out is found."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

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


FAULTS = (
    ("() => console.error('all is lost')", "console: all is lost"),
    ("() => { setTimeout(() => { throw new Error('nobody caught it'); }); }", "nobody caught it"),
    ("() => { Promise.reject(new Error('nobody waited')); }", "nobody waited"),
    ("() => { document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=alert(1)>'); }", "script-src"),
    ("() => { fetch('http://other.invalid/').catch(() => {}); }", "connect-src"),
    ("() => { try { new WebSocket('ws://other.invalid/'); } catch {} }", "connect-src"),
    ("() => { location.href = 'http://other.invalid/'; }", "asked another host: http://other.invalid/"),
)


def test_a_fault_of_a_page_is_noted_and_fails_its_test(coordinator: Coordinator, other_pages: Pages) -> None:
    page = other_pages(coordinator)
    for script, fault in FAULTS:
        other_pages.faults.clear()
        page.evaluate(script)
        while not any(fault in each for each in other_pages.faults):  # pytest's timeout ends it
            page.wait_for_timeout(10)
    with pytest.raises(AssertionError, match=r"other\.invalid"):
        other_pages.__exit__()


def test_barriers_are_found(coordinator: Coordinator, same_page: Pages) -> None:
    page = same_page(coordinator)
    page.evaluate("() => document.body.prepend(document.createElement('button'))")
    assert any("button-name (critical)" in line for line in axe(page))
    page.evaluate("() => document.querySelector('button').append('Press')")
    until(page, "() => document.querySelector('button').textContent === 'Press'")
    assert not any("button-name" in line for line in axe(page))
    page.locator("body > button").evaluate("(button) => button.remove()")
