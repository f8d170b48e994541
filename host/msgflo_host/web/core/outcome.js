// @ts-check
// Whether a graph command is in force: asked where its answer was lost. Pure.

import { canonical, edgeKey, initialKey } from "./graph.js";

/** @typedef {import("./graph.js").Graph} Graph */

/** @param {{metadata: Record<string, any>} | undefined} found @param {Record<string, any>} [wanted] null is what is not there */
function holds(found, wanted = {}) {
  return found !== undefined && Object.entries(wanted).every(([key, value]) => canonical(found.metadata[key] ?? null) === canonical(value));
}

/** A node of the graph itself, not one that is shown because it was discovered. @param {Graph} graph @param {string} id */
function listed(graph, id) {
  const node = graph.nodes.get(id);
  return node?.metadata.discovered ? undefined : node;
}

/** @param {string[]} one @param {string[]} two */
const sameNodes = (one, two) => canonical([...one].sort()) === canonical([...two].sort());

/** @type {Record<string, (graph: Graph, payload: any) => boolean>} */
const IN_FORCE = {
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
    return holds(found, metadata) && sameNodes(/** @type {any} */ (found).nodes, nodes);
  },
  removegroup: (graph, { name }) => !graph.groups.has(name),
  renamegroup: (graph, { from, to }) => !graph.groups.has(from) && graph.groups.has(to),
  changegroup: (graph, { name, metadata }) => holds(graph.groups.get(name), metadata),
};

for (const [side, ports] of /** @type {const} */ ([["inport", "inports"], ["outport", "outports"]])) {
  IN_FORCE[`add${side}`] = (graph, { public: name, metadata }) => holds(graph[ports].get(name), metadata);
  IN_FORCE[`remove${side}`] = (graph, { public: name }) => !graph[ports].has(name);
  IN_FORCE[`rename${side}`] = (graph, { from, to }) => !graph[ports].has(from) && graph[ports].has(to);
}

/**
 * Whether a graph is as it is after a command.
 * @param {Graph} graph @param {string} command @param {any} payload
 */
export function isInForce(graph, command, payload) {
  return Object.hasOwn(IN_FORCE, command) && IN_FORCE[command](graph, payload);
}
