"""The picture of the graph: what people do with a mouse or with keys alone is in the graph, and they see what is there."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page

from bench.wire import connect, publish_frame
from brokers import Broker
from browser import (
    PHONE,
    Pages,
    edit,
    expect,
    fit,
    make_graph,
    middle_of,
    never_long,
    node_in,
    of_system,
    settled,
    tell,
    until,
    until_system,
)
from graph_participant import GraphParticipant
from msgflo import Port
from systems import Coordinator, Sink, Source, discovery_message, edge, forget, visiting

GRAPH: list[list[Any]] = [
    ["addnode", {"id": "button", "component": "demo/Button", "metadata": {"x": 0, "y": 0}}],
    ["addnode", {"id": "gate", "component": "core/Gate", "metadata": {"x": 320, "y": 0}}],
    ["addnode", {"id": "again", "component": "core/Repeat", "metadata": {"x": 560, "y": 200}}],
    ["addedge", {"src": {"node": "button", "port": "out"}, "tgt": {"node": "gate", "port": "in"}}],
    ["addinitial", {"src": {"data": "a text"}, "tgt": {"node": "again", "port": "in"}}],
]

# Pairs of nodes that lie over each other on the screen.
OVERLAPS = """() => {
  const nodes = [...document.querySelectorAll("#graph-view [data-node]")];
  const all = nodes.map((node) => [node.dataset.node, node.getBoundingClientRect()]);
  const over = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
  return all.flatMap(([name, a], at) =>
    all.slice(0, at).filter(([, b]) => over(a, b)).map(([other]) => `${name} ${other}`));
}"""

# Enter as a choice among signs, of Japanese for example: true where it is left to that.
COMPOSED = """(field) =>
  field.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", isComposing: true, cancelable: true }))"""


@pytest.fixture
def page(coordinator: Coordinator, same_page: Pages) -> Page:
    page = same_page(coordinator)
    make_graph(page, *GRAPH)
    ready(page)
    fit(page)
    return page


def ready(page: Page, nodes: int = 3) -> None:
    """Wait until the graph is drawn, with its components and states, and nothing else is."""
    until_system(
        page, f"system.isReady && system.graph.nodes.size === {nodes} && system.nodeStatus('gate')?.state === 'alive'"
    )
    expect(node_in(page, "gate").locator("[data-side=out]")).to_have_count(1)
    expect(node_in(page, "again").locator(".initial")).to_have_count(1)


def dot(page: Page, node: str, side: str, port: str) -> tuple[float, float]:
    """Where a port is on the screen."""
    return middle(page, f"[data-node={node}] [data-side={side}][data-port={port}] .dot")


def middle(page: Page, selector: str) -> tuple[float, float]:
    return middle_of(page.locator(f"#graph-view {selector}"))


def drag(page: Page, start: tuple[float, float], end: tuple[float, float]) -> None:
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move(*end, steps=6)
    page.mouse.up()


def place(page: Page, node: str) -> Any:
    """Where the graph says that a node is."""
    return of_system(
        page, f"[system.graph.nodes.get('{node}').metadata.x, system.graph.nodes.get('{node}').metadata.y]"
    )


def focus(page: Page, node: str) -> None:
    """Go to a node by keys: Tab to the picture, then arrow keys as people would; here at once."""
    node_in(page, node).evaluate("(element) => element.focus()")


def undone(page: Page, condition: str) -> None:
    page.keyboard.press("Control+z")
    until_system(page, condition)


def test_an_edge_is_drawn_from_port_to_port(page: Page, coordinator: Coordinator) -> None:
    drag(page, dot(page, "gate", "out", "out"), dot(page, "again", "in", "in"))
    until_system(page, "system.graph.edges.has('gate.out again.in')")
    expect(page.locator("#graph-view path[data-edge='gate.out again.in']")).to_have_count(1)
    coordinator.wait(lambda status: any(edge["tgt"].lower() == "again.in" for edge in status["edges"]))
    undone(page, "!system.graph.edges.has('gate.out again.in')")


def test_an_edge_may_be_drawn_from_its_end_and_dropped_on_a_node(page: Page) -> None:
    drag(page, dot(page, "again", "in", "in"), middle(page, "[data-node=gate] .role"))
    until_system(page, "system.graph.edges.has('gate.out again.in')")


