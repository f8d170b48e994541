"""Several people at one system: each sees what the others do, what joins, and what was done while nobody was connected."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from brokers import Broker
from browser import Pages, come_back, edit, expect, make_graph, node_in, of_system, running, tell, until_system
from systems import Coordinator, Sink, Source, visiting
from systems import until as until_here

EDGE = "source.out sink.in"
GRAPH: list[list[Any]] = [
    ["addnode", {"id": "source", "component": "test/Source", "metadata": {"x": 0, "y": 0}}],
    ["addnode", {"id": "sink", "component": "test/Sink", "metadata": {"x": 400, "y": 0}}],
    ["addedge", {"src": {"node": "source", "port": "out"}, "tgt": {"node": "sink", "port": "in"}}],
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where `graph.fbp` of the coordinator is."""
    return tmp_path_factory.mktemp("together")


@pytest.fixture(scope="module")
def coordinator(folder: Path, shared_broker: Broker) -> Iterator[Coordinator]:
    with running(folder, "", broker=shared_broker.url) as coordinator:
        yield coordinator


@pytest.fixture
def page(coordinator: Coordinator, same_page: Pages) -> Page:
    page = same_page(coordinator)
    make_graph(page, *GRAPH)
    until_system(page, "system.graph.nodes.size === 2")
    return page


@pytest.fixture
def two(page: Page, coordinator: Coordinator, same_page: Pages) -> tuple[Page, Page]:
    """Two people who look at the same graph."""
    pages = page, same_page(coordinator, person="another")
    for each in pages:
        until_system(each, f"system.isReady && system.graph.nodes.size === 2 && system.graph.edges.has('{EDGE}')")
        expect(node_in(each, "source")).to_be_visible()
    return pages


@pytest.fixture
def sink(page: Page, shared_broker: Broker) -> Iterator[Sink]:
    """Of the participants of the graph, which are both there."""
    sink = Sink("sink")
    with visiting(shared_broker, Source("source"), sink):
        yield sink


def graph_of(page: Page) -> Any:
    return of_system(page, "[[...system.graph.nodes.keys()].sort(), [...system.graph.edges.keys()].sort()]")


def test_two_people_edit_one_graph_and_see_each_other(two: tuple[Page, Page]) -> None:
    first, second = two
    edit(first, ["addnode", {"id": "repeat", "component": "core/Repeat", "metadata": {"x": 0, "y": 300}}])
    expect(node_in(second, "repeat")).to_be_visible()
    edit(second, ["addedge", {"src": {"node": "source", "port": "out"}, "tgt": {"node": "repeat", "port": "in"}}])
    until_system(first, "system.graph.edges.has('source.out repeat.in')")
    edit(second, ["renamenode", {"from": "repeat", "to": "again"}])
    expect(node_in(first, "again")).to_be_visible()
    expect(node_in(first, "repeat")).to_have_count(0)
    assert graph_of(first) == graph_of(second)
    # Each takes back what they have done themselves, for everybody.
    edit(first, ["addnode", {"id": "of-the-first", "component": "core/Repeat", "metadata": {}}])
    edit(second, ["addnode", {"id": "of-the-second", "component": "core/Repeat", "metadata": {}}])
    for page in two:
        expect(page.locator("#graph-view [data-node]")).to_have_count(5)
    first.keyboard.press("Control+z")
    for page in two:
        expect(node_in(page, "of-the-first")).to_have_count(0)
        expect(node_in(page, "of-the-second")).to_be_visible()
    first.keyboard.press("Control+Shift+z")
    for page in two:
        expect(node_in(page, "of-the-first")).to_be_visible()


def test_what_one_person_sends_into_a_port_is_on_the_time_line_and_at_the_port_of_the_other(
    two: tuple[Page, Page], sink: Sink
) -> None:
    first, second = two
    until_system(first, f"system.edgeStatus('{EDGE}')?.kind === 'direct'")
    for page in two:
        tell(page, "open-edge", {"key": EDGE})
    first.get_by_label("Send to sink in").fill("by hand")
    first.get_by_label("Send to sink in").press("Enter")
    for page in two:
        row = page.locator(".inspect-packets > li")
        expect(row.locator("code")).to_have_text('"by hand"')
        expect(row).to_contain_text("sent to the port itself")
    until_here(lambda: sink.received == ["by hand"])
    second.get_by_role("button", name="Clear").click()
    expect(second.locator(".inspect-packets > li")).to_have_count(0)
    tell(first, "open-node", {"id": "sink"})
    expect(first.locator("[data-side=in][data-port=in] .inspect-value")).to_contain_text('"by hand" at ')


def test_a_device_that_joins_and_what_is_changed_in_the_file_appear_without_a_reload(
    page: Page, shared_broker: Broker, folder: Path
) -> None:
    page.evaluate("() => { window.sameAsBefore = true; }")
    with visiting(shared_broker, Source("newcomer")):
        expect(node_in(page, "newcomer")).to_be_visible()
        until_system(page, "system.graph.nodes.get('newcomer').metadata.discovered === true")
        until_system(page, "system.components.get('test/Source')?.outPorts.length === 3")
        until_system(page, "system.nodeStatus('newcomer')?.state === 'alive'")
    page.locator("#tool-save").click()
    expect(page.get_by_text("The graph is saved in its file.")).to_be_visible()
    with (folder / "graph.fbp").open("a") as graph:
        graph.write("\nsource OUT -> IN second(test/Sink)\n")
    expect(node_in(page, "second")).to_be_visible()
    until_system(page, "system.graph.edges.has('source.out second.in')")
    assert page.evaluate("() => window.sameAsBefore")


def test_after_a_restart_a_trace_can_be_recorded_again(page: Page, coordinator: Coordinator, same_page: Pages) -> None:
    same_page.tolerate("ERR_CONNECTION_|ERR_EMPTY_RESPONSE|WebSocket connection to")
    page.get_by_role("tab", name="Traces").click()
    record, stop = (page.get_by_role("button", name=name, exact=True) for name in ("Record", "Stop recording"))
    record.click()
    expect(stop).to_be_visible()
    coordinator.stop()
    coordinator.start()
    coordinator.wait(lambda status: True)
    come_back(page)
    expect(record).to_be_enabled()
    record.click()
    stop.click()
    expect(page.locator("#inspector .inspect-steps")).to_be_attached()
