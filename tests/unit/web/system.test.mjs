// What the page keeps of what the coordinator tells: keys, packets, states of nodes, the status.

import assert from "node:assert/strict";
import { mock, test } from "node:test";

import { Fbp } from "../../../host/msgflo_host/web/core/fbp.js";
import { edgeKey } from "../../../host/msgflo_host/web/core/graph.js";
import { Health } from "../../../host/msgflo_host/web/core/health.js";
import { Packets } from "../../../host/msgflo_host/web/core/packets.js";
import { Status } from "../../../host/msgflo_host/web/core/status.js";

const MAIN = "default/main";

/** A system with nothing in it, which looks at the main graph. */
const emptySystem = () => Object.assign(new EventTarget(), { current: MAIN, isReady: true, graphs: new Map([[MAIN, {}]]), fbp: {}, may: () => true });

const detailOf = (target, type) => {
  const details = [];
  target.addEventListener(type, ({ detail }) => details.push(detail));
  return details;
};

test("keys of edges compare ports in lower case, and tell all names apart", () => {
  const end = (node, port, index) => ({ node, port, index });
  const keys = [
    edgeKey(end("Lamp", "OUT", 1), end("b", "In")),
    edgeKey(end("a", "x"), end("b.y c", "z")),
    edgeKey(end("a.x b", "y"), end("c", "z")),
    edgeKey(end("a", "x[1]"), end("b", "y")),
    edgeKey(end("a", "x", 1), end("b", "y")),
    edgeKey(end("a%20", "x"), end("b", "y")),
    edgeKey(end("a ", "x"), end("b", "y")),
  ];
  assert.equal(keys[0], "Lamp.out[1] b.in");
  assert.equal(new Set(keys).size, keys.length);
});

test("packets are kept by edge and bounded", () => {
  const system = emptySystem();
  const packets = new Packets(system);
  const feed = (edges, each, data) => {
    const keys = Array.from({ length: edges }, (_, edge) => `n${edge}.out m.in`);
    for (const edge of keys) {
      for (let i = 0; i < each; i++) system.dispatchEvent(new CustomEvent("data", { detail: { graph: MAIN, edge, data: data ?? i, at: i } }));
    }
    return keys.map((key) => packets.history(key));
  };
  const sum = (numbers) => numbers.reduce((a, b) => a + b, 0);
  const [ring] = feed(1, 600);
  assert.deepEqual(ring.map(({ data }) => data), Array.from({ length: 500 }, (_, i) => i + 100));
  assert.deepEqual(feed(250, 2).map(({ length }) => length), [...Array(50).fill(0), ...Array(200).fill(2)]);
  assert.equal(packets.last("n0.out m.in").data, 1, "its last value is seen still");
  const bytes = sum(feed(10, 100, "x".repeat(10_000)).flat().map(({ size }) => size));
  assert.ok(2 * 1024 * 1024 < bytes && bytes <= 4 * 1024 * 1024, `${bytes}`);
  feed(60, 1, "x".repeat(100_000));
  const sizes = Array.from({ length: 60 }, (_, edge) => packets.last(`n${edge}.out m.in`)?.size ?? 0);
  assert.deepEqual(sizes, [...Array(19).fill(0), ...Array(41).fill(100_002)], "4 MiB of last values, of those that sent last");
  feed(20_100, 1);
  assert.equal(packets.last("n99.out m.in"), undefined);
  assert.equal(packets.last("n100.out m.in").data, 0);
});

test("how nodes of the graphs of tests are is not kept", () => {
  const health = new Health(emptySystem());
  for (const graph of ["fixture.health", MAIN]) health.take("icon", { graph, id: "n", icon: "hourglass-o" });
  assert.deepEqual([...health.nodes.keys()], [`${MAIN}\nn`]);
});

test("how many packets were left out is counted, and is no line of the log", () => {
  const system = emptySystem();
  const [counts, lines] = [detailOf(system, "leftout"), detailOf(system, "output")];
  const health = new Health(system);
  health.take("output", { message: `${MAIN}: packets not shown in the last second: 12 of a.out b.in, 3 of c.out b.in and 4 of others` });
  health.take("output", { message: "a: a line" });
  assert.deepEqual(counts.map(({ count }) => count), [19]);
  assert.deepEqual(lines.map(({ role, text }) => [role, text]), [["a", "a line"]]);
});

test("who asks for the status while an answer is on its way waits for a newer one", async () => {
  const answers = [];
  globalThis.document = Object.assign(new EventTarget(), { visibilityState: "visible" });
  const fetched = mock.method(globalThis, "fetch", () => new Promise((resolve) => answers.push(resolve)));
  mock.timers.enable({ apis: ["setTimeout"] }); // it asks every two seconds
  const status = new Status(emptySystem()); // which asks first
  let isDone = false;
  const asked = status.ask().then(() => (isDone = true));
  const answer = (unsaved) => answers.shift()({ status: 200, ok: true, json: async () => ({ nodes: [], edges: [], unsaved }) });
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  await turn();
  answer(true);
  await turn();
  assert.equal(isDone, false);
  answer(false);
  await asked;
  assert.equal(status.all.unsaved, false);
  assert.equal(fetched.mock.callCount(), 2);
  mock.timers.reset();
  mock.restoreAll();
});

test("a request that is not answered any more fails when the connection is lost", async () => {
  const sockets = [];
  globalThis.document = new EventTarget();
  globalThis.addEventListener = () => {};
  globalThis.WebSocket = class {
    sent = [];
    constructor() {
      sockets.push(this);
    }
    send(text) {
      this.sent.push(JSON.parse(text));
    }
  };
  mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
  const fbp = new Fbp("ws://127.0.0.1/");
  fbp.connect();
  const [socket] = sockets;
  socket.onopen();
  const [answered, lost] = [fbp.request("runtime", "getruntime"), fbp.request("graph", "clear", { id: "a" })];
  const [{ requestId }] = socket.sent;
  socket.onmessage({ data: JSON.stringify({ protocol: "runtime", command: "runtime", payload: { type: "msgflo" }, responseTo: requestId }) });
  assert.deepEqual(await answered, { type: "msgflo" });
  socket.onclose();
  await assert.rejects(lost, { message: "The connection was lost before the coordinator answered.", sent: true });
  await assert.rejects(fbp.request("graph", "clear"), { message: /There is no connection/, sent: false });
  mock.timers.tick(500);
  assert.equal(sockets.length, 2, "it connects again by itself");
  mock.timers.reset();
});

test("what was told of nodes and edges stays while nothing is told", async () => {
  const node = { id: "a", state: "alive" };
  const edge = { ends: { src: { node: "a", port: "out" }, tgt: { node: "b", port: "in" } }, kind: "direct" };
  const answers = [async () => ({ status: 200, ok: true, json: async () => ({ nodes: [node], edges: [edge] }) })];
  answers.push(async () => ({ status: 503, ok: false }), () => Promise.reject(new TypeError("Failed to fetch")));
  globalThis.document = Object.assign(new EventTarget(), { visibilityState: "visible" });
  mock.method(globalThis, "fetch", () => answers.shift()());
  mock.timers.enable({ apis: ["setTimeout"] });
  const system = emptySystem();
  const status = new Status(system);
  for (const isReady of [true, true, false]) {
    system.isReady = isReady;
    await status.ask();
    assert.deepEqual([status.node("a"), status.edge("a.out b.in")], [node, edge]);
  }
  mock.timers.reset();
  mock.restoreAll();
});