def test_an_edge_joins_no_ports_of_one_side_and_a_hint_shows_where_it_can_end(page: Page) -> None:
    said = page.locator(".toast.warn")
    drag(page, dot(page, "gate", "out", "out"), dot(page, "again", "out", "out"))
    expect(said).to_contain_text("Two outports cannot be joined: end at an inport, on the left side of a node.")
    drag(page, dot(page, "gate", "in", "in"), dot(page, "again", "in", "in"))
    expect(said.last).to_contain_text("Two inports cannot be joined: end at an outport, on the right side of a node.")
    assert of_system(page, "system.graph.edges.size") == 1


def test_the_end_of_a_selected_edge_is_dragged_to_another_port(page: Page) -> None:
    ends = {"src": {"node": "button", "port": "out"}, "tgt": {"node": "gate", "port": "in"}}
    edit(page, ["changeedge", {**ends, "metadata": {"route": 5}}])
    page.mouse.click(*on_edge(page, "button.out gate.in"))
    page.locator("#inspector").get_by_role("button", name="Close").click()  # it covers the other port
    expect(page.locator("#graph-view path.selected")).to_have_count(1)
    drag(page, dot(page, "gate", "in", "in"), (dot(page, "gate", "in", "in")[0] - 60, 20))
    drag(page, dot(page, "gate", "in", "in"), dot(page, "again", "in", "in"))
    until_system(page, "system.graph.edges.get('button.out again.in')?.metadata.route === 5")
    assert of_system(page, "[...system.graph.edges.keys()]") == ["button.out again.in"]
    expect(page.locator("#graph-view path[data-edge='button.out again.in']")).to_be_visible()
    undone(page, "system.graph.edges.get('button.out gate.in')?.metadata.route === 5 && system.graph.edges.size === 1")


def test_a_node_is_moved_and_its_place_is_saved_once(page: Page) -> None:
    page.evaluate(
        """async () => {
          const { context } = await import("/core/registry.js");
          window.moves = [];
          context.fbp.addEventListener("message", ({ detail: { command, payload } }) => {
            if (command === "changenode") window.moves.push(payload.id);
          });
        }"""
    )
    x, y = middle(page, "[data-node=gate] .role")
    drag(page, (x, y), (x + 60, y + 90))
    until_system(page, "edits.undoTitle === 'Move gate'")
    assert page.evaluate("() => window.moves") == ["gate"]
    assert place(page, "gate")[1] > 0
    assert place(page, "again") == [560, 200]
    undone(page, "system.graph.nodes.get('gate').metadata.y === 0")
    # What had no place of its own gets the one at which it was seen meanwhile.
    edit(page, ["addnode", {"id": "new", "component": "core/Repeat"}])
    expect(node_in(page, "new")).to_be_visible()
    drag(page, (x, y), (x + 60, y + 90))
    until_system(page, "typeof system.graph.nodes.get('new').metadata.x === 'number'")


def test_others_may_edit_while_somebody_drags(page: Page, coordinator: Coordinator, same_page: Pages) -> None:
    first, second = page, same_page(coordinator, person="another")
    ready(second)
    x, y = middle(first, "[data-node=gate] .role")
    first.mouse.move(x, y)
    first.mouse.down()
    first.mouse.move(x + 30, y + 80, steps=4)
    edit(second, ["changenode", {"id": "gate", "metadata": {"x": -500, "y": -500}}])
    edit(second, ["addnode", {"id": "new", "component": "core/Repeat", "metadata": {"x": 0, "y": 300}}])
    expect(node_in(first, "new")).to_have_count(1)
    until_system(first, "system.graph.nodes.get('gate').metadata.x === -500")
    held = middle(first, "[data-node=gate] .role")
    assert abs(held[0] - x - 30) < 3
    assert abs(held[1] - y - 80) < 3
    first.mouse.up()
    until_system(second, "system.graph.nodes.get('gate').metadata.x > 300")


