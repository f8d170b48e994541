// @ts-check
// Places of nodes for which the graph has none: chosen in this browser, and saved in it.

const KEY = "msgflo-places";
const MOST = 1000;

/** @import { Point } from "./geometry.js" */

/** Of the main graph: only there discovered nodes are shown. */
export class ChosenPlaces {
  #places = read();

  /** @param {string} id */
  get(id) {
    return this.#places.get(id);
  }

  /** Where there are too many, the newest stay. @param {Map<string, Point>} places */
  save(places) {
    for (const [id, { x, y }] of places) {
      this.#places.delete(id);
      this.#places.set(id, { x: Math.round(x), y: Math.round(y) });
    }
    this.#places = new Map([...this.#places].slice(-MOST));
    try {
      localStorage.setItem(KEY, JSON.stringify(Object.fromEntries(this.#places)));
    } catch {
      // for this page only
    }
  }
}

/** @returns {Map<string, Point>} */
function read() {
  try {
    /** @type {[string, Point][]} */
    const all = Object.entries(JSON.parse(localStorage.getItem(KEY) ?? "{}"));
    return new Map(all.filter(([, place]) => Number.isFinite(place?.x) && Number.isFinite(place?.y)));
  } catch {
    return new Map();
  }
}
