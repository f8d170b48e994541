// @ts-check
// What takes a graph command back, from the state before it. Pure.

import { edgeKey, initialKey } from "./graph.js";

/**
 * @typedef {import("./graph.js").Graph} Graph
 * @typedef {[command: string, payload: any]} Command
 * @typedef {Command | ((graph: Graph) => Command | null)} Step  A function is asked when it is the step's turn: groups are written
 *   whole, and somebody else may have changed them since.
 */

/** The metadata that a change overwrites, as a change that writes it again. @param {Record<string, any>} old @param {Record<string, any>} change */
function overwritten(old, change) {
  return Object.fromEntries(Object.keys(change).map((key) => [key, old[key] ?? null]));
}

/** @param {Graph} graph @param {string} node @returns {Step[]} */
function membership(graph, node) {
  return [...graph.groups.values()]
    .filter((group) => group.nodes.includes(node))
    .map(({ name }) => (now) => {
      const group = now.groups.get(name);
      return group ? ["addgroup", { name, nodes: [...group.nodes, node] }] : null;
    });
}

/** @param {Graph} graph @param {(node: string) => boolean} has @returns {Step[]} all that is attached to some nodes */
function attached(graph, has) {
  const { edges, initials, inports, outports } = graph;
  return [
    ...[...edges.values()].filter((e) => has(e.src.node) || has(e.tgt.node)).map(addEdge),
    ...[...initials.values()].filter((each) => has(each.tgt.node)).map(addInitial),
    ...[...inports.values()].filter((each) => has(each.node)).map((each) => addExport("inport", each)),
    ...[...outports.values()].filter((each) => has(each.node)).map((each) => addExport("outport", each)),
  ];
}

/** The nodes that a command on what is there names. @param {any} payload @returns {string[]} */
function named({ id, node, from, nodes = [], src, tgt }) {
  return [...new Set([id, node, from, src?.node, tgt?.node, ...nodes])].filter((each) => typeof each === "string");
}

/**
 * A command that names a discovered participant makes a node of the graph of it: it is let go again, unless somebody uses it by
 * now. Where it stands is no use.
 * @param {Graph} graph @param {string} command @param {any} payload @returns {Step[]}
 */
function letGo(graph, command, payload) {
  if (command.startsWith("rename") && command !== "renamenode") return []; // of groups and exports
  return named(payload).filter((id) => graph.nodes.get(id)?.metadata.discovered).map((id) => (now) => {
    const { discovered, x, y, ...kept } = now.nodes.get(id)?.metadata ?? {};
    const isUsed = attached(now, (node) => node === id).length + membership(now, id).length + Object.keys(kept).length > 0;
    return discovered || isUsed ? null : ["removenode", { id }];
  });
}

/** @param {import("./graph.js").Node} node @returns {Command} */
function addNode({ id, component, metadata }) {
  const { discovered, ...kept } = metadata; // a mark of the runtime, not the graph's
  return ["addnode", { id, component, metadata: kept }];
}

/** @param {import("./graph.js").Edge} edge @returns {Command} */
const addEdge = ({ src, tgt, metadata }) => ["addedge", { src, tgt, metadata }];

/** @param {import("./graph.js").Initial} initial @returns {Command} */
const addInitial = ({ tgt, data, metadata }) => ["addinitial", { src: { data }, tgt, metadata }];

/** @param {string} side @param {import("./graph.js").Export} port @returns {Command} */
const addExport = (side, port) => [`add${side}`, { ...port }];

/** @param {import("./graph.js").Group} group @returns {Command} */
const addGroup = ({ name, nodes, metadata }) => ["addgroup", { name, nodes, metadata }];

