import assert from "node:assert/strict";
import { test } from "node:test";

import { Edits } from "../../../host/msgflo_host/web/core/edits.js";
import { Runtime } from "./runtime.mjs";

const end = (node, port) => ({ node, port });
const GRAPH = [
  ["addnode", { id: "a", component: "core/Repeat" }],
  ["addnode", { id: "b", component: "core/Repeat" }],
  ["addnode", { id: "c", component: "core/Counter" }],
  ["addedge", { src: end("a", "out"), tgt: end("b", "in") }],
  ["addedge", { src: end("c", "count"), tgt: end("a", "in") }],
  ["addinitial", { src: { data: "first" }, tgt: end("a", "in") }],
  ["addinport", { public: "in", node: "a", port: "in" }],
  ["addgroup", { name: "both", nodes: ["a", "b"] }],
];

function begin() {
  const system = new Runtime(GRAPH);
  const edits = new Edits(system);
  const refused = [];
  edits.addEventListener("refused", ({ detail: { title, message } }) => refused.push(`${title}: ${message}`));
  return { system, edits, refused };
}

/** All of the graph, in an order that does not depend on how it came about. */
function snapshot({ graph }) {
  const groups = [...graph.groups.values()].map((group) => ({ ...group, nodes: [...group.nodes].sort() }));
  return structuredClone({ ...graph, groups });
}

const moved = (id, x = 7) => ["changenode", { id, metadata: { x } }];
const removed = (id) => ["removenode", { id }];

test("what somebody else has made impossible is said and dropped", async () => {
  const { system, edits, refused } = begin();
  await edits.run("Move b", [moved("b")]);
  await edits.run("Move c", [moved("c")]);
  system.edit(...removed("c"));
  assert.equal(await edits.undo(), false);
  assert.deepEqual(refused, ["Move c: It can no longer be taken back: there is no node c in the graph"]);
  assert.equal(edits.undoTitle, "Move b");
  assert.ok(await edits.undo());
  assert.deepEqual(system.graph.nodes.get("b").metadata, {});
  assert.ok(await edits.redo());
  assert.equal(system.graph.nodes.get("b").metadata.x, 7);
});

test("a step that can be taken back only in part is not taken back", async () => {
  const { system, edits, refused } = begin();
  await edits.run("Move 3 nodes", ["a", "b", "c"].map((id) => moved(id)));
  system.edit(...removed("c"));
  const before = snapshot(system);
  assert.equal(await edits.undo(), false);
  assert.match(refused[0], /there is no node c in the graph/);
  assert.deepEqual(snapshot(system), before);
});

test("what was only discovered is not taken into the graph by taking a step back", async () => {
  const { system, edits } = begin();
  system.discover("lamp", "test/Sink");
  await edits.run("Add lamp", [["addnode", { id: "lamp", component: "test/Sink" }]]);
  await edits.run("Move 2 nodes", ["lamp", "a"].map((id) => moved(id)));
  system.edit(...removed("lamp"));
  assert.equal(await edits.undo(), false);
  assert.equal(system.graph.nodes.get("lamp").metadata.discovered, true);
  assert.equal(system.graph.nodes.get("a").metadata.x, 7);
});

test("undo lets a device go that a step has made a node", async () => {
  for (const command of [
    ["addedge", { src: end("b", "out"), tgt: end("lamp", "in") }],
    ["addgroup", { name: "lamps", nodes: ["lamp"] }],
    ["addinport", { public: "light", node: "lamp", port: "in" }],
    ["addinitial", { src: { data: 1 }, tgt: end("lamp", "in") }],
    ["changenode", { id: "lamp", metadata: { label: "A lamp" } }],
    ["renamenode", { from: "lamp", to: "light" }],
  ]) {
    const { system, edits } = begin();
    system.discover("lamp", "test/Sink");
    const before = snapshot(system);
    await edits.run(command[0], [command]);
    for (const back of [true, false, true]) assert.ok(await (back ? edits.undo() : edits.redo()), command[0]);
    assert.deepEqual(snapshot(system), before, command[0]);
  }
});

test("undo keeps a device that an earlier step has made a node", async () => {
  const { system, edits } = begin();
  system.discover("lamp", "test/Sink");
  await edits.run("Connect", [["addedge", { src: end("b", "out"), tgt: end("lamp", "in") }]]);
  await edits.run("Group", [["addgroup", { name: "lamps", nodes: ["lamp"] }]]);
  assert.ok(await edits.undo());
  assert.deepEqual([...system.graph.groups.keys()], ["both"]);
  assert.deepEqual(system.graph.nodes.get("lamp").metadata, {});
});

test("what is refused is said, and what was done before can be taken back", async () => {
  const { system, edits, refused } = begin();
  const before = snapshot(system);
  const commands = [["addnode", { id: "d", component: "core/Repeat" }], ["renamenode", { from: "nobody", to: "e" }]];
  assert.equal(await edits.run("Two at once", commands), false);
  assert.deepEqual(refused, ["Two at once: there is no node nobody"]);
  assert.ok(system.graph.nodes.has("d"));
  assert.ok(await edits.undo());
  assert.deepEqual(snapshot(system), before);
});

test("nothing is sent where the graph can only be looked at", async () => {
  const { system, edits, refused } = begin();
  system.readOnly = "the secret in use does not allow to change the graph";
  assert.equal(await edits.run("Move a", [moved("a")]), false);
  assert.deepEqual(refused, [`Move a: ${system.readOnly}.`]);
  assert.deepEqual(system.graph.nodes.get("a").metadata, {});
});

test("an edit whose answer was lost can be taken back where it was carried out", async () => {
  const { system, edits } = begin();
  const before = snapshot(system);
  system.cut = { node: "a", isDelivered: false };
  assert.equal(await edits.run("Never arrived", [removed("a")]), false);
  system.reconnect();
  assert.equal(await edits.undo(), false);
  assert.equal(edits.canUndo, false);
  system.cut = { node: "a", isDelivered: true };
  assert.equal(await edits.run("Remove two", [removed("b"), removed("a")]), false);
  system.reconnect();
  assert.deepEqual([...system.graph.nodes.keys()], ["c"]);
  assert.ok(await edits.undo());
  assert.deepEqual(snapshot(system), before);
  assert.equal(edits.canUndo, false);
});

for (const isDelivered of [true, false]) {
  const arrived = isDelivered ? "arrived" : "did not arrive";
  test(`what was not taken back when the connection was lost, and ${arrived}, is taken back later`, async () => {
    const { system, edits, refused } = begin();
    const before = snapshot(system);
    await edits.run("Remove 3 nodes", ["a", "b", "c"].map(removed));
    system.cut = { node: "a", isDelivered }; // the last of them that comes back
    assert.equal(await edits.undo(), false);
    assert.equal(edits.undoTitle, "Remove 3 nodes");
    assert.equal(await edits.undo(), false);
    assert.match(refused[1], /There is no connection/);
    system.reconnect();
    assert.equal(system.graph.nodes.has("a"), isDelivered);
    assert.ok(await edits.undo());
    assert.deepEqual(snapshot(system), before);
    assert.ok(await edits.redo(), "all three are one step, also when they are removed again");
    assert.equal(system.graph.nodes.size, 0);
    assert.ok(await edits.undo());
    assert.deepEqual(snapshot(system), before);
  });
}
