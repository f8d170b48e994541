// @ts-check
// A graph as the page holds it, and how each graph:* command changes it. Pure.

/**
 * @typedef {{node: string, port: string, index?: number | string}} End
 * @typedef {{id: string, component: string, metadata: Record<string, any>}} Node
 * @typedef {{key: string, src: End, tgt: End, metadata: Record<string, any>}} Edge
 * @typedef {{key: string, tgt: End, data: any, metadata: Record<string, any>}} Initial
 * @typedef {{public: string, node: string, port: string, metadata: Record<string, any>}} Export
 * @typedef {{name: string, nodes: string[], metadata: Record<string, any>}} Group
 * @typedef {{id: string, nodes: Map<string, Node>, edges: Map<string, Edge>, initials: Map<string, Initial>,
 *   inports: Map<string, Export>, outports: Map<string, Export>, groups: Map<string, Group>, started: boolean}} Graph
 * @typedef {"nodes" | "edges" | "initials" | "groups" | "exports"} Kind
 */

/** @param {string} id @returns {Graph} */
export function emptyGraph(id) {
  const maps = { nodes: new Map(), edges: new Map(), initials: new Map(), groups: new Map() };
  return { id, ...maps, inports: new Map(), outports: new Map(), started: true };
}

/** Names that hold what separates them are told apart by escapes; common names stay as they are. @param {string} text */
const escape = (text) => text.replace(/[% .[\]]/g, (c) => `%${c.charCodeAt(0).toString(16)}`);

/** @param {End} end */
function endKey(end) {
  const index = end.index ?? null;
  return `${escape(end.node)}.${escape(end.port.toLowerCase())}${index === null ? "" : `[${escape(String(index))}]`}`;
}

/** The key of an edge, `node.port[index] node.port[index]`; of the packets that a graph sends itself to a port, where `src` is null.
 * @param {End | null | undefined} src @param {End} tgt */
export function edgeKey(src, tgt) {
  return `${src ? endKey(src) : ""} ${endKey(tgt)}`;
}

/** The key of an initial packet: the same data to the same port is one. @param {End} tgt @param {any} data */
export function initialKey(tgt, data) {
  return `${endKey(tgt)} ${canonical(data)}`;
}

/** JSON whose keys are in order. @param {any} data @returns {string} */
export function canonical(data) {
  const sorted = (/** @type {string} */ _, /** @type {any} */ value) =>
    value !== null && typeof value === "object" && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value;
  return JSON.stringify(data, sorted) ?? "null";
}

/** Read a graph in the JSON of https://github.com/flowbased/fbp. @param {string} id @param {any} json @returns {Graph} */
export function readGraph(id, json) {
  const graph = emptyGraph(id);
  const end = (/** @type {any} */ { process, ...rest }) => ({ node: process, ...rest });
  for (const [node, { component, metadata }] of Object.entries(json.processes ?? {})) {
    apply(graph, "addnode", { id: node, component, metadata });
  }
  for (const { src, tgt, data, metadata } of json.connections ?? []) {
    if (src) apply(graph, "addedge", { src: end(src), tgt: end(tgt), metadata });
    else apply(graph, "addinitial", { src: { data }, tgt: end(tgt), metadata });
  }
  for (const side of ["inport", "outport"]) {
    for (const [name, { process, port, metadata }] of Object.entries(json[`${side}s`] ?? {})) {
      apply(graph, `add${side}`, { public: name, node: process, port, metadata });
    }
  }
  for (const group of json.groups ?? []) apply(graph, "addgroup", group);
  return graph;
}

/** The metadata of a node without a place that only editors without a layout of their own need. @param {any} metadata */
function own(metadata) {
  const { x, y, unplaced, ...kept } = metadata ?? {};
  return unplaced || kept.discovered ? kept : { ...metadata };
}

