// @ts-check
// Packets as people type them: which control fits a port, and what a text means for it. Pure.

/** @typedef {"number" | "text" | "switch" | "choice" | "colour" | "json" | "signal"} Control */

const NUMBERS = new Set(["number", "int", "integer", "float"]);
const TEXTS = new Set(["string", "buffer", "date", "enum"]);
const OTHER_JSON = /^\s*(["[{]|(true|false|null)\s*$)/; // that is no number, and cannot be meant as one

/**
 * The control for a port's value.
 * @param {{type: string, values?: any[], schema?: any}} port
 * @param {any} [data] what is there now; undefined where nothing is
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

/** @param {any} data */
const isColour = (data) => typeof data === "string" && /^#[0-9a-f]{6}$/i.test(data) || isTriple(data);
/** @param {any} data */
const isTriple = (data) =>
  Array.isArray(data) && data.length === 3 && data.every((each) => Number.isInteger(each) && each >= 0 && each <= 255);

/**
 * What the control shows of a value.
 * @param {Control} control
 * @param {any} data
 * @returns {string}
 */
export function toText(control, data) {
  if (data === undefined) return control === "colour" ? "#ffffff" : "";
  if (control === "colour") return Array.isArray(data) ? `#${data.map((each) => each.toString(16).padStart(2, "0")).join("")}` : data;
  if (control === "json" || control === "choice") return JSON.stringify(data);
  return String(data);
}

/**
 * The value that a text means. Throws an Error for people where it means none.
 * @param {Control} control
 * @param {string} text
 * @param {any} [before] what was there: a colour of three numbers stays one
 * @returns {any}
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
 * The value that a text means for a port where all is typed into one field. What is wrong for the port is taken where it is written as
 * JSON. Throws an Error for people where it means none.
 * @param {string} text
 * @param {string} [type] of the port
 * @returns {any}
 */
export function typed(text, type = "any") {
  const wanted = type.toLowerCase();
  if (TEXTS.has(wanted)) return text;
  if (NUMBERS.has(wanted) && !OTHER_JSON.test(text)) return number(text);
  return wanted === "bang" && text.trim() === "" ? true : json(text);
}

/** @param {string} text */
function number(text) {
  const value = Number(text.replace(",", "."));
  if (/[1-9]\d*,\d{3}$/.test(text.trim())) throw new Error(`“${text}” can be read in two ways: write ${text.replace(",", ".")} or ${text.replace(",", "")}.`);
  if (text.trim() === "" || !Number.isFinite(value)) throw new Error(`“${text}” is not a number, such as 21.5.`);
  return value;
}

/** What is not meant as JSON is a text. @param {string} text */
function json(text) {
  try {
    return JSON.parse(text);
  } catch {
    if (text.trim() !== "" && !/^\s*["[{]/.test(text)) return text;
    throw new Error(`This is not JSON. Examples: 21.5, true, a text, "true", [255, 0, 0], {"level": 3}.`);
  }
}
