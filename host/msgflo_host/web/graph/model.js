// @ts-check
// The view model of a graph: its nodes with their ports, states and initial packets. Pure; reads a System and changes nothing.

import { knownPorts } from "../core/ports.js";
import { nodeKey } from "../core/system.js";
import { apart, duration } from "../core/text.js";

const MOST_TEXT = 24;
const STATES = new Map([["hourglass-o", "pending"], ["moon-o", "asleep"], ["chain-broken", "lost"]]);

/**
 * @import { System } from "../core/system.js"
 * @import { End, Graph, Node } from "../core/graph.js"
 * @import { Command } from "../core/inverse.js"
 * @import { KnownPort } from "../core/ports.js"
 * @typedef {"in" | "out"} Side
 * @typedef {{key: string, data: unknown, text: string}} InitialView
 * @typedef {{id: string, type: string, typeText: string, description: string, values?: unknown[], schema?: string, default?: unknown,
 *   initials: InitialView[], exported: string[], known: boolean, required: boolean}} PortView
 *   `known` is false where only the graph names it.
 * @typedef {{id: string, component: string, icon: string, state: string, stateText: string, error: string, discovered: boolean,
 *   subgraph: boolean, description: string, groups: string[], inports: PortView[], outports: PortView[], x?: number, y?: number}} NodeView
 * @typedef {{key: string, src: End, tgt: End, route: number, kind: string, reason: string, rate?: number}} EdgeView  `rate` in packets/s
 * @typedef {{nodes: Map<string, NodeView>, edges: Map<string, EdgeView>, groups: {name: string, nodes: string[]}[]}} Picture
 */

/** @param {System} system @returns {Picture} */
export function pictureOf(system) {
  const graph = system.graph;
  const main = graph.id === (system.runtime?.graph ?? graph.id);
  /** @type {Map<string, NodeView>} */
  const nodes = new Map();
  for (const node of graph.nodes.values()) nodes.set(node.id, nodeOf(system, graph, node, main));
  addNamed(graph, nodes);
  /** @type {Map<string, EdgeView>} */
  const edges = new Map();
  for (const { key, src, tgt, metadata } of graph.edges.values()) {
    if (!nodes.has(src.node) || !nodes.has(tgt.node)) continue;
    const status = main ? system.edgeStatus(key) : undefined;
    edges.set(key, { key, src, tgt, route: metadata?.route ?? 0, kind: status?.kind ?? "", reason: status?.reason ?? "", rate: status?.rate });
  }
  const groups = [...graph.groups.values()].map(({ name, nodes: members }) => ({ name, nodes: members.filter((id) => nodes.has(id)) }));
  for (const { name, nodes: members } of groups) for (const id of members) nodes.get(id)?.groups.push(name);
  return { nodes, edges, groups };
}

/** @param {System} system @param {Graph} graph @param {Node} node @param {boolean} main whether that is the main graph @returns {NodeView} */
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
 * A node's state in words: "asleep 3 min".
 * @param {string} state
 * @param {{instances?: {state: string, since_s: number | null}[]} | undefined} status
 */
export function stateText(state, status) {
  if (state === "alive" || state === "pending") return state;
  const since = status?.instances?.find((each) => each.state === state)?.since_s;
  if (since === undefined || since === null) return state;
  return `${state} ${since < 10 ? "a few s" : duration(Math.floor(since / 10) * 10)}`; // not another text every few seconds
}

/** @param {KnownPort} port @param {boolean} known @returns {PortView} */
function portOf(port, known) {
  const type = port.type || "all";
  return {
    ...{ id: port.id, type, typeText: type === "all" || type === "any" ? "" : type, description: port.description ?? "" },
    ...{ values: port.values, schema: port.schema, default: port.default },
    ...{ initials: [], exported: [], known, required: port.required === true },
  };
}

