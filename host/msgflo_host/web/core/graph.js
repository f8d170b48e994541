// @ts-check
// A graph as the page holds it, and how each graph:* command changes it. Pure.

/**
 * @typedef {{node: string, port: string, index?: number | string}} End
 * @typedef {{[key: string]: unknown, x?: number, y?: number, label?: string, icon?: string, route?: number, secure?: boolean, discovered?: boolean,
 *   unplaced?: boolean, dashboard?: import("../dashboard/grid.js").Box}} Metadata
 * @typedef {{id: string, component: string, metadata: Metadata}} Node
 * @typedef {{key: string, src: End, tgt: End, metadata: Metadata}} Edge
 * @typedef {{key: string, tgt: End, data: unknown, metadata: Metadata}} Initial
 * @typedef {{public: string, node: string, port: string, metadata: Metadata}} Export
 * @typedef {{name: string, nodes: string[], metadata: Metadata}} Group
 * @typedef {{id: string, nodes: Map<string, Node>, edges: Map<string, Edge>, initials: Map<string, Initial>,
 *   inports: Map<string, Export>, outports: Map<string, Export>, groups: Map<string, Group>, started: boolean}} Graph
 * @typedef {"nodes" | "edges" | "initials" | "groups" | "exports"} Kind
 */
/**
 * The payloads of the commands of the protocol `graph`. In a change of metadata, null removes an entry.
 * @typedef {{[key: string]: unknown}} Change
 * @typedef {{from: string, to: string}} Renaming
 * @typedef {{src: End, tgt: End}} Ends
 * @typedef {{tgt: End, src?: {data?: unknown}}} Removal  of all initial packets to the port, where there is no `data`
 * @typedef {{public: string, node: string, port: string, metadata?: Change}} Exporting
 * @typedef {{
 *   clear: {id?: string},
 *   addnode: {id: string, component: string, metadata?: Change}, removenode: {id: string}, renamenode: Renaming, changenode: {id: string, metadata: Change},
 *   addedge: Ends & {metadata?: Change}, removeedge: Ends, changeedge: Ends & {metadata: Change},
 *   addinitial: {src: {data: unknown}, tgt: End, metadata?: Change}, removeinitial: Removal,
 *   addgroup: {name: string, nodes: string[], metadata?: Change}, removegroup: {name: string}, renamegroup: Renaming, changegroup: {name: string, metadata: Change},
 *   addinport: Exporting, removeinport: {public: string}, renameinport: Renaming,
 *   addoutport: Exporting, removeoutport: {public: string}, renameoutport: Renaming,
 * }} Payloads
 * @typedef {keyof Payloads} Name  of a command
 * @typedef {{[N in Name]: [name: N, payload: Payloads[N]]}[Name]} Command
 */
/**
 * One function for each command.
 * @template Result
 * @typedef {{[N in Name]: (graph: Graph, payload: Payloads[N]) => Result}} ForEachCommand
 */

/** @param {string} id @returns {Graph} */
export function emptyGraph(id) {
  const maps = { nodes: new Map(), edges: new Map(), initials: new Map(), groups: new Map() };
  return { id, ...maps, inports: new Map(), outports: new Map(), started: true };
}

/** Escape the characters that separate names in a key; common names stay as they are. @param {string} text */
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

/** The key of an initial packet: the same data to the same port is one. @param {End} tgt @param {unknown} data */
export function initialKey(tgt, data) {
  return `${endKey(tgt)} ${canonical(data)}`;
}

/** JSON whose keys are in order. @param {unknown} data @returns {string} */
export function canonical(data) {
  const sorted = (/** @type {string} */ _, /** @type {unknown} */ value) =>
    value !== null && typeof value === "object" && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value;
  return JSON.stringify(data, sorted) ?? "null";
}

/**
 * A graph in the JSON of https://github.com/flowbased/fbp.
 * @typedef {{process: string, port: string, index?: number | string}} JsonEnd
 * @typedef {{process: string, port: string, metadata?: Metadata}} JsonExport
 * @typedef {{processes?: Record<string, {component: string, metadata?: Metadata}>,
 *   connections?: {src?: JsonEnd, data?: unknown, tgt: JsonEnd, metadata?: Metadata}[],
 *   inports?: Record<string, JsonExport>, outports?: Record<string, JsonExport>, groups?: Group[]}} JsonGraph
 */