def test_a_node_is_renamed_where_it_stands(page: Page) -> None:
    focus(page, "gate")
    page.keyboard.press("F2")
    page.keyboard.type("a/b+c")
    page.keyboard.press("Enter")
    wrong = "The characters + and # are not allowed."
    expect(page.locator(".editor.name")).to_have_js_property("validationMessage", wrong)
    page.locator(".editor.name").fill("door")
    assert page.locator(".editor.name").evaluate(COMPOSED)
    expect(page.locator(".editor.name")).to_be_focused()
    page.keyboard.press("Enter")
    expect(node_in(page, "door")).to_be_focused()
    until_system(page, "system.graph.edges.has('button.out door.in')")
    undone(page, "system.graph.edges.has('button.out gate.in')")


def test_an_edge_is_hit_by_the_mouse_and_removed(page: Page) -> None:
    page.mouse.click(*on_edge(page, "button.out gate.in"))
    expect(page.locator("#graph-view path.selected")).to_have_attribute("data-edge", "button.out gate.in")
    page.keyboard.press("Delete")
    until_system(page, "system.graph.edges.size === 0")


def on_edge(page: Page, key: str) -> tuple[float, float]:
    """A point in the middle of an edge, once it stands still."""
    settled(page)
    point = page.evaluate(
        """(key) => {
          const path = document.querySelector(`path[data-edge="${key}"]`);
          const { x, y } = path.getPointAtLength(path.getTotalLength() / 2).matrixTransform(path.getScreenCTM());
          return [x, y];
        }""",
        key,
    )
    return point[0], point[1]


def note_opened(page: Page) -> None:
    """Note in `window.opened` what is opened."""
    page.evaluate(
        """async () => {
          const { context } = await import("/core/registry.js");
          const isNoted = window.opened !== undefined;
          window.opened = [];
          const note = (event) => window.opened.push(event.detail);
          if (!isNoted) for (const type of ["open-node", "open-edge"]) context.bus.addEventListener(type, note);
        }"""
    )


# -- initial packets --


def test_an_initial_packet_is_edited_in_place(page: Page) -> None:
    at = {"tgt": {"node": "again", "port": "in"}}
    edit(page, ["addinitial", {"src": {"data": "a text"}, **at, "metadata": {"secure": True}}])
    edit(page, ["addinitial", {"src": {"data": "next"}, **at}])
    expect(node_in(page, "again").locator(".initial")).to_have_count(2)
    node_in(page, "again").locator(".initial").first.click()
    field = page.get_by_label("Sent to again in at the start")
    expect(field).to_have_value('"a text"')
    field.fill("{not JSON")
    field.press("Control+Enter")
    expect(page.locator(".editor [role=alert]")).to_contain_text("This is not JSON")
    field.fill('{"level": 3}')
    field.press("Control+Enter")
    until_system(page, "[...system.graph.initials.values()].some(({ data }) => data.level === 3)")
    expect(node_in(page, "again").locator(".initial").first).to_have_text('{"level":3}')
    packets = "[...system.graph.initials.values()].map(({ data, metadata }) => [data, metadata])"
    until_system(page, "edits.undoTitle.startsWith('Send')")
    assert of_system(page, packets) == [[{"level": 3}, {"secure": True}], ["next", {}]]
    page.keyboard.press("Control+z")
    until_system(page, "edits.redoTitle.startsWith('Send')")
    assert of_system(page, packets) == [["a text", {"secure": True}], ["next", {}]]


# -- the library, copies, groups, exports --


def test_a_component_is_found_and_added_by_keys_alone(page: Page) -> None:
    focus(page, "gate")
    page.keyboard.press("/")
    expect(page.locator("#library-search")).to_be_focused()
    page.keyboard.type("gate")
    expect(page.locator("#library-list button").first).to_contain_text("core/Gate")
    assert page.locator("#library-search").evaluate(COMPOSED)
    page.keyboard.press("Enter")
    expect(node_in(page, "gate2")).to_be_focused()
    assert of_system(page, "system.graph.nodes.get('gate2').component") == "core/Gate"
    page.keyboard.press("/")
    page.keyboard.press("Enter")
    expect(node_in(page, "gate3")).to_be_focused()
    until(page, f"() => ({OVERLAPS})().length === 0")


