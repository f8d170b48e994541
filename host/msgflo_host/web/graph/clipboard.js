// @ts-check
// A part of a graph as text, in the JSON of .json graph files, and back with names of its own. Pure.

import { freeName } from "../core/names.js";

const OFFSET = 40;
const NEAR = OFFSET / 2; // a copy that near to a node hides it

/** @import { Command, End, Graph, Metadata } from "../core/graph.js" */
/** @import { Point } from "./geometry.js" */
/** @typedef {{component: string, metadata?: Metadata}} Process */
/** @typedef {{process: string, port: string, index?: number | string}} FileEnd */
/** @typedef {{src?: FileEnd, tgt?: FileEnd, data?: unknown, metadata?: Metadata}} Connection */

/** The nodes of some ids as text, empty where there are none. @param {Graph} graph @param {Set<string>} ids @param {Map<string, Point>} boxes */
export function toText(graph, ids, boxes) {
  const nodes = [...graph.nodes.values()].filter((node) => ids.has(node.id));
  if (!nodes.length) return "";
  const processes = Object.fromEntries(nodes.map(({ id, component, metadata }) => {
    const { discovered, ...rest } = metadata ?? {};
    const { x, y } = boxes.get(id) ?? { x: 0, y: 0 };
    return [id, { component, metadata: { ...rest, x: Math.round(x), y: Math.round(y) } }];
  }));
  const end = (/** @type {End} */ { node, ...rest }) => ({ process: node, ...rest });
  const edges = [...graph.edges.values()].filter(({ src, tgt }) => ids.has(src.node) && ids.has(tgt.node));
  const initials = [...graph.initials.values()].filter(({ tgt }) => ids.has(tgt.node));
  const connections = [
    ...edges.map(({ src, tgt, metadata }) => ({ src: end(src), tgt: end(tgt), ...withMetadata(metadata) })),
    ...initials.map(({ data, tgt, metadata }) => ({ data, tgt: end(tgt), ...withMetadata(metadata) })),
  ];
  return JSON.stringify({ caseSensitive: false, processes, connections }, null, 2);
}

/** @param {Metadata | undefined} metadata */
const withMetadata = (metadata) => (metadata && Object.keys(metadata).length ? { metadata } : {});

/**
 * The commands that add what a text holds, beside what it was copied from. Throws an Error for people where it holds no graph.
 * @param {string} text
 * @param {(id: string) => boolean} isTaken
 * @param {Point | null} [at] where its upper left corner goes
 * @param {Iterable<Point>} [there] where nodes are that it must not hide
 * @returns {{commands: Command[], ids: string[]}}
 */
export function toCommands(text, isTaken, at = null, there = []) {
  const { processes, connections } = read(text);
  const names = new Map();
  const used = new Set();
  for (const id of Object.keys(processes)) {
    const name = freeName(id, (each) => isTaken(each) || used.has(each));
    used.add(name);
    names.set(id, name);
  }
  const shift = shiftOf(Object.values(processes), at, [...there]);
  /** @type {Command[]} */
  const commands = Object.entries(processes).map(([id, { component, metadata }]) =>
    ["addnode", { id: names.get(id), component, metadata: moved(metadata ?? {}, shift) }]);
  const end = (/** @type {FileEnd} */ { process, ...rest }) => ({ node: names.get(process), ...rest });
  for (const { src, tgt, data, metadata } of connections) {
    if (!tgt || !names.has(tgt.process) || (src && !names.has(src.process))) continue;
    const rest = { tgt: end(tgt), ...withMetadata(metadata) };
    commands.push(src ? ["addedge", { src: end(src), ...rest }] : ["addinitial", { src: { data }, ...rest }]);
  }
  return { commands, ids: [...names.values()] };
}

/** @param {string} text @returns {{processes: Record<string, Process>, connections: Connection[]}} */
function read(text) {
  const refuse = () => new Error("What was copied is no part of a graph: it would be JSON with “processes” and “connections”.");
  let value;
  try {
    value = JSON.parse(text);
  } catch {
    throw refuse();
  }
  const { processes, connections = [] } = value ?? {};
  /** @type {(each: unknown) => each is Record<string, unknown>} */
  const isObject = (each) => each !== null && typeof each === "object" && !Array.isArray(each);
  const isNode = (/** @type {unknown} */ each) => isObject(each) && typeof each.component === "string" && (each.metadata === undefined || isObject(each.metadata));
  if (!isObject(processes) || !Array.isArray(connections) || !connections.every(isObject)) throw refuse();
  if (!Object.keys(processes).length || !Object.values(processes).every(isNode)) throw refuse();
  return { processes: /** @type {Record<string, Process>} */ (processes), connections: /** @type {Connection[]} */ (connections) };
}

/** How far a copy is moved. @param {Process[]} nodes @param {Point | null} at @param {Point[]} there @returns {Point} */
function shiftOf(nodes, at, there) {
  const placed = nodes.map(({ metadata }) => /** @type {Point} */ (metadata)).filter((place) => Number.isFinite(place?.x) && Number.isFinite(place?.y));
  const shift = { x: OFFSET, y: OFFSET };
  if (at && placed.length) {
    shift.x = at.x - Math.min(...placed.map(({ x }) => x));
    shift.y = at.y - Math.min(...placed.map(({ y }) => y));
  }
  const hides = (/** @type {Point} */ { x, y }) => there.some((each) => Math.abs(each.x - x - shift.x) < NEAR && Math.abs(each.y - y - shift.y) < NEAR);
  while (placed.some(hides)) {
    shift.x += OFFSET;
    shift.y += OFFSET;
  }
  return shift;
}

/** @param {Metadata} metadata @param {Point} shift @returns {Metadata} */
function moved(metadata, shift) {
  const { x, y, ...rest } = metadata;
  if (x === undefined || y === undefined || !Number.isFinite(x) || !Number.isFinite(y)) return rest;
  return { ...rest, x: Math.round(x + shift.x), y: Math.round(y + shift.y) };
}
