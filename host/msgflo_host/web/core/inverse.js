// @ts-check
// Steps that undo a graph command, made from the graph before it. Pure.

import { edgeKey, initialKey } from "./graph.js";

/**
 * @typedef {import("./graph.js").Graph} Graph
 * @typedef {import("./graph.js").Name} Name
 * @typedef {import("./graph.js").Payloads} Payloads
 * @typedef {import("./graph.js").Command} Command
 * @typedef {import("./graph.js").Export} Export
 * @typedef {Command | ((graph: Graph) => Command | null)} Step  A function is called when it is the step's turn: groups are written
 *   whole, and somebody else may have changed them in between.
 */

/** The change that restores the metadata which another change overwrites. @param {Record<string, unknown>} old @param {Record<string, unknown>} change */
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

/** @param {Graph} graph @param {(node: string) => boolean} has @returns {Command[]} everything attached to some nodes */
function attached(graph, has) {
  const { edges, initials, inports, outports } = graph;
  return [
    ...[...edges.values()].filter((e) => has(e.src.node) || has(e.tgt.node)).map(addEdge),
    ...[...initials.values()].filter((each) => has(each.tgt.node)).map(addInitial),
    ...[...inports.values()].filter((each) => has(each.node)).map((each) => addExport("inport", each)),
    ...[...outports.values()].filter((each) => has(each.node)).map((each) => addExport("outport", each)),
  ];
}

/** The existing nodes that a command names. @param {Payloads[Name]} payload */
function named(payload) {
  /** @type {{[key: string]: unknown, id?: string, node?: string, from?: string, nodes?: string[], src?: {node?: string, data?: unknown}, tgt?: {node: string}}} */
  const { id, node, from, nodes = [], src, tgt } = payload;
  return [...new Set([id, node, from, src?.node, tgt?.node, ...nodes])].filter((each) => each !== undefined);
}

/**
 * A command that names a discovered participant adds it to the graph. It is removed again, unless it is in use by then; a place
 * on the page is no use.
 * @param {Graph} graph @param {Name} name @param {Payloads[Name]} payload @returns {Step[]}
 */
function dropDiscovered(graph, name, payload) {
  if (name.startsWith("rename") && name !== "renamenode") return []; // of groups and exports
  return named(payload).filter((id) => graph.nodes.get(id)?.metadata.discovered).map((id) => (now) => {
    const { discovered, x, y, ...rest } = now.nodes.get(id)?.metadata ?? {};
    const isUsed = attached(now, (node) => node === id).length + membership(now, id).length + Object.keys(rest).length > 0;
    return discovered || isUsed ? null : ["removenode", { id }];
  });
}

/** @param {import("./graph.js").Node} node @returns {Command} */
function addNode({ id, component, metadata }) {
  const { discovered, ...rest } = metadata; // the runtime sets it
  return ["addnode", { id, component, metadata: rest }];
}

/** @param {import("./graph.js").Edge} edge @returns {Command} */
const addEdge = ({ src, tgt, metadata }) => ["addedge", { src, tgt, metadata }];

/** @param {import("./graph.js").Initial} initial @returns {Command} */
const addInitial = ({ tgt, data, metadata }) => ["addinitial", { src: { data }, tgt, metadata }];

/** @param {"inport" | "outport"} side @param {Export} port @returns {Command} */
const addExport = (side, port) => [/** @type {const} */ (`add${side}`), { ...port }];

/** @param {import("./graph.js").Group} group @returns {Command} */
const addGroup = ({ name, nodes, metadata }) => ["addgroup", { name, nodes, metadata }];

/** @type {import("./graph.js").ForEachCommand<Step[]>} */
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
  addinitial(graph, { src: { data }, tgt, metadata = {} }) {
    const old = graph.initials.get(initialKey(tgt, data));
    if (old === undefined) return [["removeinitial", { src: { data }, tgt }]];
    return [["addinitial", { src: { data }, tgt, metadata: overwritten(old.metadata, metadata) }]];
  },
  removeinitial(graph, { src, tgt }) {
    const port = edgeKey(null, tgt);
    const key = src && "data" in src ? initialKey(tgt, src.data) : null;
    const removed = [...graph.initials.values()].filter((each) => (key === null ? edgeKey(null, each.tgt) === port : each.key === key));
    return removed.map(addInitial);
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
  addinport: (graph, payload) => inverseOfAdd("inport", graph.inports, payload),
  removeinport: (graph, payload) => inverseOfRemove("inport", graph.inports, payload),
  renameinport: (_, { from, to }) => [["renameinport", { from: to, to: from }]],
  addoutport: (graph, payload) => inverseOfAdd("outport", graph.outports, payload),
  removeoutport: (graph, payload) => inverseOfRemove("outport", graph.outports, payload),
  renameoutport: (_, { from, to }) => [["renameoutport", { from: to, to: from }]],
};

/** @param {"inport" | "outport"} side @param {Map<string, Export>} ports @param {Payloads["addinport"]} payload @returns {Step[]} */
function inverseOfAdd(side, ports, { public: name, metadata = {} }) {
  const old = ports.get(name);
  if (old === undefined) return [[/** @type {const} */ (`remove${side}`), { public: name }]];
  return [[/** @type {const} */ (`add${side}`), { ...old, metadata: overwritten(old.metadata, metadata) }]];
}

/** @param {"inport" | "outport"} side @param {Map<string, Export>} ports @param {{public: string}} payload @returns {Step[]} */
function inverseOfRemove(side, ports, { public: name }) {
  const old = ports.get(name);
  return old === undefined ? [] : [addExport(side, old)];
}

/**
 * The steps that undo a command, in order; none for one that changes nothing.
 * @template {Name} N
 * @param {Graph} graph as it is before the command @param {N} name @param {Payloads[N]} payload @returns {Step[]}
 */
export function inverse(graph, name, payload) {
  const steps = INVERSES[name](graph, payload);
  return steps.length > 0 && name !== "addnode" ? [...steps, ...dropDiscovered(graph, name, payload)] : steps;
}