def test_a_component_is_dropped_where_the_mouse_is(page: Page) -> None:
    page.get_by_role("button", name="Add a node").click()
    page.locator("#library-search").fill("core/Repeat")
    view = page.locator("#graph-view .viewport").bounding_box()
    assert view
    expected = (view["width"] - 200, view["height"] - 120)
    page.locator("[data-component='core/Repeat']").drag_to(
        page.locator("#graph-view .viewport"), target_position={"x": expected[0], "y": expected[1]}
    )
    expect(node_in(page, "repeat")).to_be_visible()
    x, y = middle(page, "[data-node=repeat]")
    assert abs(x - view["x"] - expected[0]) < 40
    assert abs(y - view["y"] - expected[1]) < 40


def test_copies_have_names_of_their_own_and_the_edges_between_them(page: Page) -> None:
    focus(page, "gate")
    page.keyboard.press("Control+a")
    page.keyboard.press("Control+c")
    page.keyboard.press("Control+v")
    until_system(page, "system.graph.edges.has('button2.out gate2.in') && system.graph.initials.size === 2")
    assert of_system(page, "[...system.graph.nodes.keys()].sort()") == [
        "again", "again2", "button", "button2", "gate", "gate2",
    ]  # fmt: skip
    page.keyboard.press("Control+v")
    until_system(page, "system.graph.edges.has('button3.out gate3.in') && system.graph.initials.size === 3")
    assert [place(page, node) for node in ("gate", "gate2", "gate3")] == [[320, 0], [360, 40], [400, 80]]
    undone(page, "system.graph.nodes.size === 6 && system.graph.edges.size === 2")
    undone(page, "system.graph.nodes.size === 3 && system.graph.edges.size === 1")


def test_what_was_cut_is_pasted_in_another_page(page: Page) -> None:
    node_in(page, "gate").locator(".role").click()
    page.keyboard.press("Control+x")
    until_system(page, "!system.graph.nodes.has('gate') && system.graph.edges.size === 0")
    page.reload()  # nothing is left in this page: the browser's clipboard has it
    until_system(page, "system.isReady && system.graph.nodes.size === 2")
    focus(page, "again")
    page.keyboard.press("Control+v")
    until_system(page, "system.graph.nodes.get('gate')?.component === 'core/Gate'")
    expect(node_in(page, "gate")).to_be_focused()
    assert place(page, "gate") == [360, 40]


def select_both(page: Page) -> None:
    """Select two nodes by the mouse, as they are when the panel of the first one has opened."""
    node_in(page, "gate").locator(".role").click()
    expect(page.locator("#inspector")).to_be_visible()
    fit(page)
    node_in(page, "again").locator(".role").click(modifiers=["Shift"])
    expect(page.locator("#graph-view .node.selected")).to_have_count(2)


def test_a_group_frames_its_nodes(page: Page) -> None:
    select_both(page)
    page.keyboard.press("g")
    page.get_by_label("Name of the group").fill("upstairs")
    page.keyboard.press("Enter")
    frame = page.locator("#graph-view [data-group=upstairs]")
    expect(frame).to_be_visible()
    box = frame.bounding_box()
    assert box
    for node in ("gate", "again"):
        inner = node_in(page, node).bounding_box()
        assert inner
        assert box["x"] < inner["x"]
        assert box["x"] + box["width"] > inner["x"] + inner["width"]
    undone(page, "system.graph.groups.size === 0")
    expect(frame).to_have_count(0)


def test_groups_are_reached_and_changed_by_keys_alone(page: Page) -> None:
    edit(page, ["addgroup", {"name": "upstairs", "nodes": ["gate", "again"]}])
    name = page.get_by_role("button", name="Group upstairs: gate, again")
    expect(name).to_be_visible()
    focus(page, "button")
    page.keyboard.press("Shift+Tab")
    expect(name).to_be_focused()
    page.keyboard.press("Enter")
    page.get_by_role("menuitem", name="Rename").press("Enter")
    page.get_by_label("Name of the group").fill("cellar")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Group cellar: gate, again")).to_be_focused()
    choose(page, "button", "Add to group cellar")
    until_system(page, "system.graph.groups.get('cellar').nodes.join() === 'gate,again,button'")
    expect(node_in(page, "button")).to_have_attribute("aria-label", re.compile("in group cellar"))
    for node in ("gate", "again"):
        choose(page, node, "Take out of group cellar")
    until_system(page, "system.graph.groups.get('cellar').nodes.join() === 'button'")
    choose(page, "button", "Take out of group cellar")
    until_system(page, "system.graph.groups.size === 0")
    undone(page, "system.graph.groups.get('cellar')?.nodes.join() === 'button'")
    expect(page.get_by_role("button", name="Group cellar: button")).to_be_visible()
    focus(page, "button")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Delete")
    expect(page.locator("#graph-view .group")).to_have_count(0)
    expect(node_in(page, "button")).to_be_focused()
    assert of_system(page, "system.graph.nodes.size") == 3


