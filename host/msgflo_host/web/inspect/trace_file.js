// @ts-check
// Flowtrace files (https://github.com/flowbased/flowtrace), as far as the page shows them. Pure.

import { edgeKey } from "../core/graph.js";
import { endText, short } from "./value_text.js";

const MOST_BYTES = 64 * 1024 * 1024;
const MOST_EVENTS = 10_000;

/**
 * @typedef {{at: number, edge: string | null, node: string | null, where: string, data: unknown, text: string, graph: string}} Step
 *   `at` in ms since 1970; `edge` its key, where it is a packet on one
 * @typedef {{label: string, main: string, steps: Step[], leftOut: number}} Trace
 */

/** @param {number} size of a file in bytes; throws an Error for people where that is too much */
export function checkSize(size) {
  if (size > MOST_BYTES) throw new Error(`The file is larger than ${MOST_BYTES / 1024 / 1024} MiB.`);
}

/** Read a file. Throws an Error for people where it is none. @param {string} text @returns {Trace} */
export function readTrace(text) {
  const { header, events } = parsed(text);
  const main = String(header?.main ?? header?.metadata?.main ?? Object.keys(header?.graphs ?? {})[0] ?? "default/main");
  const steps = events.slice(0, MOST_EVENTS).map((event, i) => stepOf(event, i, main));
  return { label: String(header?.metadata?.label ?? ""), main, steps, leftOut: events.length - steps.length };
}

/**
 * @typedef {{label?: unknown, main?: unknown}} About
 * @param {string} text @returns {{header?: {main?: unknown, metadata?: About, graphs?: object}, events: unknown[]}}
 */
function parsed(text) {
  let found;
  try {
    found = JSON.parse(text.replace(/^\ufeff/, ""));
  } catch (error) {
    throw new Error(`The file is no JSON: ${/** @type {Error} */ (error).message}`, { cause: error });
  }
  if (!isObject(found) || !Array.isArray(found.events)) throw new Error('The file is no flowtrace: it needs an object with a list "events".');
  return /** @type {{events: unknown[]}} */ (/** @type {unknown} */ (found));
}

/** @param {unknown} event @param {number} i @param {string} main @returns {Step} */
function stepOf(event, i, main) {
  if (!isObject(event) || typeof event.command !== "string") throw new Error(`The file is no flowtrace: events[${i}] is ${short(event, 60)}; an object with a "command" is needed.`);
  const { command, payload: content = {}, graph = main, time } = event;
  const payload = isObject(content) ? content : {};
  const at = Date.parse(String(time));
  const src = endOf(payload.src);
  const tgt = endOf(payload.tgt);
  const step = { at, graph: String(graph), edge: null, node: null, data: undefined };
  if (tgt === null) return { ...step, node: nodeOf(payload), where: command, text: textOf(content) };
  const where = src ? `${endText(src)} → ${endText(tgt)}` : `→ ${endText(tgt)}`;
  const what = command === "data" ? short(payload.data) : command;
  return { ...step, edge: src ? edgeKey(src, tgt) : null, node: src ? null : tgt.node, where, data: payload.data, text: what };
}

/** @param {unknown} end @returns {import("../core/graph.js").End | null} */
function endOf(end) {
  if (!isObject(end) || typeof end.node !== "string" || typeof end.port !== "string") return null;
  return { node: end.node, port: end.port, ...(end.index !== undefined && end.index !== null && { index: /** @type {number | string} */ (end.index) }) };
}

/** @param {Record<string, unknown>} payload */
function nodeOf(payload) {
  const node = payload.node ?? payload.id;
  return typeof node === "string" ? node : null;
}

/** @param {unknown} payload */
function textOf(payload) {
  const text = isObject(payload) ? payload.message ?? payload.error : null;
  return typeof text === "string" ? text : short(payload);
}

/** @type {(value: unknown) => value is Record<string, unknown>} */
const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
