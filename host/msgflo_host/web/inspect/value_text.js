// @ts-check
// Values as texts for people. Pure.

import { apart } from "../core/text.js";

const MOST_NUMBERS = 500; // that are taken from one value
const DEEPEST = 4;

/** In one line. @param {unknown} data @param {number} [most] characters */
export function short(data, most = 160) {
  const text = JSON.stringify(data) ?? "nothing";
  return apart(text.length > most ? `${text.slice(0, most)}…` : text);
}

/** Over as many lines as it needs. @param {unknown} data */
export function pretty(data) {
  return typeof data === "string" ? data : (JSON.stringify(data, null, 2) ?? "nothing");
}

/** The text to copy: texts as they are, all else as JSON. @param {unknown} data */
export const copyText = (data) => (typeof data === "string" ? data : (JSON.stringify(data) ?? ""));

/** @type {Partial<Record<string, string>>} */
const KINDS = { string: "a text", number: "a number", object: "an object" };

/** "a text", "a number", … @param {unknown} data */
export function kindOf(data) {
  if (data === null) return "null";
  if (Array.isArray(data)) return `a list of ${data.length}`;
  if (typeof data === "boolean") return data ? "true" : "false";
  return KINDS[typeof data] ?? typeof data;
}

/** @param {number} size in bytes */
export const sizeText = (size) => (size < 1000 ? `${size} B` : `${(size / 1000).toFixed(1)} kB`);

/** The time of day to a millisecond. @param {number} at in ms since 1970 */
export function timeText(at) {
  const date = new Date(at);
  const two = (/** @type {number} */ number) => String(number).padStart(2, "0");
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${String(date.getMilliseconds()).padStart(3, "0")}`;
}

/**
 * The numbers in a value: itself, or those in an object or list, by their paths (an empty one for itself). A boolean is 0 or 1.
 * @param {unknown} data @returns {[path: string, value: number][]}
 */
export function numbersOf(data) {
  /** @type {[string, number][]} */
  const found = [];
  const collect = (/** @type {unknown} */ value, /** @type {string} */ path, /** @type {number} */ depth) => {
    if (found.length >= MOST_NUMBERS) return;
    if (typeof value === "number") found.push([path, value]);
    else if (typeof value === "boolean") found.push([path, Number(value)]);
    else if (typeof value === "object" && value !== null && depth < DEEPEST) {
      for (const [key, each] of Object.entries(value).slice(0, 50)) collect(each, path ? `${path}.${key}` : key, depth + 1);
    }
  };
  collect(data, "", 0);
  return found;
}

const COMPARED = /^\s*(<=|>=|<|>|=)\s*(-?\d+(?:\.\d+)?)\s*$/;
/** @type {Record<string, (a: number, b: number) => boolean>} */
const COMPARES = { "<": (a, b) => a < b, ">": (a, b) => a > b, "<=": (a, b) => a <= b, ">=": (a, b) => a >= b, "=": (a, b) => a === b };

/**
 * A filter of values that contain a text, in capitals or not, or that hold a number as compared: `> 20`.
 * @param {string} text @returns {(data: unknown) => boolean}
 */
export function filterOf(text) {
  const compared = COMPARED.exec(text);
  if (compared !== null) {
    const fits = COMPARES[compared[1]];
    return (data) => numbersOf(data).some(([, value]) => fits(value, Number(compared[2])));
  }
  const lower = text.trim().toLowerCase();
  return (data) => lower === "" || (JSON.stringify(data) ?? "").toLowerCase().includes(lower) || copyText(data).toLowerCase().includes(lower);
}

/** An end of an edge, for people. @param {import("../core/graph.js").End} end */
export const endText = ({ node, port, index }) => `${apart(node)} ${apart(port)}${index === undefined || index === null ? "" : `[${index}]`}`;