def choose(page: Page, node: str, item: str) -> None:
    """Choose from the menu of a node by keys alone."""
    focus(page, node)
    page.keyboard.press("Escape")
    page.keyboard.press("Shift+F10")
    page.get_by_role("menuitem", name=item, exact=True).press("Enter")


def test_an_export_is_taken_back_by_keys_alone(page: Page) -> None:
    edit(page, ["addoutport", {"public": "opened", "node": "gate", "port": "out"}])
    expect(node_in(page, "gate").locator(".exported")).to_have_text("opened")
    choose(page, "gate", "Do not export opened")
    until_system(page, "system.graph.outports.size === 0")
    expect(node_in(page, "gate").locator(".exported")).to_have_count(0)


def test_a_port_is_exported_from_its_menu(page: Page) -> None:
    node_in(page, "gate").locator("[data-side=out] .port-name").click(button="right")
    page.get_by_role("menuitem", name="Export").click()
    page.get_by_label("Name of the port").fill("opened")
    page.keyboard.press("Enter")
    until_system(page, "system.graph.outports.get('opened')?.node === 'gate'")
    expect(node_in(page, "gate").locator(".exported")).to_have_text("opened")


# -- layout, zoom, keys --


def test_the_layout_goes_from_left_to_right_without_overlaps_and_is_one_step(page: Page) -> None:
    edit(page, *(["changenode", {"id": id, "metadata": {"x": 0, "y": 0}}] for id in ("button", "gate", "again")))
    edit(page, ["addedge", {"src": {"node": "gate", "port": "out"}, "tgt": {"node": "again", "port": "in"}}])
    until_system(page, "system.graph.edges.size === 2")
    until(page, f"() => ({OVERLAPS})().length > 0")
    page.get_by_role("button", name="Lay out").click()
    until_system(page, "edits.undoTitle === 'Move 3 nodes'")
    assert place(page, "button")[0] < place(page, "gate")[0] < place(page, "again")[0]
    until(page, f"() => ({OVERLAPS})().length === 0")
    undone(page, "[...system.graph.nodes.values()].every(({ metadata }) => metadata.x === 0)")


def test_the_wheel_zooms_about_the_mouse(page: Page) -> None:
    x, y = dot(page, "gate", "out", "out")
    width = "document.querySelector('[data-node=gate]').getBoundingClientRect().width"
    before = page.evaluate(width)
    page.mouse.move(x, y)
    page.mouse.wheel(0, -400)
    until(page, f"(before) => {width} > before * 1.3", before)
    after = dot(page, "gate", "out", "out")
    assert abs(after[0] - x) < 2
    assert abs(after[1] - y) < 2
    fit(page)
    until(page, f"(before) => Math.abs({width} - before) < 1", before)


def test_arrow_keys_walk_along_edges(page: Page) -> None:
    focus(page, "button")
    page.keyboard.press("ArrowRight")
    expect(node_in(page, "gate")).to_be_focused()
    page.keyboard.press("ArrowLeft")
    expect(node_in(page, "button")).to_be_focused()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    expect(node_in(page, "again")).to_be_focused()
    edit(page, ["addedge", {"src": {"node": "again", "port": "out"}, "tgt": {"node": "button", "port": "in"}}])
    expect(page.locator("#graph-view path.edge")).to_have_count(2)
    page.keyboard.press("ArrowRight")  # the edge leads back to the left
    expect(node_in(page, "button")).to_be_focused()


