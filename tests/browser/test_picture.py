"""The picture of a graph: all of it is in sight when it is to be, and nothing lies over what people look at."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page

from browser import LAPTOP, PHONE, Pages, expect, fit, make_graph, never_long, node_in, settled, until, until_system
from systems import Coordinator

TABLET = (768, 1024)
LYING_PHONE = (844, 390)
ENLARGED = (640, 400)  # a laptop's page at 200 %


def added(id: str, x: float | None = None, y: float = 0, component: str = "some/Thing") -> list[Any]:
    """The command for a node, by default one without a place."""
    return ["addnode", {"id": id, "component": component, "metadata": {} if x is None else {"x": x, "y": y}}]


def joined(src: str, tgt: str) -> list[Any]:
    """The command for an edge: two times `node port`."""
    ends = [dict(zip(("node", "port"), end.split(), strict=True)) for end in (src, tgt)]
    return ["addedge", {"src": ends[0], "tgt": ends[1]}]


def show(page: Page, *commands: list[Any]) -> None:
    """Another graph in place of what there was, and all of it in sight."""
    make_graph(page, *commands)
    nodes = [payload["id"] for command, payload in commands if command == "addnode"]
    expect(page.locator("#graph-view [data-node]")).to_have_count(len(nodes))
    fit(page)
    settled(page)


Box = tuple[float, float, float, float]  # left, top, right, bottom


def box(page: Page, selector: str) -> Box:
    rect = page.locator(selector).first.bounding_box()
    assert rect, f"{selector} is not seen"
    return rect["x"], rect["y"], rect["x"] + rect["width"], rect["y"] + rect["height"]


def inside(inner: Box, outer: Box) -> bool:
    return all((inner[0] >= outer[0], inner[1] >= outer[1], inner[2] <= outer[2], inner[3] <= outer[3]))


def apart(one: Box, other: Box) -> bool:
    return one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]


def role(name: str) -> str:
    return f"#graph-view [data-node='{name}']"


# -- panels --


@pytest.mark.parametrize("size", [TABLET, LYING_PHONE, PHONE], ids=["tablet", "lying phone", "phone"])
def test_what_is_inspected_is_not_under_the_panel(
    coordinator: Coordinator, same_page: Pages, size: tuple[int, int]
) -> None:
    page = same_page(coordinator, size=size)
    show(page, added("a", 0, 0), added("b", 300, 260), joined("a out", "b in"))
    node_in(page, "b").locator(".role").click()
    page.locator("#inspector").wait_for()
    until(
        page,
        "() => { const b = document.querySelector('[data-node=b]').getBoundingClientRect();"
        " const p = document.querySelector('#inspector').getBoundingClientRect();"
        " return b.right <= p.left || b.bottom <= p.top; }",
    )
    assert inside(box(page, role("b")), box(page, "#graph-view"))
    # What is fitted, or walked to, goes where it is seen, too.
    page.keyboard.press("ArrowLeft")
    assert apart(box(page, role("a")), box(page, "#inspector"))
    page.keyboard.press("f")
    for node in "ab":
        assert apart(box(page, role(node)), box(page, "#inspector"))


def test_a_phone_shows_one_sheet_at_a_time(coordinator: Coordinator, same_page: Pages) -> None:
    page = same_page(coordinator, size=PHONE, has_touch=True)
    show(page, added("a", 0, 0), added("b", 180, 0))
    never_long(page)
    inspector, side = page.locator("#inspector"), page.locator("#side")
    node_in(page, "a").locator(".role").tap()
    expect(inspector.locator(".panel-title")).to_have_text("a")
    page.get_by_role("button", name="Library and devices").tap()
    expect(side).to_be_visible()
    expect(inspector).to_be_hidden()
    page.keyboard.press("Escape")
    node_in(page, "b").locator(".role").tap()
    expect(inspector.locator(".panel-title")).to_have_text("b")
    expect(inspector).to_be_visible()
    expect(side).to_be_hidden()


def test_the_inspector_is_shown_beside_the_graph_only(coordinator: Coordinator, same_page: Pages) -> None:
    page = same_page(coordinator)
    show(page, added("a", 0, 0))
    node_in(page, "a").locator(".role").click()
    inspector = page.locator("#inspector")
    expect(inspector).to_be_visible()
    for view in ("Dashboard", "Boards", "Adopt"):
        page.get_by_role("tab", name=view).click()
        expect(inspector).to_be_hidden()
    page.get_by_role("tab", name="Graph").click()
    expect(inspector.locator(".panel-title")).to_have_text("a")
    expect(inspector).to_be_visible()


def test_where_there_is_little_height_devices_stand_beside_the_graph(
    coordinator: Coordinator, same_page: Pages
) -> None:
    page = same_page(coordinator)
    show(page, added("a", 0, 0))
    page.get_by_role("tab", name="Devices").click()
    page.locator("#side-devices [data-kind=chart]").click()
    strip = page.locator("#devices")
    strip.wait_for()
    assert box(page, "#devices")[1] >= box(page, "#graph-view")[3]
    page.evaluate("async () => (await import('/core/registry.js')).context.page.openSide(false)")
    for width, height in (LYING_PHONE, ENLARGED):
        page.set_viewport_size({"width": width, "height": height})
        settled(page)
        graph, devices = box(page, "#graph-view"), box(page, "#devices")
        assert devices[0] >= graph[2]
        assert (graph[2] - graph[0]) / width > 0.6
        assert (graph[3] - graph[1]) / height > 0.7
        assert inside((*box(page, ".device-card")[:3], graph[3]), devices)
        strip.get_by_role("button", name="Hide").click()
        assert box(page, "#devices")[1] >= box(page, "#graph-view")[3]
        assert box(page, "#graph-view")[2] == width
        strip.get_by_role("button", name="Show").click()
    strip.get_by_role("button", name=re.compile("^Close")).click()


# -- fit --


def test_fit_shows_what_is_drawn_beside_nodes(coordinator: Coordinator, same_page: Pages) -> None:
    page = same_page(coordinator)
    long = "a name that is longer than what it is the name of, by far"
    show(
        page,
        *(added(id, x, y, "core/Gate") for id, x, y in (("a", 0, 0), ("b", 300, 0), ("c", 600, 0))),
        joined("a out", "b in"),
        joined("c out", "a in"),
        ["addinport", {"public": "what-comes-from-outside", "node": "a", "port": "in"}],
        ["addoutport", {"public": "what-is-told-outside", "node": "c", "port": "out"}],
        ["addgroup", {"name": long, "nodes": ["c"]}],
    )
    expect(page.locator(".exported")).to_have_count(2)
    view = box(page, "#graph-view .viewport")
    for size in (LAPTOP, TABLET):
        page.set_viewport_size({"width": size[0], "height": size[1]})
        fit(page)
        settled(page)
        view = box(page, "#graph-view .viewport")
        for shown in (".exported >> nth=0", ".exported >> nth=1", ".group-name", "path[data-edge='c.out a.in']"):
            if page.locator(f"#graph-view {shown}").is_visible():
                assert inside(box(page, f"#graph-view {shown}"), view), shown


def test_fit_shows_the_most_and_shows_what_is_too_far_away(coordinator: Coordinator, same_page: Pages) -> None:
    page = same_page(coordinator)
    show(page, added("a", 0, 0), added("b", 300, 0), added("far", 1e12, 5), joined("a out", "b in"))
    expect(page.locator(".toast.warn")).to_contain_text("1 node is too far away")
    for node in "ab":
        assert inside(box(page, role(node)), box(page, "#graph-view"))
    assert box(page, role("a"))[3] - box(page, role("a"))[1] > 30


# -- what is written --


def test_names_and_packets_keep_to_their_places(coordinator: Coordinator, same_page: Pages) -> None:
    page = same_page(coordinator)
    long = "a-very-long-name-of-a-participant-that-somebody-has-given"
    packets = [
        ["addinitial", {"src": {"data": data}, "tgt": {"node": "scale", "port": "in"}}]
        for data in ("WWWWWWWWWWWWWW", 22222, 33333, [1, 2, {"a": 3}], "five")
    ]
    show(page, added(long, 0, 0), added("scale", 500, 0, "core/Scale"), *packets)
    expect(page.locator(".initial")).to_have_count(5)
    settled(page)
    head, name = box(page, f"{role(long)} .node-head"), box(page, f"{role(long)} .role")
    assert inside(name, head)
    assert page.locator(f"{role(long)} .role").evaluate("(role) => role.getClientRects().length") == 1
    assert name[3] - name[1] < 20
    out = box(page, f"{role('scale')} .port.out .port-type")
    for nth in range(5):
        assert apart(box(page, f"{role('scale')} .initial >> nth={nth}"), out)


# -- layout --


# -- dragging --

# Whether the edge passes behind the node `gate`.
BEHIND = """() => {
  const path = document.querySelector("#graph-view path.edge");
  const box = document.querySelector("#graph-view [data-node=gate]").getBoundingClientRect();
  return [...Array(100).keys()].some((i) => {
    const { x, y } = path.getPointAtLength((path.getTotalLength() * i) / 100).matrixTransform(path.getScreenCTM());
    return x > box.left && x < box.right && y > box.top && y < box.bottom;
  });
}"""


def test_an_edge_gives_way_to_a_node_that_was_put_upon_it(coordinator: Coordinator, same_page: Pages) -> None:
    page = same_page(coordinator)
    show(
        page,
        *(added(id, x, y, "core/Gate") for id, x, y in (("from", 0, 0), ("gate", 400, 400), ("to", 900, 0))),
        joined("from out", "to in"),
    )
    until_system(page, "['from', 'gate', 'to'].every((id) => system.nodeStatus(id)?.state === 'alive')")
    fit(page)
    settled(page)
    gate, other = box(page, role("gate")), box(page, role("from"))
    page.mouse.move(gate[0] + 30, gate[1] + 12)
    page.mouse.down()
    page.mouse.move(gate[0] + 30, other[1] + 40, steps=3)
    settled(page)
    assert page.evaluate(BEHIND), "what is dragged moves no other edge"
    page.mouse.up()
    until(page, f"() => !({BEHIND})()")
