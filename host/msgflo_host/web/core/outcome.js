// @ts-check
// Checks that the runtime has applied a graph command whose answer was lost. Pure.

import { canonical, edgeKey, initialKey } from "./graph.js";

/** @typedef {import("./graph.js").Graph} Graph */

/** @param {{metadata: Record<string, unknown>} | undefined} found @param {Record<string, unknown>} [change] null stands for an entry that is absent */
function holds(found, change = {}) {
  return found !== undefined && Object.entries(change).every(([key, value]) => canonical(found.metadata[key] ?? null) === canonical(value));
}

/** A node that the graph itself names; one that was only discovered is not listed. @param {Graph} graph @param {string} id */
function listed(graph, id) {
  const node = graph.nodes.get(id);
  return node?.metadata.discovered ? undefined : node;
}

/** @param {string[]} one @param {string[]} two */
const sameNodes = (one, two) => canonical([...one].sort()) === canonical([...two].sort());

/** @type {import("./graph.js").ForEachCommand<boolean>} */
const APPLIED = {
  clear: (graph) => [...graph.nodes.keys()].every((id) => !listed(graph, id)),
  addnode: (graph, { id, metadata }) => holds(listed(graph, id), metadata),
  removenode: (graph, { id }) => !listed(graph, id),
  renamenode: (graph, { from, to }) => !listed(graph, from) && graph.nodes.has(to),
  changenode: (graph, { id, metadata }) => holds(listed(graph, id), metadata),
  addedge: (graph, { src, tgt, metadata }) => holds(graph.edges.get(edgeKey(src, tgt)), metadata),
  removeedge: (graph, { src, tgt }) => !graph.edges.has(edgeKey(src, tgt)),
  changeedge: (graph, { src, tgt, metadata }) => holds(graph.edges.get(edgeKey(src, tgt)), metadata),
  addinitial: (graph, { src, tgt, metadata }) => holds(graph.initials.get(initialKey(tgt, src.data)), metadata),
  removeinitial(graph, { src, tgt }) {
    if (src && "data" in src) return !graph.initials.has(initialKey(tgt, src.data));
    return [...graph.initials.values()].every((each) => edgeKey(null, each.tgt) !== edgeKey(null, tgt));
  },
  addgroup(graph, { name, nodes, metadata }) {
    const found = graph.groups.get(name);
    return found !== undefined && holds(found, metadata) && sameNodes(found.nodes, nodes);
  },
  removegroup: (graph, { name }) => !graph.groups.has(name),
  renamegroup: (graph, { from, to }) => !graph.groups.has(from) && graph.groups.has(to),
  changegroup: (graph, { name, metadata }) => holds(graph.groups.get(name), metadata),
  addinport: ({ inports }, { public: name, metadata }) => holds(inports.get(name), metadata),
  removeinport: ({ inports }, { public: name }) => !inports.has(name),
  renameinport: ({ inports }, { from, to }) => !inports.has(from) && inports.has(to),
  addoutport: ({ outports }, { public: name, metadata }) => holds(outports.get(name), metadata),
  removeoutport: ({ outports }, { public: name }) => !outports.has(name),
  renameoutport: ({ outports }, { from, to }) => !outports.has(from) && outports.has(to),
};

/**
 * True if a graph is as it is after a command.
 * @template {import("./graph.js").Name} N
 * @param {Graph} graph @param {N} name @param {import("./graph.js").Payloads[N]} payload
 */
export function isApplied(graph, name, payload) {
  return APPLIED[name](graph, payload);
}
