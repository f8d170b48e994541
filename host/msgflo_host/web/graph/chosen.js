// @ts-check
// Where nodes stand that the graph keeps no place for: chosen in this browser, and kept in it.

const KEY = "msgflo-places";
const MOST = 1000;

/** Of the main graph: only there nodes are shown that the graph does not name. */
export class Chosen {
  #places = read();

  /** @param {string} id @returns {import("./geometry.js").Point | undefined} */
  get(id) {
    return this.#places.get(id);
  }

  /** Those that were chosen last stay where there are too many. @param {Map<string, import("./geometry.js").Point>} places */
  keep(places) {
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

function read() {
  try {
    const all = Object.entries(JSON.parse(localStorage.getItem(KEY) ?? "{}"));
    return new Map(all.filter(([, place]) => Number.isFinite(place?.x) && Number.isFinite(place?.y)));
  } catch {
    return new Map();
  }
}
