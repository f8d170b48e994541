import assert from "node:assert/strict";
import { test } from "node:test";

import { placesToKeep, typesFit } from "../../../host/msgflo_host/web/graph/model.js";

test("types that say nothing fit all, and others their like", () => {
  for (const [src, tgt, fits] of [
    ["number", "int", true],
    ["all", "number", true],
    ["string", "color", true],
    ["array", "color", true],
    ["boolean", "number", false],
    ["object", "string", false],
  ]) {
    assert.equal(typesFit(src, tgt), fits, `${src} → ${tgt}`);
  }
});

test("a discovered node stays where it is seen when it joins a graph with places", () => {
  const node = (metadata) => ({ id: "", component: "x/Y", metadata });
  const boxes = new Map([["found", { x: 36.4, y: 72, width: 9, height: 9 }], ["listed", { x: 1, y: 2, width: 9, height: 9 }]]);
  const found = node({ discovered: true });
  const graphOf = (listed) => ({ nodes: new Map([["found", found], ["listed", node(listed)]]) });
  assert.deepEqual(placesToKeep(graphOf({ x: 1, y: 2 }), ["found", "listed", "found"], boxes), [
    ["changenode", { id: "found", metadata: { x: 36, y: 72 } }],
  ]);
  assert.deepEqual(placesToKeep(graphOf({}), ["found"], boxes), []);
});
