import assert from "node:assert/strict";
import { test } from "node:test";

import { startTidying } from "../../../host/msgflo_host/web/inspect/send_packet.js";

test("an export that a page has left is removed by another one, long after who has made it was about to use it", async () => {
  const planned = [];
  const { setTimeout } = globalThis;
  globalThis.setTimeout = (what, ms) => planned.push([what, ms]);
  const inports = new Map(["by-hand-0123456789abcdef", "by-hand-of-mine"].map((name) => [name, { public: name, node: "sink", port: "in" }]));
  const system = Object.assign(new EventTarget(), { isReady: true, graphs: new Map([["main", { inports }]]), may: () => true });
  const asked = [];
  const fbp = { request: async (protocol, command, payload) => asked.push([protocol, command, payload]) };
  startTidying({ system, fbp });
  globalThis.setTimeout = setTimeout;
  assert.deepEqual(asked, []);
  const [[remove, ms]] = planned;
  assert.equal(ms, 120_000);
  remove();
  assert.deepEqual(asked, [["graph", "removeinport", { graph: "main", public: "by-hand-0123456789abcdef" }]]);
});
