// @ts-check
// From the text of a foreign device to a node: its file goes into the project's folder, its node into the graph.

import { wrongName } from "../core/names.js";
import { namespaceOf } from "../core/project.js";
import { unlock } from "../core/secret.js";

/** What saving takes. */
export const NEEDS = ["component:setsource", "protocol:graph"];

/** What is wrong with a role, or "". @param {string} role @param {import("../core/system.js").System} system */
export function wrongRole(role, system) {
  const isTaken = mainGraph(system)?.nodes.has(role) || system.status.nodes.some((node) => node.id === role);
  return isTaken ? "There is a node of that name already" : wrongName(role);
}

/** @param {import("../core/system.js").System} system */
const mainGraph = (system) => system.graphs.get(system.main);

/**
 * Write the file and add the node; people are asked for a secret where that takes another one. Rejects with an Error when they have
 * none, and when the file is refused; what the graph refuses is told by itself.
 * @param {import("../core/registry.js").Context} context @param {string} role @param {string} name without the namespace @param {string} code
 * @returns {Promise<boolean>} whether the node is there
 */
export async function save({ system, fbp, edits }, role, name, code) {
  await unlock({ system, fbp }, NEEDS);
  const library = namespaceOf(system);
  await fbp.request("component", "source", { name, library, language: "yaml", code });
  if (system.current !== system.main) await system.show(system.main);
  return edits.run(`Adopt ${role}`, [["addnode", { id: role, component: `${library}/${name}` }]]);
}
