"""How much the page weighs, and whether people of all kinds can use it: on a phone, in the dark, without a mouse or a screen."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

import pytest
from playwright.sync_api import Page

import club
from browser import LAPTOP, PHONE, Pages, address, axe, tell, until_system
from systems import Coordinator

VIEWS = ("graph", "dashboard", "adopt", "boards")


@pytest.fixture(scope="module")
def coordinator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Coordinator]:
    with club.system(tmp_path_factory.mktemp("club")) as (coordinator, _):
        yield coordinator


def test_the_first_load_is_below_a_megabyte(coordinator: Coordinator, page_of: Pages) -> None:
    page = page_of.blank()
    sizes: dict[str, int] = {}
    client = page.context.new_cdp_session(page)
    client.on("Network.loadingFinished", lambda told: sizes.update({told["requestId"]: told["encodedDataLength"]}))
    client.send("Network.enable")
    responses: list[Any] = []
    page.on("response", lambda response: responses.append(response))
    page.goto(address(coordinator))
    until_system(page, "system.isReady && system.graph.nodes.size === 64")
    page.wait_for_load_state("networkidle")
    print(f"{sum(sizes.values()) / 1000:.0f} KB in {len(sizes)} requests")
    assert 10_000 < sum(sizes.values()) < 1_000_000, sizes
    plain = [each.url for each in responses if each.url.endswith((".js", ".css")) and "gzip" not in packing(each)]
    small = [each for each in plain if len(next(r for r in responses if r.url == each).body()) < 600]
    assert plain == small, "served without compression"


@pytest.mark.soak  # a timing
def test_the_first_load_takes_less_than_1_5_s(coordinator: Coordinator, page_of: Pages) -> None:
    page_of(coordinator).context.close()  # whatever only the first page of a browser waits for
    page = page_of.blank()
    page.goto(address(coordinator), wait_until="commit")
    drawn = "() => document.querySelectorAll('#graph-view [data-node]').length === 64 && performance.now()"
    seconds = page.wait_for_function(drawn).json_value() / 1000
    print(f"a graph of 64 nodes was there after {seconds:.2f} s")
    assert seconds < 1.5


def packing(response: Any) -> str:
    return str(response.headers.get("content-encoding", ""))


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", [LAPTOP, PHONE], ids=["laptop", "phone"])
def test_nothing_keeps_people_out(
    coordinator: Coordinator, page_of: Pages, size: tuple[int, int], theme: Literal["light", "dark"]
) -> None:
    page = page_of(coordinator, size=size, theme=theme)
    until_system(page, "system.isReady && system.graph.nodes.size === 64")
    found = axe(page)
    for view in VIEWS[1:]:
        tell(page, "show-view", {"view": view})
        page.locator(f"#{view}-view").wait_for(state="visible")
        found += [f"{view}: {fault}" for fault in axe(page, f"#{view}-view")]
    assert not found, "\n".join(dict.fromkeys(found))


def test_a_phone_need_not_scroll_sideways(coordinator: Coordinator, page_of: Pages) -> None:
    page = page_of(coordinator, size=PHONE)
    until_system(page, "system.isReady && system.graph.nodes.size === 64")
    for view in VIEWS:
        tell(page, "show-view", {"view": view})
        page.locator(f"#{view}-view").wait_for(state="visible")
        assert page.evaluate("() => document.documentElement.scrollWidth") <= PHONE[0], view


def test_each_view_is_reached_by_the_keyboard(coordinator: Coordinator, page_of: Pages) -> None:
    page = page_of(coordinator)
    until_system(page, "system.isReady")
    for view in VIEWS[1:]:
        assert focus(page, f"#views [aria-controls='{view}-view']"), f"Tab and arrow keys do not reach {view}"
        page.keyboard.press("Enter")
        page.locator(f"#{view}-view").wait_for(state="visible")


def focus(page: Page, selector: str) -> bool:
    """Go on by Tab, among tabs by arrow keys, until an element has the focus."""
    for _ in range(60):
        if page.evaluate("(selector) => document.activeElement.matches(selector)", selector):
            return True
        in_tabs = page.evaluate("() => document.activeElement.getAttribute('role') === 'tab'")
        page.keyboard.press("ArrowRight" if in_tabs else "Tab")
    return False
