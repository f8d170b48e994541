// @ts-check
// Elements that the panels of the inspector have in common.

import { announce, element, toClipboard, toast } from "../core/dom.js";

/** A part of a panel that can be folded away. @param {string} title @param {boolean} open @param {...(Node | string | null)} content */
export function section(title, open, ...content) {
  return element("details", { className: "inspect-section", open }, element("summary", {}, element("h3", {}, title)), ...content);
}

/** @param {string} text @param {() => void} click @param {import("../core/dom.js").Properties<"button">} [properties] */
export const button = (text, click, properties = {}) => element("button", { type: "button", click, ...properties }, text);

/** A list of terms with their descriptions. @param {[term: string, text: string | Node][]} pairs */
export function terms(pairs) {
  return element("dl", { className: "inspect-terms" }, ...pairs.flatMap(([term, text]) => [element("dt", {}, term), element("dd", {}, text)]));
}

/** Set the text of an element; a selection in it stays where the text is the same. @param {Element} target @param {string} text */
export function write(target, text) {
  if (target.textContent !== text) target.textContent = text;
}

/** A throttled function: many calls run the action once, at most every `ms`. @param {() => void} action @param {number} ms */
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

/** Copy a text, and announce it. @param {string} text @param {string} what was copied, for people */
export async function copy(text, what) {
  if (await toClipboard(text)) announce(`${what} copied`);
  else toast("The browser does not allow to copy. Mark the text, and copy it by hand.", "warn");
}
