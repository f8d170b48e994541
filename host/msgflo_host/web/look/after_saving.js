// @ts-check
// How it goes with a component that was saved, by what is told of its nodes. Pure.

import { NOT_THERE, nodeKey } from "../core/health.js";

/**
 * What is told of one node says of a component.
 * @param {Pick<import("../core/system.js").System, "graphs" | "health">} system @param {string} component @param {{graph: string, node: string}} told
 * @returns {{text: string, runs: boolean}} why the node fails, for people, or whether it is there; neither where it is no node of this component
 */
export function afterSaving({ graphs, health }, component, { graph, node }) {
  if (graphs.get(graph)?.nodes.get(node)?.component !== component) return { text: "", runs: false };
  const { icon = "", error = "" } = health.get(nodeKey(graph, node)) ?? {};
  // When it is tried again is another time each time.
  return { text: error && `${node}: ${error.replace(/; it is started again in [^;]*$/, "")}`, runs: !error && icon !== "" && !NOT_THERE.has(icon) };
}
