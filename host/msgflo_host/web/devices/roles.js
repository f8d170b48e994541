// @ts-check
/** Which role a new device gets, and which ones it may have. */
import { freeName, wrongName } from "../core/names.js";
import { componentOf } from "./kinds.js";

/**
 * A role for a new device of a kind: the first of button1, button2, … that nobody plays, or that was one of its kind.
 * @param {import("../core/system.js").System} system
 * @param {string} kind
 * @param {Set<string>} mine roles that devices of this page play
 */
export function proposedRole(system, kind, mine) {
  const first = `${kind.replace(/\d$/, "$&-")}1`; // sensor433-1
  return freeName(first, (role) => mine.has(role) || !isFree(system, role, componentOf(kind)));
}

function isFree(system, role, component) {
  const status = system.status?.nodes?.find((each) => each.id === role);
  const node = (system.graphs.get(system.main) ?? system.graph)?.nodes.get(role);
  if (!status && !node) return true;
  // Its wires wait for somebody to play it again. An instrument is played by the dashboard.
  const is = node?.component ?? status?.component;
  return is === component && !node?.metadata?.dashboard && status !== undefined && status.state !== "alive";
}

/** What is wrong with a role of a device here, or "". */
export const wrongRole = (role, mine) => (mine.has(role) ? "There is a device of that name on this page" : wrongName(role));
