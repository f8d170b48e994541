// @ts-check
/** Makes elements. Text is only ever text, whoever it is from; styles go through the CSSOM, as the page's policy wants. */

const SVG = "http://www.w3.org/2000/svg";

/**
 * An HTML element: `on…` are listeners, other keys attributes (true: without a value; false, null: left out).
 * @param {string} tag
 * @param {Record<string, any>} [attributes]
 * @param {...(Node | string | number)} children
 * @returns {any}
 */
export const el = (tag, attributes, ...children) => fill(document.createElement(tag), attributes, children);

/** An SVG element, in the same way. @returns {any} */
export const svg = (/** @type {string} */ tag, attributes = {}, ...children) =>
  fill(document.createElementNS(SVG, tag), attributes, children);

function fill(element, attributes = {}, children) {
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (value === true) element.setAttribute(key, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(key, String(value));
  }
  element.append(...children.map((child) => (child instanceof Node ? child : String(child))));
  return element;
}

let count = 0;

/** An id that no other element has. */
export const freshId = (/** @type {string} */ prefix) => `${prefix}-${++count}`;

/** A value as text for people: strings as they are, everything else as JSON, and no more than they can read. */
export function asText(value, limit = 400) {
  let text;
  if (typeof value === "string") text = value;
  else if (value instanceof Uint8Array) text = `${value.length} bytes`;
  else text = JSON.stringify(value) ?? "";
  return text.length > limit ? `${text.slice(0, limit)}…` : text;
}
