// @ts-check
// From the text of a foreign device to a node: its file goes into the component folder, its node into the graph.

import { wrongName } from "../core/names.js";
import { ask } from "../core/status.js";

const NAME = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;

/** The namespace of the components that are written here. @param {import("../core/system.js").System} system */
export const namespaceOf = (system) => String(system.runtime?.namespace ?? "home");

/** What is wrong with the name of a component, or "". @param {string} name */
export const wrongComponent = (name) => (NAME.test(name) ? "" : "At most 64 letters, digits, _ and -, beginning with a letter or digit");

/** What is wrong with a role, or "". @param {string} role @param {import("../core/system.js").System} system */
export function wrongRole(role, system) {
  const isTaken = mainGraph(system)?.nodes.has(role) || system.status.nodes.some((node) => node.id === role);
  return isTaken ? "There is a node of that name already" : wrongName(role);
}

/** @param {import("../core/system.js").System} system */
const mainGraph = (system) => system.graphs.get(system.main);

/**
 * Why a file cannot be saved from here, for people; empty when it can.
 * @param {import("../core/registry.js").Context} context @returns {Promise<string>}
 */
export async function whyNot({ system, fbp }) {
  if (!system.may("component:setsource") || !system.may("protocol:graph")) {
    return "Without a secret that allows component:setsource and protocol:graph, it cannot be saved from here.";
  }
  try {
    const answer = await ask({ fbp }, "page.json");
    if (answer.ok && !(await answer.json()).foreign) return "The coordinator runs without a component folder (--componentdir), so it cannot be saved from here.";
  } catch {
    // saving says what is wrong
  }
  return "";
}

/**
 * Write the file and add the node. Rejects with an Error when the file is refused; what the graph refuses is told by itself.
 * @param {import("../core/registry.js").Context} context @param {string} role @param {string} name without the namespace @param {string} code
 * @returns {Promise<boolean>} whether the node is there
 */
export async function save({ system, fbp, edits }, role, name, code) {
  const library = namespaceOf(system);
  await fbp.request("component", "source", { name, library, language: "yaml", code });
  if (system.current !== system.main) await system.show(system.main);
  return edits.run(`Adopt ${role}`, [["addnode", { id: role, component: `${library}/${name}` }]]);
}
