// @ts-check
// Packets that people send into an inport by hand.

import { toast } from "../core/dom.js";
import { Unanswered } from "../core/fbp.js";
import { emptyGraph } from "../core/graph.js";
import { inverse } from "../core/inverse.js";
import { endText, short } from "./value_text.js";

const OURS = /^by-hand-[0-9a-f]{16}$/; // public names that are in use for one packet
const OLD_MS = 120_000; // longer than any request waits for its answer

/** @typedef {import("../core/registry.js").Context} Context */
/** @typedef {import("../core/graph.js").End} End */

/** Ports that are exported still, because the connection was lost: public name -> graph. @type {Map<string, string>} */
const leftOver = new Map();

/** Unexport, with each connection, what was left exported: by this page at once, by pages that have gone a while later. @param {Context} context */
export function startTidying({ system, fbp }) {
  let timer = 0;
  const remove = async (/** @type {string} */ graph, /** @type {string} */ name) => {
    try {
      if (system.graphs.get(graph)?.inports.has(name)) await fbp.request("graph", "removeinport", { graph, public: name }, { quiet: true });
      leftOver.delete(name);
    } catch {
      // the next connection tries again
    }
  };
  const tidy = () => {
    clearTimeout(timer);
    if (!system.isReady) return;
    for (const [name, graph] of leftOver) remove(graph, name);
    const there = [...system.graphs].flatMap(([graph, { inports }]) => [...inports.keys()].filter((name) => OURS.test(name)).map((name) => ({ graph, name })));
    if (there.length > 0 && system.may("protocol:graph")) timer = setTimeout(() => there.forEach(({ graph, name }) => remove(graph, name)), OLD_MS);
  };
  system.addEventListener("state", tidy);
  tidy();
}

/**
 * Send a packet to an inport; a toast tells whether that was possible. The runtime takes packets for exported ports only: another
 * one is exported until the packet was taken, and a discovered node is a part of the graph as long.
 * @param {Context} context @param {string} graph @param {End} end @param {unknown} data @returns {Promise<boolean>}
 */
export async function sendTo(context, graph, end, data) {
  const { system, fbp } = context;
  const known = exportedAs(system.graphs.get(graph), end);
  const send = (/** @type {string} */ name) => fbp.request("runtime", "packet", { graph, port: name, event: "data", payload: data });
  try {
    await (known === null ? throughExport(context, graph, end, send) : send(known));
    toast(`Sent to ${endText(end)}: ${short(data, 60)}`, "good");
    return true;
  } catch (error) {
    const what = error instanceof Unanswered && error.sent ? "It is not known whether anything was sent" : "Nothing was sent";
    toast(`${what} to ${endText(end)}: ${/** @type {Error} */ (error).message}`, "bad");
    return false;
  }
}

/**
 * Export the port under a name of its own, since others may send to it at the same time.
 * @param {Context} context @param {string} graph @param {End} end @param {(name: string) => Promise<unknown>} send
 */
async function throughExport(context, graph, end, send) {
  const { system, fbp } = context;
  const name = `by-hand-${[...crypto.getRandomValues(new Uint8Array(8))].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
  const payload = { public: name, node: end.node, port: end.port };
  const back = inverse(system.graphs.get(graph) ?? emptyGraph(graph), "addinport", payload);
  try {
    await fbp.request("graph", "addinport", { graph, ...payload });
  } catch (error) {
    if (!(error instanceof Unanswered && error.sent)) throw error;
    leftOver.set(name, graph);
    throw new Error(error.message, { cause: error }); // the port may be exported; the packet was not sent
  }
  try {
    await send(name);
  } finally {
    await takeBack(context, graph, end, name, back);
  }
}

/** @param {Context} context @param {string} graph @param {End} end @param {string} name @param {import("../core/inverse.js").Step[]} steps */
async function takeBack({ system, fbp }, graph, end, name, steps) {
  try {
    for (const step of steps) {
      const command = typeof step === "function" ? step(system.graphs.get(graph) ?? emptyGraph(graph)) : step;
      if (command) await fbp.request("graph", command[0], { graph, ...command[1] });
    }
  } catch (error) {
    leftOver.set(name, graph);
    toast(`${endText(end)} is exported as ${name} until the page is connected again: ${/** @type {Error} */ (error).message}`, "warn");
  }
}

/** The name under which a port is exported, except for one packet. @param {import("../core/graph.js").Graph | undefined} graph @param {End} end @returns {string | null} */
function exportedAs(graph, end) {
  const isIt = (/** @type {{public: string} & End} */ each) => each.node === end.node && each.port.toLowerCase() === end.port.toLowerCase() && !OURS.test(each.public);
  return [...(graph?.inports.values() ?? [])].find(isIt)?.public ?? null;
}
