// @ts-check
// What the parts of this view make often.

import { announce, element, toClipboard, toast } from "../core/dom.js";

/** A part of a panel that can be folded away. @param {string} title @param {boolean} open @param {...(Node | string | null)} content @returns {any} */
export function section(title, open, ...content) {
  return element("details", { className: "look-section", open }, element("summary", {}, element("h3", {}, title)), ...content);
}

/** @param {string} text @param {() => void} click @param {Record<string, any>} [properties] @returns {HTMLButtonElement} */
export const button = (text, click, properties = {}) => element("button", { type: "button", click, ...properties }, text);

/** Terms and what belongs to them. @param {[term: string, text: string | Node][]} pairs */
export function terms(pairs) {
  return element("dl", { className: "look-terms" }, ...pairs.flatMap(([term, text]) => [element("dt", {}, term), element("dd", {}, text)]));
}

/** Put a text into an element, only where it is another one: who has marked some of it keeps that. @param {Element} target @param {string} text */
export function write(target, text) {
  if (target.textContent !== text) target.textContent = text;
}

/** Call something soon, once for many calls and at most so often. @param {() => void} action @param {number} ms @returns {(() => void) & {stop: () => void}} */
export function soon(action, ms) {
  let timer = 0;
  let last = -Infinity;
  const call = () => {
    timer ||= setTimeout(() => {
      timer = 0;
      last = performance.now();
      action();
    }, last + ms - performance.now());
  };
  return Object.assign(call, { stop: () => clearTimeout(timer) });
}

/** Copy a text, and say so. @param {string} text @param {string} what was copied, for people */
export async function copy(text, what) {
  if (await toClipboard(text)) announce(`${what} copied`);
  else toast("The browser does not allow to copy. Mark the text, and copy it by hand.", "warn");
}
