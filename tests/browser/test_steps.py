"""Views and opened graphs are steps of the browser: Back leads to the one before; what a view shows is never nothing."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import Page

from brokers import Broker
from browser import Pages, come_back, expect, make_graph, node_in, until_system
from graph_participant import GraphParticipant
from systems import Coordinator, forget


@pytest.fixture
def page(coordinator: Coordinator, same_page: Pages) -> Page:
    page = same_page(coordinator)
    make_graph(page, ["addnode", {"id": "a", "component": "core/Repeat"}])
    expect(node_in(page, "a")).to_be_visible()
    return page


def shown(page: Page, view: str, graph: str = "default/main") -> None:
    """Wait until a view is shown, alone, and the graph in it or behind it is that one."""
    expect(page.locator(f"#{view}-view")).to_be_visible()
    expect(page.locator(".view:visible")).to_have_count(1)
    until_system(page, f"system.current === {json.dumps(graph)}")


def test_back_leads_to_the_view_and_the_graph_before(page: Page, shared_broker: Broker) -> None:
    with GraphParticipant("inner", shared_broker):
        until_system(page, "system.graph.nodes.has('inner') && system.components.get('home/Inner')?.subgraph")
        before = page.evaluate("() => history.length")
        node_in(page, "inner").focus()
        page.keyboard.press("Shift+Enter")
        shown(page, "graph", "home/Inner")
        page.get_by_role("tab", name="Boards").click()
        shown(page, "boards", "home/Inner")
        page.get_by_role("tab", name="Dashboard").click()  # which turns to the main graph
        shown(page, "dashboard")
        page.get_by_role("tab", name="Dashboard").click()  # nothing new
        assert page.evaluate("() => history.length") == before + 3
        page.go_back()
        shown(page, "boards", "home/Inner")
        assert page.url.endswith("/#boards")
        page.go_back()
        shown(page, "graph", "home/Inner")
        page.reload()
        shown(page, "graph", "home/Inner")
        page.locator("#skip").press("Enter")
        shown(page, "graph", "home/Inner")
        page.go_back()
        page.go_back()
        shown(page, "graph")
        expect(node_in(page, "a")).to_be_visible()
        page.go_forward()
        shown(page, "graph", "home/Inner")
    forget(shared_broker.port, "inner")


def test_without_a_connection_each_view_shows_when_something_is_shown(
    page: Page, coordinator: Coordinator, same_page: Pages
) -> None:
    same_page.tolerate("ERR_CONNECTION_|ERR_EMPTY_RESPONSE|WebSocket connection to")
    coordinator.stop()
    until_system(page, "!system.isReady")
    for view, what in (("boards", "Port maps"), ("adopt", "Topics"), ("dashboard", "Instruments")):
        page.get_by_role("tab", name=view.capitalize()).click()
        expect(page.locator(f"#{view}-view")).to_contain_text(f"{what} are shown when there is a connection")
    coordinator.start()
    coordinator.wait(lambda status: True)
    come_back(page)
    expect(page.locator("#dashboard-view")).to_contain_text("No instruments yet.")
    page.get_by_role("tab", name="Adopt").click()
    expect(page.locator("#adopt-view")).to_contain_text("What is sent to the broker")
