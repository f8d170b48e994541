// @ts-check
// What is drawn of a graph: its nodes with their ports, states and initial packets. Pure; reads a System and changes nothing.

import { knownPorts } from "../core/ports.js";
import { nodeKey } from "../core/system.js";
import { apart, duration } from "../core/text.js";

const MOST_TEXT = 24;
const STATES = new Map([["hourglass-o", "pending"], ["moon-o", "asleep"], ["chain-broken", "lost"]]);

/**
 * @typedef {{key: string, data: any, text: string}} InitialView
 * @typedef {{id: string, type: string, typeText: string, description: string, values?: any[], schema?: string, default?: any,
 *   initials: InitialView[], exported: string[], known: boolean, required: boolean}} PortView
 *   `known` is false where only the graph speaks of it.
 * @typedef {{id: string, component: string, icon: string, state: string, stateText: string, error: string, discovered: boolean,
 *   subgraph: boolean, description: string, groups: string[], inports: PortView[], outports: PortView[], x?: number, y?: number}} NodeView
 * @typedef {{key: string, src: import("../core/graph.js").End, tgt: import("../core/graph.js").End, route: number, kind: string, reason: string, rate?: number}} EdgeView
 * @typedef {{nodes: Map<string, NodeView>, edges: Map<string, EdgeView>, groups: {name: string, nodes: string[]}[]}} Picture
 */

/**
 * @param {import("../core/system.js").System} system
 * @returns {Picture}
 */
export function pictureOf(system) {
  const graph = system.graph;
  const main = graph.id === (system.runtime?.graph ?? graph.id);
  const nodes = new Map();
  for (const node of graph.nodes.values()) nodes.set(node.id, nodeOf(system, graph, node, main));
  addNamed(graph, nodes);
  const edges = new Map();
  for (const { key, src, tgt, metadata } of graph.edges.values()) {
    if (!nodes.has(src.node) || !nodes.has(tgt.node)) continue;
    const status = main ? system.edgeStatus(key) : undefined;
    edges.set(key, { key, src, tgt, route: metadata?.route ?? 0, kind: status?.kind ?? "", reason: status?.reason ?? "", rate: status?.rate });
  }
  const groups = [...graph.groups.values()].map(({ name, nodes: members }) => ({ name, nodes: members.filter((id) => nodes.has(id)) }));
  for (const { name, nodes: members } of groups) for (const id of members) nodes.get(id).groups.push(name);
  return { nodes, edges, groups };
}

function nodeOf(system, graph, { id, component, metadata }, main) {
  const definition = system.components.get(component);
  const status = main ? system.nodeStatus(id) : undefined;
  const health = system.health.get(nodeKey(graph.id, id));
  const state = status?.state ?? STATES.get(health?.icon ?? "") ?? (definition ? "alive" : "pending");
  const ownIcon = health?.icon && !STATES.has(health.icon) ? health.icon : "";
  return {
    id,
    component,
    icon: String(metadata?.icon || ownIcon || status?.icon || definition?.icon || "cog").replace(/^fa-/, ""),
    state,
    stateText: stateText(state, status),
    error: health?.error ?? "",
    discovered: metadata?.discovered === true,
    subgraph: definition?.subgraph === true,
    groups: [],
    description: String(metadata?.label || status?.label || definition?.description || ""),
    inports: knownPorts(system, graph.id, id, "in").map((port) => portOf(port, true)),
    outports: knownPorts(system, graph.id, id, "out").map((port) => portOf(port, true)),
    ...(typeof metadata?.x === "number" && typeof metadata?.y === "number" ? { x: metadata.x, y: metadata.y } : {}),
  };
}

/**
 * What a node's state is in words: "asleep 3 min".
 * @param {string} state
 * @param {{instances?: {state: string, since_s: number | null}[]} | undefined} status
 */
export function stateText(state, status) {
  if (state === "alive" || state === "pending") return state;
  const since = status?.instances?.find((each) => each.state === state)?.since_s;
  if (since === undefined || since === null) return state;
  return `${state} ${since < 10 ? "a few s" : duration(Math.floor(since / 10) * 10)}`; // not another text every few seconds
}

function portOf(port, known) {
  const type = port.type || "all";
  return {
    ...{ id: port.id, type, typeText: type === "all" || type === "any" ? "" : type, description: port.description ?? "" },
    ...{ values: port.values, schema: port.schema, default: port.default },
    ...{ initials: [], exported: [], known, required: port.required === true },
  };
}

