"""The way of edges: through the gaps between nodes, wherever there are any."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page

from brokers import Broker
from browser import Pages, edit, fit, node_in, settled, until, until_system
from systems import Coordinator

# How many links of a graph that is laid out pass behind a node, as they are drawn and as one curve each would be.
PASSED = """async ([count, joins]) => {
  const { layout } = await import("/graph/layout.js");
  const { route } = await import("/graph/route.js");
  const { curve, pointAt } = await import("/graph/geometry.js");
  let seed = 1;
  const random = (most) => (seed = (seed * 16807) % 2147483647) % most;
  const items = Array.from({ length: count }, (_, i) => ({ id: `n${i}`, width: 120 + random(160), height: 60 + random(120) }));
  const links = Array.from({ length: joins }, () => ({ src: `n${random(count)}`, tgt: `n${random(count)}` }));
  const places = layout(items, links, 1.6);
  const boxes = new Map(items.map((item) => [item.id, { ...item, ...places.get(item.id) }]));
  const holds = ({ x, y, width, height }, at) => at.x > x + 1 && at.x < x + width - 1 && at.y > y + 1 && at.y < y + height - 1;
  const isHidden = (at) => [...boxes.values()].some((box) => holds(box, at));
  const hides = (line) => [...Array(400).keys()].some((i) => isHidden(pointAt(line, i / 400)));
  let [drawn, straight] = [0, 0];
  for (const { src, tgt } of links) {
    const own = { src: boxes.get(src), tgt: boxes.get(tgt) };
    const a = { x: own.src.x + own.src.width, y: own.src.y + 30 };
    const d = { x: own.tgt.x, y: own.tgt.y + 30 };
    const line = route(a, d, own, boxes.values(), src);
    if (JSON.stringify([line[0].a, line.at(-1).d]) !== JSON.stringify([a, d])) throw new Error("it ends elsewhere");
    drawn += hides(line);
    straight += hides([curve(a, d)]);
  }
  return [drawn, straight];
}"""

BEHIND = """() => {
  const path = document.querySelector("#graph-view path.edge");
  const box = document.querySelector("#graph-view [data-node=gate]").getBoundingClientRect();
  return [...Array(100).keys()].some((i) => {
    const { x, y } = path.getPointAtLength((path.getTotalLength() * i) / 100).matrixTransform(path.getScreenCTM());
    return x > box.left && x < box.right && y > box.top && y < box.bottom;
  });
}"""


@pytest.fixture
def page(run_graph: Callable[..., Coordinator], broker: Broker, page_of: Pages) -> Page:
    page = page_of(run_graph("", broker=broker.url))
    until_system(page, "system.isReady && system.components.has('core/Gate')")
    return page


def test_edges_go_through_gaps(page: Page) -> None:
    for count, joins, most in ((2, 4, 0), (30, 40, 0.03), (60, 100, 0.03), (200, 200, 0.03)):
        drawn, straight = page.evaluate(PASSED, [count, joins])
        assert drawn <= most * joins, (count, joins, drawn)
        assert straight > 2 * drawn


def test_an_edge_gives_way_to_a_node_that_was_put_upon_it(page: Page) -> None:
    places: dict[str, Any] = {"from": {"x": 0, "y": 0}, "gate": {"x": 400, "y": 400}, "to": {"x": 900, "y": 0}}
    nodes = [["addnode", {"id": id, "component": "core/Gate", "metadata": at}] for id, at in places.items()]
    edge = {"src": {"node": "from", "port": "out"}, "tgt": {"node": "to", "port": "in"}}
    edit(page, *nodes, ["addedge", edge])
    until_system(page, "['from', 'gate', 'to'].every((id) => system.nodeStatus(id)?.state === 'alive')")
    fit(page)
    settled(page)
    box = node_in(page, "gate").bounding_box()
    other = node_in(page, "from").bounding_box()
    assert box
    assert other
    page.mouse.move(box["x"] + 30, box["y"] + 12)
    page.mouse.down()
    page.mouse.move(box["x"] + 30, other["y"] + 40, steps=3)
    settled(page)
    assert page.evaluate(BEHIND), "what is dragged moves no other edge"
    page.mouse.up()
    until(page, f"() => !({BEHIND})()")
