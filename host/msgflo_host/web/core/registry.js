// @ts-check
// What each part of the page gets, and how parts are started. What one part wants of another it tells by events on `bus`:
//   "select" {kind: "node" | "edge" | "nodes" | null, ids}, "open-node" {id, source: whether its source is open}, "open-edge" {key}, "show-view" {view},
//   "simulate" {component, role}: a node was added that a virtual device of this page may simulate.
// The page itself tells there of "view" {view} when another view is shown, "side" {open}, and "theme" when light or dark has changed.

/**
 * @typedef {{system: import("./system.js").System, edits: import("./edits.js").Edits, packets: import("./packets.js").Packets,
 *   fbp: import("./fbp.js").Fbp, page: import("./page.js").Page, bus: EventTarget}} Context
 * @typedef {{name: string, path: string, view: string | null}} Part  `path` is relative to the page, `view` the id of the view that it fills
 */

/**
 * The one context of this page; app.js fills it before any part is started.
 * @type {Context}
 */
export const context = /** @type {any} */ ({});

/** Tell all parts. @param {EventTarget} bus @param {string} type @param {any} [detail] */
export function emit(bus, type, detail = {}) {
  bus.dispatchEvent(new CustomEvent(type, { detail }));
}

/**
 * Load parts and start them, in order. One that is missing or fails is said, and the others are started all the same.
 * @param {Part[]} parts @param {(part: Part, error: Error) => void} failed
 */
export async function startParts(parts, failed) {
  const loaded = parts.map((part) => import(new URL(`../${part.path}`, import.meta.url).href));
  for (const each of loaded) each.catch(() => {}); // waited for below, one by one
  for (const [i, part] of parts.entries()) {
    try {
      const module = await loaded[i];
      await module.start(context);
    } catch (error) {
      console.error(error);
      failed(part, /** @type {Error} */ (error));
    }
  }
}
