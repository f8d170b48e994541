// @ts-check
// The dialog that adds an instrument: which kind, and in which role.

import { element, formDialog } from "../core/dom.js";
import { allKinds, componentOf } from "../devices/kinds.js";
import { proposedRole, wrongRole } from "../devices/roles.js";

/**
 * @param {import("../core/system.js").System} system @param {import("../core/graph.js").Graph} graph the main one @param {Set<string>} roles of instruments
 * @returns {Promise<{kind: import("../devices/kinds.js").Kind, role: string} | null>} null when nothing was chosen
 */
export async function askInstrument(system, graph, roles) {
  const all = await allKinds();
  await system.askStatus(); // somebody else may have taken a role a moment ago
  const kind = element("select", { change: () => propose() }, ...all.map((each) => element("option", { value: each.kind }, `${each.name}: ${each.label}`)));
  const role = element("input", { autocomplete: "off", spellcheck: false, input: () => check() });
  const name = () => role.value.trim();
  const check = () => role.setCustomValidity(wrongRole(name(), roles) || taken(graph, name(), kind.value));
  const propose = () => {
    role.value = proposedRole(system, kind.value, roles);
    check();
  };
  propose();
  const content = [
    element("label", { className: "field" }, element("span", {}, "Kind"), kind),
    element("label", { className: "field" }, element("span", {}, "Role"), role),
    element("p", { className: "hint" }, "It is added to the graph, where wires are drawn to it; topics and wires of a node of that name are its own."),
  ];
  const chosen = await formDialog({ title: "Add an instrument", content, yes: "Add", read: () => ({ kind: kind.value, role: name() }) });
  const found = all.find((each) => each.kind === chosen?.kind);
  return chosen && found ? { kind: found, role: chosen.role } : null;
}

/** @param {import("../core/graph.js").Graph} graph @param {string} role @param {string} kind @returns {string} why the role is not free, or "" */
function taken(graph, role, kind) {
  const component = graph.nodes.get(role)?.component;
  return component === undefined || component === componentOf(kind) ? "" : `In the graph, ${role} is another component: ${component}`;
}