def test_nodes_are_connected_and_moved_by_keys_alone(page: Page) -> None:
    focus(page, "gate")
    page.keyboard.press("c")
    page.get_by_role("combobox", name="To").select_option('["again","in"]')
    page.get_by_role("button", name="Connect", exact=True).press("Enter")
    until_system(page, "system.graph.edges.has('gate.out again.in')")
    expect(node_in(page, "gate")).to_be_focused()
    page.keyboard.press(" ")
    page.keyboard.press("Alt+ArrowDown")
    page.keyboard.press("Alt+ArrowDown")
    until_system(page, "system.graph.nodes.get('gate').metadata.y === 40")
    page.keyboard.press("e")
    expect(page.locator("#graph-view path.selected")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(page.locator("#graph-view path.selected")).to_have_count(0)


def test_the_keys_are_listed(page: Page) -> None:
    focus(page, "gate")
    page.evaluate("() => addEventListener('keydown', (event) => (window.taken = event.defaultPrevented))")
    for key in ("g", "c", "/"):
        page.keyboard.press(f"Alt+{key}")
        assert page.evaluate("() => window.taken") is False, key  # they open menus of the browser
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.keyboard.press("?")
    assert page.evaluate("() => window.taken") is True
    expect(page.get_by_role("dialog")).to_contain_text("inspect a node or an edge")
    expect(page.get_by_role("dialog").get_by_role("heading")).to_be_in_viewport()
    expect(page.get_by_role("dialog").get_by_role("button")).to_have_text(["Close"])


def test_a_rectangle_selects_what_it_touches(page: Page) -> None:
    (x, y), (right, bottom) = middle(page, "[data-node=gate] .role"), middle(page, "[data-node=again] .role")
    page.keyboard.down("Shift")
    drag(page, (x - 120, y - 60), (right, bottom))
    page.keyboard.up("Shift")
    expect(page.locator("#graph-view .node.selected")).to_have_count(2)


# -- what is there, and what passes --


def test_a_node_shows_what_it_is(page: Page, shared_broker: Broker) -> None:
    expect(node_in(page, "button")).to_have_attribute(
        "aria-label", "button, demo/Button, pending, 0 inports, 1 outport"
    )
    expect(node_in(page, "gate")).to_have_attribute("aria-label", "gate, core/Gate, alive, 2 inports, 1 outport")
    sink = Sink("lamp")
    with visiting(shared_broker, sink):
        expect(node_in(page, "lamp")).to_have_class("node discovered")
        assert "discovered" in (node_in(page, "lamp").get_attribute("aria-label") or "")
        node_in(page, "lamp").click(button="right")
        expect(page.get_by_role("menuitem", name="Remove: it goes when it ends")).to_be_disabled()
        page.keyboard.press("Escape")
    edges = page.locator("#graph-view ul li")
    expect(edges).to_have_text(['button out to gate in, pending: "button" is absent'])
    held = edges.first.element_handle()
    edit(page, ["addedge", {"src": {"node": "gate", "port": "out"}, "tgt": {"node": "again", "port": "in"}}])
    expect(edges).to_have_count(2)
    assert held.evaluate("(item) => item.isConnected")  # a screen reader may be there
    expect(page.locator("#graph-view h2")).to_have_text("2 edges")


class Pressed(Sink):
    """A participant of a component that another one, with other ports, calls its own, too."""

    component = "test/Remote"
    inports = (Port("level", "number"),)
    outports = (Port("pressed", "boolean"),)


class On(Sink):
    component = "test/Remote"
    inports = (Port("level", "string"),)
    outports = (Port("on", "boolean"),)


def test_of_two_participants_of_one_component_each_shows_its_own_ports(page: Page, shared_broker: Broker) -> None:
    edit(page, ["addnode", {"id": "spare", "component": "test/Remote", "metadata": {"x": 0, "y": 300}}])
    with visiting(shared_broker, Pressed("first"), On("second")):
        until_system(page, "['first', 'second'].every((id) => system.nodeStatus(id)?.state === 'alive')")
        for role, outport, type in (("first", "pressed", "number"), ("second", "on", "string")):
            ports = node_in(page, role).locator("[data-side=out]")
            expect(ports).to_have_count(1)
            expect(ports).to_have_attribute("data-port", outport)
            tell(page, "open-node", {"id": role})
            looked = page.locator("#inspector")
            expect(looked.locator("h2")).to_have_text(role)
            expect(looked.locator("[data-side=out]")).to_have_count(1)
            expect(looked.locator("[data-side=in]")).to_contain_text(type)
        expect(node_in(page, "spare").locator("[data-side=out]")).to_have_count(1)


def test_a_node_that_is_a_graph_opens_it_and_the_list_of_graphs_leads_back(page: Page, shared_broker: Broker) -> None:
    with GraphParticipant("inner", shared_broker):
        until_system(page, "system.graph.nodes.has('inner') && system.components.get('home/Inner')?.subgraph")
        fit(page)
        node_in(page, "inner").locator(".role").click()
        expect(page.locator("#inspector")).to_be_visible()  # so it does not move the picture between two slow clicks
        node_in(page, "inner").locator(".role").dblclick()
        until_system(page, "system.current === 'home/Inner'")
        # What passes in the main graph is not said of edges of this one that are called the same.
        of_system(page, "(system.edgeStatus = () => ({ rate: 7 }), true)")
        edit(
            page,
            *(["addnode", {"id": id, "component": "tiny/Repeat", "metadata": {"x": 0, "y": 0}}] for id in ("a", "b")),
            ["addedge", {"src": {"node": "a", "port": "out"}, "tgt": {"node": "b", "port": "in"}}],
        )
        expect(node_in(page, "a")).to_be_visible()
        expect(node_in(page, "gate")).to_have_count(0)
        expect(page.locator("#graph-view ul li")).to_have_text(["a out to b in"])
        page.get_by_label("Graph that is shown").select_option("default/main")
        expect(node_in(page, "gate")).to_be_visible()
        expect(page.locator("#graph-view ul li")).to_have_text(["button out to gate in, 7.0/s"])
        expect(node_in(page, "a")).to_have_count(0)
        of_system(page, "delete system.edgeStatus")
    forget(shared_broker.port, "inner")


def test_packets_are_seen_on_their_edge_with_the_last_value(
    page: Page, coordinator: Coordinator, shared_broker: Broker
) -> None:
    source = Source("source")
    with visiting(shared_broker, source, Sink("sink")):
        ends = {"src": {"node": "source", "port": "out"}, "tgt": {"node": "sink", "port": "in"}}
        until_system(page, "['source', 'sink'].every((id) => system.nodeStatus(id)?.state === 'alive')")
        edit(page, ["addedge", ends])
        coordinator.wait(lambda status: edge(status, "source.out", "sink.in")["kind"] == "direct")
        page.evaluate(
            """() => {
              window.dots = 0;
              const { fill } = CanvasRenderingContext2D.prototype;
              CanvasRenderingContext2D.prototype.fill = function (...args) { window.dots++; return fill.apply(this, args); };
            }"""
        )
        label = page.locator(".edge-label[data-edge='source.out sink.in']")
        while not page.evaluate("() => window.dots"):  # each is seen for a moment only; pytest's timeout ends it
            source.send("out", 21.5)
            page.wait_for_timeout(50)
        expect(label).to_contain_text("21.5")
        # Who does not want things to move sees the value only.
        page.emulate_media(reduced_motion="reduce")
        waited(page, 1000)  # a dot is seen for 700 ms
        page.evaluate("() => (window.dots = 0)")
        source.send("out", 22.5)
        expect(label).to_contain_text("22.5")
        settled(page)
        assert page.evaluate("() => window.dots") == 0
        page.emulate_media(reduced_motion="no-preference")


def test_a_device_that_sleeps_or_is_lost_has_a_sign(page: Page, shared_broker: Broker) -> None:
    reported = {"mailbox": "asleep", "doorbell": "lost"}
    with connect(shared_broker.port, "sleeper") as client:
        for role, state in reported.items():
            message = discovery_message(role, id=role, component="a/Device", connection=role)
            client.sendall(publish_frame(f"fbp/participant/{role}", message.encode(), retain=True))
            client.sendall(publish_frame(f"fbp/connection/{role}", state.encode(), retain=True))
        for role, state in reported.items():
            node = node_in(page, role)
            until_system(page, f"system.nodeStatus('{role}')?.state === '{state}'")
            expect(node).to_have_attribute("data-state", state)
            expect(node.locator(".node-state")).to_have_text(re.compile(rf"^{state} (a few|\d+) s$"))
            expect(node).to_have_attribute("aria-label", re.compile(rf"a/Device, {state} (a few|\d+) s,"))
    forget(shared_broker.port, *reported)
    for role in reported:
        expect(node_in(page, role)).to_have_count(0)


class Finger:
    """A finger on the screen, as the device reports it."""

    def __init__(self, page: Page) -> None:
        self._client = page.context.new_cdp_session(page)

    def down(self, x: float, y: float) -> None:
        self._send("touchStart", {"x": x, "y": y})

    def move(self, x: float, y: float) -> None:
        self._send("touchMove", {"x": x, "y": y})

    def up(self) -> None:
        self._send("touchEnd")

    def _send(self, kind: str, *points: dict[str, float]) -> None:
        self._client.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})


