// @ts-check
// Types, names and descriptions of ports, derived from their values.

const MOST_FIELDS = 12;
const MOST_NAME = 40; // characters
/** @type {Record<string, string>} */
const LIGATURES = { ß: "ss", æ: "ae", ø: "o", œ: "oe", ł: "l" };

/** The type of a port that carries a value: boolean, number, string, object, array, or any. @param {unknown} value */
export function typeOf(value) {
  if (value === null || value === undefined) return "any";
  if (Array.isArray(value)) return "array";
  return typeof value;
}

/** True if a value is a JSON object. @param {unknown} value @returns {value is Record<string, unknown>} */
export const isObject = (value) => typeOf(value) === "object";

/** A name for a port or a role of any text: letters of any script, digits, _ and -; empty where nothing of it is left. @param {string} text */
export function plainName(text) {
  return shorter(String(text).replace(/[^\p{L}\p{M}\p{N}_-]+/gu, "_").replace(/^[_-]+|[_-]+$/g, ""));
}

/** At most so long, without half a character at its end. @param {string} name */
const shorter = (name) => [...name].slice(0, MOST_NAME).join("");

/** A name for a component, which names a file: BedroomLamp of "bedroom lamp", Kuche of "Küche". @param {string} text */
export function componentName(text) {
  const letters = String(text).normalize("NFKD").replace(/\p{M}/gu, "").replace(/[ßæøœł]/gi, (each) => LIGATURES[each.toLowerCase()]);
  const words = shorter(letters).split(/[^A-Za-z0-9]+/).filter((word) => word !== "");
  return words.map((word) => word[0].toUpperCase() + word.slice(1)).join("") || "Device";
}

/** The fields of a JSON object, for people; empty for all other values. @param {unknown} value */
export function fieldsOf(value) {
  if (!isObject(value)) return "";
  const fields = listed(value, "", 0);
  const shown = fields.slice(0, MOST_FIELDS).join(", ");
  return `JSON with ${shown}${fields.length > MOST_FIELDS ? ", …" : ""}`;
}

/** @param {Record<string, unknown>} value @param {string} prefix @param {number} depth @returns {string[]} */
function listed(value, prefix, depth) {
  return Object.entries(value).slice(0, MOST_FIELDS + 1).flatMap(([key, inner]) => {
    const name = `${prefix}${key.slice(0, MOST_NAME)}`;
    return depth < 1 && isObject(inner) ? listed(inner, `${name}.`, depth + 1) : [`${name} (${typeOf(inner)})`];
  });
}

/** A text of at most so many characters. @param {string} text @param {number} most */
export const shortened = (text, most) => (text.length > most ? `${text.slice(0, most - 1)}…` : text);
