// @ts-check
// Packets that people send into an inport by hand.

import { toast } from "../core/dom.js";
import { endText, short } from "./values.js";

/** @typedef {import("../core/registry.js").Context} Context */
/** @typedef {import("../core/graph.js").End} End */

/** What sending does beyond that, for people. @param {Context} context @param {string} id of a graph @param {End} end */
export function sideEffect({ system }, id, end) {
  const graph = system.graphs.get(id);
  if (exportedAs(graph, end) !== null) return "";
  const shown = "The port is exported for that moment.";
  return graph?.nodes.get(end.node)?.metadata.discovered ? `${shown} ${end.node} becomes a part of the graph by that.` : shown;
}

/**
 * Send a packet to an inport, and say whether that was possible. The runtime takes packets for exported ports only: one that is
 * not is exported until the packet was taken.
 * @param {Context} context @param {string} graph @param {End} end @param {any} data @returns {Promise<boolean>}
 */
export async function sendTo({ system, fbp }, graph, end, data) {
  const known = exportedAs(system.graphs.get(graph), end);
  const name = known ?? freshName(system.graphs.get(graph));
  try {
    if (known === null) await fbp.request("graph", "addinport", { graph, public: name, node: end.node, port: end.port });
    try {
      await fbp.request("runtime", "packet", { graph, port: name, event: "data", payload: data });
    } finally {
      if (known === null) await fbp.request("graph", "removeinport", { graph, public: name });
    }
    toast(`Sent to ${endText(end)}: ${short(data, 60)}`, "good");
    return true;
  } catch (error) {
    toast(`Nothing was sent to ${endText(end)}: ${/** @type {Error} */ (error).message}`, "bad");
    return false;
  }
}

/** @param {import("../core/graph.js").Graph | undefined} graph @param {End} end @returns {string | null} */
function exportedAs(graph, end) {
  const isIt = (/** @type {End} */ { node, port }) => node === end.node && port.toLowerCase() === end.port.toLowerCase();
  return [...(graph?.inports.values() ?? [])].find(isIt)?.public ?? null;
}

/** @param {import("../core/graph.js").Graph | undefined} graph */
function freshName(graph) {
  for (;;) {
    const name = `by-hand-${Math.random().toString(36).slice(2, 8)}`;
    if (!graph?.inports.has(name)) return name;
  }
}
