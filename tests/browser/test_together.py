"""Several people at one system: each sees what the others do, what joins, and what was done while nobody was connected."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from brokers import Broker
from browser import Pages, edit, node_in, of_system, tell, until_system
from systems import Coordinator, Participants, Sink, Source
from systems import until as until_here

GRAPH = "source(test/Source) OUT -> IN sink(test/Sink)\n"
EDGE = "source.out sink.in"


@pytest.fixture
def coordinator(run_graph: Callable[..., Coordinator], broker: Broker) -> Coordinator:
    return run_graph(GRAPH, broker=broker.url)


@pytest.fixture
def devices(broker: Broker) -> Iterator[Sink]:
    """Both participants of the graph; gives the sink."""
    sink = Sink("sink")
    with Participants(Source("source"), sink, broker=broker.url):
        yield sink


@pytest.fixture
def two(coordinator: Coordinator, page_of: Pages) -> tuple[Page, Page]:
    """Two people who look at the same graph."""
    pages = page_of(coordinator), page_of(coordinator)
    for page in pages:
        until_system(page, "system.isReady")
        expect(node_in(page, "source")).to_be_visible()
    return pages


def place(page: Page, node: str) -> list[float]:
    """Where the middle of a node is on the screen."""
    box = node_in(page, node).bounding_box()
    assert box
    return [box["x"] + box["width"] / 2, box["y"] + box["height"] / 2]


def test_two_people_edit_one_graph_and_see_each_other(two: tuple[Page, Page]) -> None:
    first, second = two
    edit(first, ["addnode", {"id": "repeat", "component": "core/Repeat", "metadata": {"x": 0, "y": 300}}])
    expect(node_in(second, "repeat")).to_be_visible()
    edit(second, ["addedge", {"src": {"node": "source", "port": "out"}, "tgt": {"node": "repeat", "port": "in"}}])
    until_system(first, "system.graph.edges.has('source.out repeat.in')")
    edit(first, ["removeedge", {"src": {"node": "source", "port": "out"}, "tgt": {"node": "sink", "port": "in"}}])
    until_system(second, f"!system.graph.edges.has('{EDGE}')")
    edit(second, ["renamenode", {"from": "repeat", "to": "again"}])
    expect(node_in(first, "again")).to_be_visible()
    expect(node_in(first, "repeat")).to_have_count(0)
    assert graph_of(first) == graph_of(second)


def graph_of(page: Page) -> Any:
    return of_system(page, "[[...system.graph.nodes.keys()].sort(), [...system.graph.edges.keys()].sort()]")


def test_what_one_person_moves_moves_on_the_other_screen(two: tuple[Page, Page]) -> None:
    first, second = two
    edit(first, ["changenode", {"id": "source", "metadata": {"x": 0, "y": 0}}],
         ["changenode", {"id": "sink", "metadata": {"x": 400, "y": 0}}])  # fmt: skip
    for page in two:
        until_system(page, "system.graph.nodes.get('sink').metadata.x === 400")
    before = place(second, "sink")
    x, y = place(first, "sink")
    first.mouse.move(x, y)
    first.mouse.down()
    first.mouse.move(x + 40, y + 60, steps=4)
    first.mouse.move(x + 90, y + 120, steps=4)
    first.mouse.up()
    until_system(second, "system.graph.nodes.get('sink').metadata.y > 0")
    while place(second, "sink")[1] <= before[1]:  # pytest's timeout ends it
        second.wait_for_timeout(10)


def test_what_was_done_is_taken_back_and_done_again_for_everybody(two: tuple[Page, Page]) -> None:
    first, second = two
    edit(first, ["addnode", {"id": "repeat", "component": "core/Repeat", "metadata": {}}])
    edit(second, ["addnode", {"id": "other", "component": "core/Repeat", "metadata": {}}])
    for page in two:
        expect(node_in(page, "repeat")).to_be_visible()
        expect(node_in(page, "other")).to_be_visible()
    first.keyboard.press("Control+z")
    for page in two:
        expect(node_in(page, "repeat")).to_have_count(0)
        expect(node_in(page, "other")).to_be_visible()
    first.keyboard.press("Control+Shift+z")
    for page in two:
        expect(node_in(page, "repeat")).to_be_visible()


def test_a_removed_node_comes_back_with_all_that_was_attached(two: tuple[Page, Page], devices: Sink) -> None:
    first, second = two
    tgt = {"node": "sink", "port": "other"}
    edit(first, ["addinitial", {"src": {"data": 7}, "tgt": tgt}])
    edit(first, ["removenode", {"id": "sink"}])
    until_system(second, f"!system.graph.edges.has('{EDGE}') && system.graph.initials.size === 0")
    first.keyboard.press("Control+z")
    until_system(second, f"system.graph.edges.has('{EDGE}') && system.graph.initials.size === 1")


def test_a_packet_injected_by_one_person_is_shown_to_the_other(
    run_graph: Callable[..., Coordinator], broker: Broker, page_of: Pages
) -> None:
    graph = "INPORT=again.IN:START\nagain(core/Repeat) OUT -> IN sink(test/Sink)\n"
    sink = Sink("sink")
    with Participants(sink, broker=broker.url):
        coordinator = run_graph(graph, broker=broker.url)
        first, second = page_of(coordinator), page_of(coordinator)
        for page in (first, second):
            until_system(page, "['direct', 'forwarded'].includes(system.edgeStatus('again.out sink.in')?.kind)")
        packet = {"graph": "default/main", "port": "start", "event": "data", "payload": "by the first"}
        of_system(first, f"await system.fbp.request('runtime', 'packet', {json.dumps(packet)})")
        for page in (first, second):
            expect(page.locator("#graph-view .edge-label")).to_contain_text("by the first")
        until_here(lambda: sink.received == ["by the first"])


def test_what_one_person_sends_into_a_port_is_on_the_time_line_and_at_the_port_of_the_other(
    two: tuple[Page, Page], devices: Sink
) -> None:
    first, second = two
    until_system(first, f"system.edgeStatus('{EDGE}')?.kind === 'direct'")
    for page in two:
        tell(page, "open-edge", {"key": EDGE})
    first.get_by_label("Send to sink in").fill("by hand")
    first.get_by_label("Send to sink in").press("Enter")
    for page in two:
        row = page.locator(".look-packets > li")
        expect(row.locator("code")).to_have_text('"by hand"')
        expect(row).to_contain_text("sent to the port itself")
    until_here(lambda: devices.received == ["by hand"])
    second.get_by_role("button", name="Clear").click()
    expect(second.locator(".look-packets > li")).to_have_count(0)
    tell(first, "open-node", {"id": "sink"})
    expect(first.locator("[data-side=in][data-port=in] .look-value")).to_contain_text('"by hand" at ')


def test_a_device_that_joins_and_what_is_changed_in_the_file_appear_without_a_reload(
    coordinator: Coordinator, broker: Broker, page_of: Pages, tmp_path: Any
) -> None:
    page = page_of(coordinator)
    until_system(page, "system.isReady")
    page.evaluate("() => { window.sameAsBefore = true; }")
    with Participants(Source("newcomer"), broker=broker.url):
        expect(node_in(page, "newcomer")).to_be_visible()
        until_system(page, "system.graph.nodes.get('newcomer').metadata.discovered === true")
        until_system(page, "system.components.get('test/Source')?.outPorts.length === 3")
        until_system(page, "system.nodeStatus('newcomer')?.state === 'alive'")
    (tmp_path / "graph.fbp").write_text(GRAPH + "source OUT -> IN second(test/Sink)\n")
    expect(node_in(page, "second")).to_be_visible()
    until_system(page, "system.graph.edges.has('source.out second.in')")
    assert page.evaluate("() => window.sameAsBefore")


def test_after_a_restart_the_page_is_back_and_shows_what_is_now(
    coordinator: Coordinator, page_of: Pages, tmp_path: Any
) -> None:
    page = page_of(coordinator)
    page_of.tolerate("ERR_CONNECTION_|ERR_EMPTY_RESPONSE|WebSocket connection to")
    until_system(page, "system.isReady")
    expect(node_in(page, "source")).to_be_visible()
    page.evaluate("() => { window.sameAsBefore = true; }")
    connected = page.locator("#connection").text_content()
    coordinator.stop()
    expect(page.locator("#connection")).not_to_have_text(connected or "")
    expect(node_in(page, "source")).to_be_visible()  # what was known stays to be looked at
    (tmp_path / "graph.fbp").write_text(GRAPH + "source OUT -> IN second(test/Sink)\n")
    coordinator.start()
    coordinator.wait(lambda status: True)
    expect(node_in(page, "second")).to_be_visible()
    expect(page.locator("#connection")).to_have_text(connected or "")
    assert page.evaluate("() => window.sameAsBefore")
    edit(page, ["removenode", {"id": "second"}])
    expect(node_in(page, "second")).to_have_count(0)


def test_after_a_restart_a_trace_can_be_recorded_again(coordinator: Coordinator, page_of: Pages) -> None:
    page = page_of(coordinator)
    page_of.tolerate("ERR_CONNECTION_|ERR_EMPTY_RESPONSE|WebSocket connection to")
    until_system(page, "system.isReady")
    page.get_by_role("tab", name="Traces").click()
    record, stop = (page.get_by_role("button", name=name, exact=True) for name in ("Record", "Stop recording"))
    record.click()
    expect(stop).to_be_visible()
    coordinator.stop()
    coordinator.start()
    expect(record).to_be_enabled()
    record.click()
    stop.click()
    expect(page.locator("#inspector .look-steps")).to_be_attached()
