// @ts-check
// Saves a foreign device: its file into the project's folder, its node into the graph.

import { wrongName } from "../core/names.js";
import { namespaceOf } from "../core/project.js";
import { unlock } from "../core/secret.js";

/** The capabilities that saving takes. */
export const NEEDS = ["component:setsource", "protocol:graph"];

/** The mistake in a role, or "". @param {string} role @param {import("../core/system.js").System} system */
export function wrongRole(role, system) {
  const isTaken = mainGraph(system)?.nodes.has(role) || system.status.nodes.some((node) => node.id === role);
  return isTaken ? "There is a node of that name already" : wrongName(role);
}

/** @param {import("../core/system.js").System} system */
const mainGraph = (system) => system.graphs.get(system.main);

/**
 * Write the file and add the node, and ask for a secret where that takes another one. Rejects with an Error without such a
 * secret, and when the file is refused; the page reports by itself what the graph refuses.
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
