import assert from "node:assert/strict";
import { test } from "node:test";

import { apply, emptyGraph } from "../../../host/msgflo_host/web/core/graph.js";
import { freeName } from "../../../host/msgflo_host/web/core/names.js";
import { toCommands, toText } from "../../../host/msgflo_host/web/graph/clipboard.js";

test("a copy is called as people would call it", () => {
  for (const [taken, name] of [
    [["lamp"], "lamp2"],
    [["lamp", "lamp2"], "lamp3"],
    [["lamp9", "lamp10"], "lamp2"],
    [["esp32"], "esp32-2"],
    [["esp32", "esp32-2"], "esp32-3"],
    [["433"], "433-2"],
    [["screen-12"], "screen-2"],
  ]) {
    assert.equal(freeName(taken.at(-1), (each) => taken.includes(each)), name);
  }
});

test("copies have names of their own, the edges between them, their packets, and places beside", () => {
  const graph = emptyGraph("default/main");
  apply(graph, "addnode", { id: "button", component: "demo/Button", metadata: { x: 0, y: 0 } });
  apply(graph, "addnode", { id: "gate", component: "core/Gate", metadata: { x: 320, y: 0 } });
  apply(graph, "addnode", { id: "again", component: "core/Repeat", metadata: {} });
  apply(graph, "addedge", { src: { node: "button", port: "out" }, tgt: { node: "gate", port: "in" }, metadata: { route: 5 } });
  apply(graph, "addedge", { src: { node: "gate", port: "out" }, tgt: { node: "again", port: "in" } });
  apply(graph, "addinitial", { src: { data: 1 }, tgt: { node: "gate", port: "in" } });
  const boxes = new Map([["button", { x: 0, y: 0 }], ["gate", { x: 320, y: 0 }]]);
  const { commands, ids } = toCommands(toText(graph, new Set(["button", "gate"]), boxes), (id) => graph.nodes.has(id), null, boxes.values());
  assert.deepEqual(ids, ["button2", "gate2"]);
  assert.deepEqual(commands, [
    ["addnode", { id: "button2", component: "demo/Button", metadata: { x: 40, y: 40 } }],
    ["addnode", { id: "gate2", component: "core/Gate", metadata: { x: 360, y: 40 } }],
    ["addedge", { src: { node: "button2", port: "out" }, tgt: { node: "gate2", port: "in" }, metadata: { route: 5 } }],
    ["addinitial", { src: { data: 1 }, tgt: { node: "gate2", port: "in" } }],
  ]);
});

test("two copies of one kind have different names", () => {
  const text = JSON.stringify({ processes: { lamp: { component: "a/Lamp" }, lamp2: { component: "a/Lamp" } } });
  assert.deepEqual(toCommands(text, (id) => ["lamp", "lamp2"].includes(id)).ids, ["lamp3", "lamp4"]);
});

test("what is pasted and is no graph is refused in words", () => {
  for (const text of [
    "",
    "a text",
    "[1]",
    "{}",
    '{"processes": {"a": 1}}',
    '{"processes": {"a": {"component": "b"}}, "connections": {}}',
  ]) {
    assert.throws(() => toCommands(text, () => false), /no part of a graph/, text);
  }
  assert.deepEqual(toCommands('{"processes": {"a": {"component": "b/C"}}}', () => false).ids, ["a"]);
});