/** @param {string} id @param {JsonGraph} json @returns {Graph} */
export function readGraph(id, json) {
  const graph = emptyGraph(id);
  const end = (/** @type {JsonEnd} */ { process, ...rest }) => ({ node: process, ...rest });
  for (const [node, { component, metadata }] of Object.entries(json.processes ?? {})) {
    apply(graph, "addnode", { id: node, component, metadata });
  }
  for (const { src, tgt, data, metadata } of json.connections ?? []) {
    if (src) apply(graph, "addedge", { src: end(src), tgt: end(tgt), metadata });
    else apply(graph, "addinitial", { src: { data }, tgt: end(tgt), metadata });
  }
  for (const side of /** @type {const} */ (["inport", "outport"])) {
    for (const [name, { process, port, metadata }] of Object.entries(json[`${side}s`] ?? {})) {
      apply(graph, `add${side}`, { public: name, node: process, port, metadata });
    }
  }
  for (const group of json.groups ?? []) apply(graph, "addgroup", group);
  return graph;
}

/** The metadata of a node, without a place that the runtime has made up for editors without a layout of their own. @param {Metadata} [metadata] */
function own(metadata) {
  const { x, y, unplaced, ...rest } = metadata ?? {};
  return unplaced || rest.discovered ? rest : { ...metadata };
}

// A runtime sends the whole metadata, which replaces the metadata before.
/** @type {ForEachCommand<Kind[]>} */
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
    const removed = src && "data" in src ? initialKey(tgt, src.data) : null;
    for (const key of graph.initials.keys()) {
      if (removed === null ? key.startsWith(`${endKey(tgt)} `) : key === removed) graph.initials.delete(key);
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
  addinport: (graph, payload) => addExport(graph.inports, payload),
  removeinport: (graph, payload) => removeExport(graph.inports, payload),
  renameinport: (graph, payload) => renameExport(graph.inports, payload),
  addoutport: (graph, payload) => addExport(graph.outports, payload),
  removeoutport: (graph, payload) => removeExport(graph.outports, payload),
  renameoutport: (graph, payload) => renameExport(graph.outports, payload),
};

/** @param {Map<string, Export>} ports @param {Exporting} payload @returns {Kind[]} */
function addExport(ports, { public: name, node, port, metadata }) {
  ports.set(name, { public: name, node, port, metadata: { ...metadata } });
  return ["exports"];
}

/** @param {Map<string, Export>} ports @param {{public: string}} payload @returns {Kind[]} */
function removeExport(ports, { public: name }) {
  ports.delete(name);
  return ["exports"];
}

/** @param {Map<string, Export>} ports @param {Renaming} payload @returns {Kind[]} */
function renameExport(ports, { from, to }) {
  rekey(ports, from, to, (port) => ({ ...port, public: to }));
  return ["exports"];
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
  if (to !== node.id) graph.nodes.delete(to); // a discovered one, shown until now
  rekey(graph.nodes, node.id, to, (old) => ({ ...old, id: to }));
  for (const edge of edges) ACTIONS.addedge(graph, { ...edge, src: moved(edge.src), tgt: moved(edge.tgt) });
  for (const { data, tgt, metadata } of initials) ACTIONS.addinitial(graph, { src: { data }, tgt: moved(tgt), metadata });
  for (const ports of [graph.inports, graph.outports]) {
    for (const [name, port] of ports) ports.set(name, port.node === node.id ? { ...port, node: to } : port);
  }
  for (const group of graph.groups.values()) group.nodes = group.nodes.map((each) => (each === node.id ? to : each));
}

/** True if a name is one of these commands. @param {string} name @returns {name is Name} */
export const isCommand = (name) => Object.hasOwn(ACTIONS, name);

/**
 * Apply a command that the runtime has carried out.
 * @template {Name} N
 * @param {Graph} graph @param {N} name @param {Payloads[N]} payload
 * @returns {Kind[]} the kinds of parts that have changed
 */
export function apply(graph, name, payload) {
  return ACTIONS[name](graph, payload);
}