/** Ports that only edges, initial packets and exports name are drawn, too. */
function addNamed(graph, nodes) {
  const port = (id, side, name) => findPort(nodes.get(id), side, name) ?? addPort(nodes.get(id), side, name);
  for (const { src, tgt } of graph.edges.values()) {
    port(src.node, "out", src.port);
    port(tgt.node, "in", tgt.port);
  }
  for (const { key, tgt, data } of graph.initials.values()) {
    port(tgt.node, "in", tgt.port)?.initials.push({ key, data, text: shortText(data) });
  }
  for (const each of graph.inports.values()) port(each.node, "in", each.port)?.exported.push(each.public);
  for (const each of graph.outports.values()) port(each.node, "out", each.port)?.exported.push(each.public);
}

/**
 * A port of a node, or undefined where it has none of that name; names are compared without regard to case.
 * @param {NodeView | undefined} node
 * @param {"in" | "out"} side
 * @param {string} name
 * @returns {PortView | undefined}
 */
export function findPort(node, side, name) {
  const wanted = name.toLowerCase();
  return (side === "in" ? node?.inports : node?.outports)?.find((port) => port.id.toLowerCase() === wanted);
}

/** Whether two ends are the same port. @param {{node: string, port: string}} one @param {{node: string, port: string}} other */
export const isSameEnd = (one, other) => one.node === other.node && one.port.toLowerCase() === other.port.toLowerCase();

/** Whether an edge joins two ports. @param {Picture} picture @param {{node: string, port: string}} src @param {{node: string, port: string}} tgt */
export const isJoined = ({ edges }, src, tgt) => [...edges.values()].some((edge) => isSameEnd(edge.src, src) && isSameEnd(edge.tgt, tgt));

function addPort(node, side, name) {
  const port = node && portOf({ id: name, type: "" }, false);
  if (port) (side === "in" ? node.inports : node.outports).push(port);
  return port;
}

/** @param {NodeView} node @param {"in" | "out"} side @param {string} name @returns {number} -1 where there is none */
export function rowOf(node, side, name) {
  const wanted = name.toLowerCase();
  return (side === "in" ? node.inports : node.outports).findIndex((port) => port.id.toLowerCase() === wanted);
}

/**
 * A value in a few characters.
 * @param {any} data
 * @returns {string}
 */
export function shortText(data, most = MOST_TEXT) {
  let text = typeof data === "string" ? data : JSON.stringify(data) ?? "";
  if (typeof data === "number" && !Number.isInteger(data)) text = String(Number(data.toPrecision(6)));
  text = text.replace(/\s+/g, " ");
  return apart(text.length > most ? `${text.slice(0, most - 1)}…` : text);
}

/** @param {NodeView} node @returns {string} what a screen reader says of it */
export function nameOf(node) {
  const count = (ports, what) => `${ports.length} ${what}${ports.length === 1 ? "" : "s"}`;
  const parts = [node.id, node.component || "no component", node.stateText];
  parts.push(count(node.inports, "inport"), count(node.outports, "outport"));
  if (node.groups.length) parts.push(`in group ${node.groups.join(", ")}`);
  if (node.discovered) parts.push("discovered, not in the graph");
  if (node.error) parts.push(node.error);
  return parts.join(", ");
}

/** @param {string} id @param {number} x @param {number} y @returns {import("../core/inverse.js").Command} */
export const move = (id, x, y) => ["changenode", { id, metadata: { x: Math.round(x), y: Math.round(y) } }];

/**
 * A discovered node that becomes a part of a graph with places gets one from the runtime: it stays where it is seen here instead.
 * @param {import("../core/graph.js").Graph} graph @param {string[]} ids @param {Map<string, {x: number, y: number}>} boxes
 */
export function placesToKeep(graph, ids, boxes) {
  if (![...graph.nodes.values()].some(({ metadata }) => metadata.x !== undefined)) return [];
  return [...new Set(ids)].flatMap((id) => {
    const box = boxes.get(id);
    return box && graph.nodes.get(id)?.metadata.discovered ? [move(id, box.x, box.y)] : [];
  });
}

const NUMBERS = new Set(["number", "int", "integer", "float"]);
const ANYTHING = new Set(["", "all", "any", "bang", "buffer"]);

/**
 * Whether packets of an outport can be expected to fit an inport; types that say nothing fit everything.
 * @param {string} from
 * @param {string} to
 */
export function typesFit(from, to) {
  if (ANYTHING.has(to) || ANYTHING.has(from) || from === to) return true;
  if (NUMBERS.has(from) && NUMBERS.has(to)) return true;
  if (from === "array" && to === "color") return true; // [red, green, blue], or one for each of several lights
  const texts = new Set(["string", "color", "date", "enum"]);
  return texts.has(from) && texts.has(to);
}
