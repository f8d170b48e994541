"""From another machine, by a name such as `pi.local`: to browsers the page is no secure context then, and works all the same."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from brokers import Broker
from browser import SECRET, Pages, node_in, of_system, until, until_system
from systems import Coordinator

GRAPH = "a(core/Repeat) OUT -> IN b(core/Repeat)"
NAME = "pi.local"


@pytest.fixture
def page(run_graph: Callable[..., Coordinator], broker: Broker, page_of: Pages) -> Page:
    coordinator = run_graph(GRAPH, "--allow-host", NAME)
    page_of.tolerate(f"asked another host: .*//{NAME}:")
    page = page_of.blank()
    page.goto(f"http://{NAME}:{coordinator.port}/#secret={SECRET}")
    until_system(page, "system.isReady && system.graph.nodes.size === 2")
    assert page.evaluate("() => !isSecureContext && navigator.clipboard === undefined")
    return page


def test_what_a_menu_copies_is_pasted_by_keys(page: Page) -> None:
    node_in(page, "a").locator(".role").click(button="right")
    page.get_by_role("menuitem", name="Copy").click()
    expect(node_in(page, "a")).to_be_focused()
    page.keyboard.press("Control+v")
    until_system(page, "system.graph.nodes.get('a2')?.component === 'core/Repeat'")


def test_virtual_devices_take_part(page: Page) -> None:
    page.get_by_role("tab", name="Devices").click()
    page.get_by_role("button", name="Switch On or off").click()
    until_system(page, "system.nodeStatus('switch1')?.state === 'alive'")
    assert of_system(page, "system.nodeStatus('switch1').instances.length") == 1
    until(page, "() => document.querySelectorAll('#toasts .bad').length === 0")