/** @type {Record<string, (graph: Graph, payload: any) => Step[]>} */
const INVERSES = {
  clear(graph) {
    const nodes = [...graph.nodes.values()].filter((node) => !node.metadata.discovered);
    return [...nodes.map(addNode), ...attached(graph, () => true), ...[...graph.groups.values()].map(addGroup)];
  },
  addnode(graph, { id, metadata = {} }) {
    const old = graph.nodes.get(id);
    // A discovered one is not in the graph: adding it lists it.
    if (old === undefined || old.metadata.discovered) return [["removenode", { id }]];
    return [["changenode", { id, metadata: overwritten(old.metadata, metadata) }]];
  },
  removenode(graph, { id }) {
    const old = graph.nodes.get(id);
    return old === undefined || old.metadata.discovered ? [] : [addNode(old), ...attached(graph, (node) => node === id), ...membership(graph, id)];
  },
  renamenode: (_, { from, to }) => [["renamenode", { from: to, to: from }]],
  changenode(graph, { id, metadata }) {
    return [["changenode", { id, metadata: overwritten(graph.nodes.get(id)?.metadata ?? {}, metadata) }]];
  },
  addedge(graph, { src, tgt, metadata = {} }) {
    const old = graph.edges.get(edgeKey(src, tgt));
    if (old === undefined) return [["removeedge", { src, tgt }]];
    return [["changeedge", { src, tgt, metadata: overwritten(old.metadata, metadata) }]];
  },
  removeedge(graph, { src, tgt }) {
    const old = graph.edges.get(edgeKey(src, tgt));
    return old === undefined ? [] : [addEdge(old)];
  },
  changeedge(graph, { src, tgt, metadata }) {
    const old = graph.edges.get(edgeKey(src, tgt))?.metadata ?? {};
    return [["changeedge", { src, tgt, metadata: overwritten(old, metadata) }]];
  },
  addinitial(graph, { src, tgt, metadata = {} }) {
    const old = graph.initials.get(initialKey(tgt, src.data));
    if (old === undefined) return [["removeinitial", { src: { data: src.data }, tgt }]];
    return [["addinitial", { src: { data: src.data }, tgt, metadata: overwritten(old.metadata, metadata) }]];
  },
  removeinitial(graph, { src, tgt }) {
    const port = edgeKey(null, tgt);
    const wanted = src && "data" in src ? initialKey(tgt, src.data) : null;
    const gone = [...graph.initials.values()].filter((each) =>
      wanted === null ? edgeKey(null, each.tgt) === port : each.key === wanted);
    return gone.map(addInitial);
  },
  addgroup(graph, { name, metadata = {} }) {
    const old = graph.groups.get(name);
    if (old === undefined) return [["removegroup", { name }]];
    return [["addgroup", { name, nodes: old.nodes, metadata: overwritten(old.metadata, metadata) }]];
  },
  removegroup(graph, { name }) {
    const old = graph.groups.get(name);
    return old === undefined ? [] : [addGroup(old)];
  },
  renamegroup: (_, { from, to }) => [["renamegroup", { from: to, to: from }]],
  changegroup(graph, { name, metadata }) {
    return [["changegroup", { name, metadata: overwritten(graph.groups.get(name)?.metadata ?? {}, metadata) }]];
  },
};

for (const [side, ports] of /** @type {const} */ ([["inport", "inports"], ["outport", "outports"]])) {
  INVERSES[`add${side}`] = (graph, { public: name, metadata = {} }) => {
    const old = graph[ports].get(name);
    if (old === undefined) return [[`remove${side}`, { public: name }]];
    return [[`add${side}`, { ...old, metadata: overwritten(old.metadata, metadata) }]];
  };
  INVERSES[`remove${side}`] = (graph, { public: name }) => {
    const old = graph[ports].get(name);
    return old === undefined ? [] : [addExport(side, old)];
  };
  INVERSES[`rename${side}`] = (_, { from, to }) => [[`rename${side}`, { from: to, to: from }]];
}

/**
 * The steps that take a command back, in order; none for one that changes nothing.
 * @param {Graph} graph as it is before the command @param {string} command @param {any} payload @returns {Step[]}
 */
export function inverse(graph, command, payload) {
  if (!Object.hasOwn(INVERSES, command)) return [];
  const steps = INVERSES[command](graph, payload);
  return steps.length > 0 && command !== "addnode" ? [...steps, ...letGo(graph, command, payload)] : steps;
}
