// @ts-check
/** The role of a new device: which is proposed, and which are allowed. */
import { freeName, wrongName } from "../core/names.js";
import { componentOf } from "./kinds.js";

/**
 * A role for a new device of a kind: the first of button1, button2, … that nobody has, or that was one of its kind.
 * @param {import("../core/system.js").System} system @param {string} kind @param {Set<string>} mine roles of devices of this page
 */
export function proposedRole(system, kind, mine) {
  const first = `${kind.replace(/\d$/, "$&-")}1`; // sensor433-1
  return freeName(first, (role) => mine.has(role) || !isFree(system, role, componentOf(kind)));
}

/** @param {import("../core/system.js").System} system @param {string} role @param {string} component */
function isFree(system, role, component) {
  const status = system.status?.nodes?.find((each) => each.id === role);
  const node = (system.graphs.get(system.main) ?? system.graph)?.nodes.get(role);
  if (!status && !node) return true;
  // Its wires wait for a device in this role. That of an instrument runs on the dashboard.
  const is = node?.component ?? status?.component;
  return is === component && !node?.metadata?.dashboard && status !== undefined && status.state !== "alive";
}

/** What is wrong with a role of a device here, or "". @param {string} role @param {Set<string>} mine */
export const wrongRole = (role, mine) => (mine.has(role) ? "There is a device of that name on this page" : wrongName(role));
