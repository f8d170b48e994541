import assert from "node:assert/strict";
import { test } from "node:test";

import { apply, emptyGraph } from "../../../host/msgflo_host/web/core/graph.js";

test("the place that a runtime has for what was discovered is left to other editors", () => {
  const graph = emptyGraph("g");
  apply(graph, "addnode", { id: "found", component: "x/Y", metadata: { discovered: true, x: 360, y: 144 } });
  apply(graph, "addnode", { id: "listed", component: "x/Y", metadata: { x: 1, y: 2 } });
  assert.deepEqual(graph.nodes.get("found").metadata, { discovered: true });
  assert.deepEqual(graph.nodes.get("listed").metadata, { x: 1, y: 2 });
});