/** Add the ports that only edges, initial packets and exports name. @param {Graph} graph @param {Map<string, NodeView>} nodes */
function addNamed(graph, nodes) {
  const port = (/** @type {string} */ id, /** @type {Side} */ side, /** @type {string} */ name) =>
    findPort(nodes.get(id), side, name) ?? addPort(nodes.get(id), side, name);
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

/** A port of a node; names are compared without regard to case. @param {NodeView | undefined} node @param {Side} side @param {string} name */
export function findPort(node, side, name) {
  const lower = name.toLowerCase();
  return (side === "in" ? node?.inports : node?.outports)?.find((port) => port.id.toLowerCase() === lower);
}

/** Whether two ends are the same port. @param {End} one @param {End} other */
export const isSameEnd = (one, other) => one.node === other.node && one.port.toLowerCase() === other.port.toLowerCase();

/** Whether an edge joins two ports. @param {Picture} picture @param {End} src @param {End} tgt */
export const isJoined = ({ edges }, src, tgt) => [...edges.values()].some((edge) => isSameEnd(edge.src, src) && isSameEnd(edge.tgt, tgt));

/** @param {NodeView | undefined} node @param {Side} side @param {string} name */
function addPort(node, side, name) {
  const port = node && portOf({ id: name, type: "" }, false);
  if (port) (side === "in" ? node.inports : node.outports).push(port);
  return port;
}

/** The row of a port; -1 where there is none. @param {NodeView | undefined} node @param {Side} side @param {string} name */
export function rowOf(node, side, name) {
  const lower = name.toLowerCase();
  return (side === "in" ? node?.inports : node?.outports)?.findIndex((port) => port.id.toLowerCase() === lower) ?? -1;
}

/** A value in a few characters. @param {unknown} data @param {number} [most] characters */
export function shortText(data, most = MOST_TEXT) {
  let text = typeof data === "string" ? data : JSON.stringify(data) ?? "";
  if (typeof data === "number" && !Number.isInteger(data)) text = String(Number(data.toPrecision(6)));
  text = text.replace(/\s+/g, " ");
  return apart(text.length > most ? `${text.slice(0, most - 1)}…` : text);
}

/** What a screen reader reads of a node. @param {NodeView} node */
export function nameOf(node) {
  const count = (/** @type {PortView[]} */ ports, /** @type {string} */ what) => `${ports.length} ${what}${ports.length === 1 ? "" : "s"}`;
  const parts = [node.id, node.component || "no component", node.stateText];
  parts.push(count(node.inports, "inport"), count(node.outports, "outport"));
  if (node.groups.length) parts.push(`in group ${node.groups.join(", ")}`);
  if (node.discovered) parts.push("discovered, not in the graph");
  if (node.error) parts.push(node.error);
  return parts.join(", ");
}

/** The entries of a map for some keys that it has. @template T @param {Map<string, T>} map @param {Iterable<string>} keys @returns {Map<string, T>} */
export function pick(map, keys) {
  const found = new Map();
  for (const key of keys) if (map.has(key)) found.set(key, map.get(key));
  return found;
}

/** @param {string} id @param {number} x @param {number} y pixels at zoom 1 @returns {Command} */
export const move = (id, x, y) => ["changenode", { id, metadata: { x: Math.round(x), y: Math.round(y) } }];

/**
 * Commands that let discovered nodes stay where they are shown: the runtime would place a node that becomes a part of the graph.
 * @param {Graph} graph @param {string[]} ids @param {Map<string, {x: number, y: number}>} boxes @returns {Command[]}
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

/** Whether packets of an outport can be expected to fit an inport; types that say nothing fit everything. @param {string} from @param {string} to */
export function typesFit(from, to) {
  if (ANYTHING.has(to) || ANYTHING.has(from) || from === to) return true;
  if (NUMBERS.has(from) && NUMBERS.has(to)) return true;
  if (from === "array" && to === "color") return true; // [red, green, blue], or one for each of several lights
  const texts = new Set(["string", "color", "date", "enum"]);
  return texts.has(from) && texts.has(to);
}