@pytest.fixture
def phone(page: Page, coordinator: Coordinator, same_page: Pages) -> Page:
    """The graph of `page` on another screen, which fingers touch."""
    phone = same_page(coordinator, size=PHONE, has_touch=True)
    ready(phone)
    fit(phone)
    note_opened(phone)
    return phone


def test_a_tap_selects_and_opens(phone: Page) -> None:
    never_long(phone)
    finger = Finger(phone)
    finger.down(*middle(phone, "[data-node=button] .role"))
    finger.up()
    expect(phone.locator("#graph-view .node.selected")).to_have_count(1)
    until(phone, "() => window.opened.length === 1")


@pytest.mark.parametrize("browser", ["that tells it", "that does not tell it"])
def test_a_long_press_of_a_finger_opens_one_menu_and_nothing_else(phone: Page, browser: str) -> None:
    if browser == "that does not tell it":  # Safari on iOS
        phone.evaluate(
            """() => {
              window.menus = new AbortController();
              const { signal } = window.menus;
              addEventListener("contextmenu", (event) => event.stopImmediatePropagation(), { capture: true, signal });
            }"""
        )
    finger = Finger(phone)
    finger.down(*middle(phone, "[data-node=button] .role"))
    if browser == "that tells it":  # Chrome on Android
        reported = {"bubbles": True, "cancelable": True, "clientX": 100, "clientY": 300, "pointerType": "touch"}
        phone.evaluate(
            """(told) => document.querySelector("[data-node=button] .role")
              .dispatchEvent(new PointerEvent("contextmenu", told))""",
            reported,
        )
    expect(phone.get_by_role("menuitem", name="Inspect")).to_be_focused()
    phone.locator(".menu").evaluate("(menu) => menu.classList.add('first')")
    waited(phone, 600)
    finger.up()
    assert phone.evaluate("() => window.opened") == []
    assert phone.locator(".menu.first").count() == 1
    phone.get_by_role("menuitem", name="Inspect").tap()
    expect(phone.locator(".menu")).to_have_count(0)
    assert phone.evaluate("() => window.opened") == [{"id": "button"}]
    phone.evaluate("() => window.menus?.abort()")


