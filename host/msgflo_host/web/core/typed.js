// @ts-check
// Packets as people type them: the control that fits a port, and the value of a text. Pure.

/** @typedef {"number" | "text" | "switch" | "choice" | "colour" | "json" | "signal"} Control */

const NUMBERS = new Set(["number", "int", "integer", "float"]);
const TEXTS = new Set(["string", "buffer", "date", "enum"]);
const OTHER_JSON = /^\s*(["[{]|(true|false|null)\s*$)/; // that is no number, and cannot be meant as one

/**
 * The control for a port's value.
 * @param {{type: string, values?: unknown[]}} port
 * @param {unknown} [data] the present value; undefined where there is none
 * @returns {Control}
 */
export function controlOf(port, data) {
  const type = port.type.toLowerCase();
  if (port.values?.length) return "choice";
  if (type === "color" || type === "colour") return data === undefined || isColour(data) ? "colour" : "json";
  if (type === "boolean") return data === undefined || typeof data === "boolean" ? "switch" : "json";
  if (NUMBERS.has(type)) return data === undefined || typeof data === "number" ? "number" : "json";
  if (type === "bang") return "signal";
  if (TEXTS.has(type)) return data === undefined || typeof data === "string" ? "text" : "json";
  return "json";
}

/** @param {unknown} data */
const isColour = (data) => typeof data === "string" && /^#[0-9a-f]{6}$/i.test(data) || isTriple(data);
/** @param {unknown} data @returns {data is number[]} */
const isTriple = (data) =>
  Array.isArray(data) && data.length === 3 && data.every((each) => Number.isInteger(each) && each >= 0 && each <= 255);

/**
 * The text of a value in its control.
 * @param {Control} control
 * @param {unknown} data
 * @returns {string}
 */
export function toText(control, data) {
  if (data === undefined) return control === "colour" ? "#ffffff" : "";
  if (control === "colour") return Array.isArray(data) ? `#${data.map((/** @type {number} */ each) => each.toString(16).padStart(2, "0")).join("")}` : String(data);
  if (control === "json" || control === "choice") return JSON.stringify(data);
  return String(data);
}

/**
 * The value that a text means. Throws an Error for people where it means none.
 * @param {Control} control
 * @param {string} text
 * @param {unknown} [before] the value before: a colour of three numbers stays one
 * @returns {unknown}
 */
export function fromText(control, text, before) {
  if (control === "number") return number(text);
  if (control === "switch") return text === "true";
  if (control === "signal") return true;
  if (control === "colour" && Array.isArray(before)) return [1, 3, 5].map((at) => parseInt(text.slice(at, at + 2), 16));
  if (control === "json" || control === "choice") return json(text);
  return text;
}

/**
 * The value of a text for a port, where all is typed into one field. A value of another type is accepted where it is written as JSON.
 * Throws an Error for people where it means none.
 * @param {string} text
 * @param {string} [type] of the port
 * @returns {unknown}
 */
export function typed(text, type = "any") {
  const name = type.toLowerCase();
  if (TEXTS.has(name)) return text;
  if (NUMBERS.has(name) && !OTHER_JSON.test(text)) return number(text);
  return name === "bang" && text.trim() === "" ? true : json(text);
}

/** @param {string} text */
function number(text) {
  const value = Number(text.replace(",", "."));
  if (/[1-9]\d*,\d{3}$/.test(text.trim())) throw new Error(`“${text}” can be read in two ways: write ${text.replace(",", ".")} or ${text.replace(",", "")}.`);
  if (text.trim() === "" || !Number.isFinite(value)) throw new Error(`“${text}” is not a number, such as 21.5.`);
  return value;
}

/** JSON, or the text itself where it is clearly no JSON. @param {string} text */
function json(text) {
  try {
    return JSON.parse(text);
  } catch {
    if (text.trim() !== "" && !/^\s*["[{]/.test(text)) return text;
    throw new Error(`This is not JSON. Examples: 21.5, true, a text, "true", [255, 0, 0], {"level": 3}.`);
  }
}
