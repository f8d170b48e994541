// @ts-check
// Checks that all steps of an edit can still be carried out. Pure.

import { apply, edgeKey } from "./graph.js";

/**
 * @typedef {import("./graph.js").Graph} Graph
 * @typedef {import("./inverse.js").Step} Step
 */

/** The nodes, groups and edges that a command needs and that are missing, in words. @type {Partial<import("./graph.js").ForEachCommand<string[]>>} */
const MISSING = {
  changenode: (graph, { id }) => nodes(graph, [id]),
  renamenode: (graph, { from, to }) => [...nodes(graph, [from]), ...(isListed(graph, to) ? [`there is a node ${to} already`] : [])],
  addedge: (graph, { src, tgt }) => known(graph, [src.node, tgt.node]),
  changeedge: (graph, { src, tgt }) => (graph.edges.has(edgeKey(src, tgt)) ? [] : [`${src.node} ${src.port} is not connected to ${tgt.node} ${tgt.port}`]),
  addinitial: (graph, { tgt }) => known(graph, [tgt.node]),
  addinport: (graph, { node }) => known(graph, [node]),
  addoutport: (graph, { node }) => known(graph, [node]),
  addgroup: (graph, { nodes: all }) => known(graph, all),
  changegroup: (graph, { name }) => group(graph, name),
  renamegroup: (graph, { from }) => group(graph, from),
};

/** A command on a discovered node would add it to the graph. @param {Graph} graph @param {string} id */
const isListed = (graph, id) => graph.nodes.has(id) && !graph.nodes.get(id)?.metadata.discovered;

/** @param {Graph} graph @param {string[]} ids */
const nodes = (graph, ids) => ids.filter((id) => !isListed(graph, id)).map((id) => `there is no node ${id} in the graph`);

/** @param {Graph} graph @param {string[]} ids */
const known = (graph, ids) => ids.filter((id) => !graph.nodes.has(id)).map((id) => `there is no node ${id}`);

/** @param {Graph} graph @param {string} name */
const group = (graph, name) => (graph.groups.has(name) ? [] : [`there is no group ${name}`]);

/** @template {import("./graph.js").Name} N @param {Graph} graph @param {N} name @param {import("./graph.js").Payloads[N]} payload */
const missingFor = (graph, name, payload) => MISSING[name]?.(graph, payload) ?? [];

/**
 * Why some of these steps can no longer be carried out, for people; empty where all can.
 * @param {Graph} graph which stays as it is @param {Step[]} steps
 */
export function whyNot(graph, steps) {
  const later = structuredClone(graph);
  for (const step of steps) {
    const command = typeof step === "function" ? step(later) : step;
    if (command === null) continue;
    const [name, payload] = command;
    const [missing] = missingFor(later, name, payload);
    if (missing !== undefined) return missing;
    apply(later, name, payload);
  }
  return "";
}
