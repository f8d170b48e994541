import assert from "node:assert/strict";
import { test } from "node:test";

import { around, curve, overlap, pointAt } from "../../../host/msgflo_host/web/graph/geometry.js";
import { layout } from "../../../host/msgflo_host/web/graph/layout.js";
import { route } from "../../../host/msgflo_host/web/graph/route.js";

const FORM = 1.6; // width by height

/** Nodes of many sizes, and links between them, the same each time. */
function made(count, joins) {
  let seed = 1;
  const random = (most) => (seed = (seed * 16807) % 2147483647) % most;
  const items = Array.from({ length: count }, (_, i) => ({ id: `n${i}`, width: 120 + random(160), height: 60 + random(120) }));
  const links = Array.from({ length: joins }, () => ({ src: `n${random(count)}`, tgt: `n${random(count)}` }));
  return { items, links };
}

function boxesOf(items, links) {
  const places = layout(items, links, FORM);
  return items.map((item) => ({ ...item, ...places.get(item.id) }));
}

const overlaps = (boxes, gap = 0) => boxes.filter((one, at) => boxes.some((other, i) => i < at && overlap(one, other, gap)));

test("no layout has overlaps, and everybody gets the same", () => {
  for (const [count, joins] of [[1, 1], [2, 4], [30, 0], [60, 40], [60, 120], [150, 150], [500, 450]]) {
    const { items, links } = made(count, joins);
    const boxes = boxesOf(items, links);
    assert.equal(boxes.length, count);
    assert.deepEqual(overlaps(boxes), []);
    assert.deepEqual(boxesOf(items, links), boxes);
  }
});

test("a layout goes from left to right", () => {
  const items = ["button", "gate", "again"].map((id) => ({ id, width: 132, height: 72 }));
  const places = layout(items, [{ src: "button", tgt: "gate" }, { src: "gate", tgt: "again" }], FORM);
  const [button, gate, again] = items.map(({ id }) => places.get(id).x);
  assert.ok(button < gate && gate < again);
});

test("a long chain is laid out in rows", () => {
  const laidOut = (links) => boxesOf([...new Set(links.flat())].map((id) => ({ id, width: 132, height: 72 })), links.map(([src, tgt]) => ({ src, tgt })));
  const chain = Array.from({ length: 39 }, (_, at) => [`n${at}`, `n${at + 1}`]);
  const loops = Array.from({ length: 19 }, (_, at) => [`n${((at + 1) * 7) % 40}`, `n${((at + 1) * 3) % 40}`]);
  for (const links of [chain, [...chain, ["n39", "n0"]], [...chain, ...loops]]) {
    const boxes = laidOut(links);
    assert.deepEqual(overlaps(boxes, 20), []);
    const { width, height } = around(boxes);
    assert.ok(Math.max(width / FORM, height) < 1300, `${width} × ${height}`);
  }
  for (const count of [1, 4]) {
    const boxes = laidOut(chain.slice(0, count));
    assert.ok(boxes.every(({ y }) => y === boxes[0].y), "what can be read in one row stays there");
  }
});

test("edges go through the gaps between nodes", () => {
  for (const [count, joins, most] of [[2, 4, 0], [30, 40, 0.03], [60, 100, 0.03], [200, 200, 0.03]]) {
    const { items, links } = made(count, joins);
    const boxes = new Map(boxesOf(items, links).map((box) => [box.id, box]));
    const holds = ({ x, y, width, height }, at) => at.x > x + 1 && at.x < x + width - 1 && at.y > y + 1 && at.y < y + height - 1;
    const isHidden = (at) => [...boxes.values()].some((box) => holds(box, at));
    const hides = (line) => Array.from({ length: 400 }, (_, i) => i / 400).some((t) => isHidden(pointAt(line, t)));
    let [drawn, straight] = [0, 0];
    for (const { src, tgt } of links) {
      const own = { src: boxes.get(src), tgt: boxes.get(tgt) };
      const a = { x: own.src.x + own.src.width, y: own.src.y + 30 };
      const d = { x: own.tgt.x, y: own.tgt.y + 30 };
      const line = route(a, d, own, boxes.values(), src);
      assert.deepEqual([line[0].a, line.at(-1).d], [a, d]);
      drawn += hides(line);
      straight += hides([curve(a, d)]);
    }
    assert.ok(drawn <= most * joins, `${drawn} of ${joins} edges pass behind a node`);
    assert.ok(straight > 2 * drawn);
  }
});
