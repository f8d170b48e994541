import assert from "node:assert/strict";
import { test } from "node:test";

import { apply, emptyGraph } from "../../../host/msgflo_host/web/core/graph.js";

test("the places that a runtime has for editors without a layout are left to these", () => {
  const graph = emptyGraph("g");
  apply(graph, "addnode", { id: "found", component: "x/Y", metadata: { discovered: true, x: 360, y: 144 } });
  apply(graph, "changenode", { id: "found", metadata: { discovered: true, x: 36, y: 36 } });
  apply(graph, "addnode", { id: "unplaced", component: "x/Y", metadata: { unplaced: true, x: 108, y: 144, label: "Mine" } });
  apply(graph, "addnode", { id: "listed", component: "x/Y", metadata: { x: 1, y: 2 } });
  assert.deepEqual(graph.nodes.get("found").metadata, { discovered: true });
  assert.deepEqual(graph.nodes.get("unplaced").metadata, { label: "Mine" });
  assert.deepEqual(graph.nodes.get("listed").metadata, { x: 1, y: 2 });
});