def test_a_finger_hits_ports_and_edges_that_are_small(phone: Page) -> None:
    never_long(phone)
    fit(phone)
    settled(phone)
    assert phone.locator("#graph-view .world.far").count() == 1
    finger = Finger(phone)
    x, y = on_edge(phone, "button.out gate.in")
    finger.down(x, y + 16)
    finger.up()
    close = phone.locator("#inspector").get_by_role("button", name="Close")
    close.tap()
    assert phone.evaluate("() => window.opened") == [{"key": "button.out gate.in"}]
    (x, y), (to_x, to_y) = dot(phone, "gate", "out", "out"), dot(phone, "again", "in", "in")
    finger.down(x + 12, y + 12)
    finger.move(to_x - 60, to_y - 20)
    finger.move(to_x - 12, to_y + 14)
    finger.up()
    until_system(phone, "system.graph.edges.has('gate.out again.in')")
    x, y = dot(phone, "gate", "out", "out")
    finger.down(x - 8, y)
    finger.up()
    close.tap()
    assert phone.evaluate("() => window.opened")[1:] == [{"id": "gate"}]
    x, y = middle(phone, "[data-node=gate] .role")
    finger.down(x, y)
    finger.move(x, y + 30)
    finger.move(x, y + 60)
    finger.up()
    until_system(phone, "edits.undoTitle === 'Move gate'")


def waited(page: Page, ms: int) -> None:
    """Let all timers of a page that are due by then come first."""
    page.evaluate("(ms) => new Promise((resolve) => setTimeout(resolve, ms))", ms)
