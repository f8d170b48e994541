// @ts-check
// The context that each part of the page gets, and how parts are started.

export { emit } from "./events.js";

/**
 * Requests of one part to others, and after the blank line the events of the page itself. `source`: with its source open.
 * "simulate": a new node, which a virtual device of this page may simulate.
 * @typedef {object} BusEvents
 * @property {{kind: "node" | "edge" | "nodes" | null, ids: string[]}} select
 * @property {{id: string, source?: boolean}} open-node
 * @property {{key: string}} open-edge
 * @property {{view: string}} show-view
 * @property {{component: string, role: string}} simulate
 *
 * @property {{view: string}} view another one is shown
 * @property {{open: boolean}} side
 * @property {{theme: string}} theme
 */
/**
 * @typedef {import("./events.js").Target<BusEvents>} Bus
 * @typedef {{system: import("./system.js").System, edits: import("./edits.js").Edits, packets: import("./packets.js").Packets,
 *   fbp: import("./fbp.js").Fbp, page: import("./page.js").Page, bus: Bus}} Context
 * @typedef {{name: string, path: string, view: string | null}} Part  `path` is relative to the page, `view` the id of the view that it fills
 */

/**
 * The one context of this page; app.js fills it before any part is started.
 * @type {Context}
 */
export const context = /** @type {Context} */ ({});

/**
 * Load parts and start them, in order. One that fails is reported, and the others are started all the same.
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
