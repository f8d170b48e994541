// @ts-check
// Whether a component runs after it was saved, by the health of its nodes. Pure.

import { NOT_THERE, nodeKey } from "../core/health.js";

/**
 * What the health of one node means for a component.
 * @param {Pick<import("../core/system.js").System, "graphs" | "health">} system @param {string} component @param {{graph: string, node: string}} node
 * @returns {{text: string, runs: boolean}} why the node fails, for people, or whether it is there; neither where it is no node of this component
 */
export function afterSaving({ graphs, health }, component, { graph, node }) {
  if (graphs.get(graph)?.nodes.get(node)?.component !== component) return { text: "", runs: false };
  const { icon = "", error = "" } = health.get(nodeKey(graph, node)) ?? {};
  // The time of the next try is left out: it would be another text with each.
  return { text: error && `${node}: ${error.replace(/; it is started again in [^;]*$/, "")}`, runs: !error && icon !== "" && !NOT_THERE.has(icon) };
}