// What a runtime tells of metadata is the whole of it, so it takes the place of what was there.
/** @type {Record<string, (graph: Graph, payload: any) => Kind[]>} */
const ACTIONS = {
  clear(graph) {
    Object.assign(graph, { ...emptyGraph(graph.id), started: graph.started });
    return ["nodes", "edges", "initials", "groups", "exports"];
  },
  addnode(graph, { id, component, metadata }) {
    graph.nodes.set(id, { id, component, metadata: own(metadata) });
    return ["nodes"];
  },
  removenode(graph, { id }) {
    graph.nodes.delete(id);
    for (const [key, { src, tgt }] of graph.edges) if (src.node === id || tgt.node === id) graph.edges.delete(key);
    for (const [key, { tgt }] of graph.initials) if (tgt.node === id) graph.initials.delete(key);
    for (const ports of [graph.inports, graph.outports]) {
      for (const [name, { node }] of ports) if (node === id) ports.delete(name);
    }
    for (const group of graph.groups.values()) group.nodes = group.nodes.filter((node) => node !== id);
    return ["nodes", "edges", "initials", "groups", "exports"];
  },
  renamenode(graph, { from, to }) {
    const node = graph.nodes.get(from);
    if (node === undefined) return [];
    renameNode(graph, node, to);
    return ["nodes", "edges", "initials", "groups", "exports"];
  },
  changenode(graph, { id, metadata }) {
    const node = graph.nodes.get(id);
    if (node !== undefined) graph.nodes.set(id, { ...node, metadata: own(metadata) });
    return ["nodes"];
  },
  addedge(graph, { src, tgt, metadata }) {
    const key = edgeKey(src, tgt);
    graph.edges.set(key, { key, src, tgt, metadata: { ...metadata } });
    return ["edges"];
  },
  removeedge(graph, { src, tgt }) {
    graph.edges.delete(edgeKey(src, tgt));
    return ["edges"];
  },
  changeedge(graph, payload) {
    return ACTIONS.addedge(graph, payload);
  },
  addinitial(graph, { src: { data }, tgt, metadata }) {
    const key = initialKey(tgt, data);
    graph.initials.set(key, { key, tgt, data, metadata: { ...metadata } });
    return ["initials"];
  },
  removeinitial(graph, { src, tgt }) {
    const wanted = src && "data" in src ? initialKey(tgt, src.data) : null;
    for (const key of graph.initials.keys()) {
      if (wanted === null ? key.startsWith(`${endKey(tgt)} `) : key === wanted) graph.initials.delete(key);
    }
    return ["initials"];
  },
  addgroup(graph, { name, nodes, metadata }) {
    graph.groups.set(name, { name, nodes: [...nodes], metadata: { ...metadata } });
    return ["groups"];
  },
  removegroup(graph, { name }) {
    graph.groups.delete(name);
    return ["groups"];
  },
  renamegroup(graph, { from, to }) {
    rekey(graph.groups, from, to, (group) => ({ ...group, name: to }));
    return ["groups"];
  },
  changegroup(graph, { name, metadata }) {
    const group = graph.groups.get(name);
    if (group !== undefined) graph.groups.set(name, { ...group, metadata: { ...metadata } });
    return ["groups"];
  },
};

for (const [side, ports] of /** @type {const} */ ([["inport", "inports"], ["outport", "outports"]])) {
  ACTIONS[`add${side}`] = (graph, { public: name, node, port, metadata }) => {
    graph[ports].set(name, { public: name, node, port, metadata: { ...metadata } });
    return ["exports"];
  };
  ACTIONS[`remove${side}`] = (graph, { public: name }) => {
    graph[ports].delete(name);
    return ["exports"];
  };
  ACTIONS[`rename${side}`] = (graph, { from, to }) => {
    rekey(graph[ports], from, to, (port) => ({ ...port, public: to }));
    return ["exports"];
  };
}

/** Give an entry another key, in its place. @template T @param {Map<string, T>} map @param {string} from @param {string} to @param {(value: T) => T} change */
function rekey(map, from, to, change) {
  const entries = [...map];
  map.clear();
  for (const [key, value] of entries) {
    if (key === from) map.set(to, change(value));
    else map.set(key, value);
  }
}

/** @param {Graph} graph @param {Node} node @param {string} to */
function renameNode(graph, node, to) {
  const moved = (/** @type {End} */ end) => (end.node === node.id ? { ...end, node: to } : end);
  const edges = [...graph.edges.values()];
  const initials = [...graph.initials.values()];
  graph.edges.clear();
  graph.initials.clear();
  if (to !== node.id) graph.nodes.delete(to); // one that was discovered, and shown until now
  rekey(graph.nodes, node.id, to, (old) => ({ ...old, id: to }));
  for (const edge of edges) ACTIONS.addedge(graph, { ...edge, src: moved(edge.src), tgt: moved(edge.tgt) });
  for (const { data, tgt, metadata } of initials) ACTIONS.addinitial(graph, { src: { data }, tgt: moved(tgt), metadata });
  for (const ports of [graph.inports, graph.outports]) {
    for (const [name, port] of ports) ports.set(name, port.node === node.id ? { ...port, node: to } : port);
  }
  for (const group of graph.groups.values()) group.nodes = group.nodes.map((each) => (each === node.id ? to : each));
}

/**
 * Carry out what a runtime has told.
 * @param {Graph} graph @param {string} command @param {any} payload
 * @returns {Kind[]} the kinds of things that are others now; none for a command that is unknown
 */
export function apply(graph, command, payload) {
  return Object.hasOwn(ACTIONS, command) ? ACTIONS[command](graph, payload) : [];
}
