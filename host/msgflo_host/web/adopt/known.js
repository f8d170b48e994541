// @ts-check
// Which topics belong to somebody: they are ports of participants already.

/** Topics and filters of ports. */
export class Known {
  #topics = new Set();
  /** @type {string[][]} */
  #filters = [];
  /** What it was made of, to see whether another one would differ. */
  key = "";

  /** @param {import("../core/status.js").NodeStatus[]} [nodes] */
  constructor(nodes = []) {
    for (const node of nodes) {
      for (const { topic } of [...(node.inports ?? []), ...(node.outports ?? [])]) {
        if (typeof topic !== "string" || topic === "") continue;
        if (/[+#]/.test(topic)) this.#filters.push(topic.split("/"));
        else this.#topics.add(topic);
      }
    }
    this.key = JSON.stringify([[...this.#topics].sort(), this.#filters]);
  }

  /** @param {string} topic */
  has(topic) {
    if (this.#topics.has(topic)) return true;
    if (this.#filters.length === 0) return false;
    const levels = topic.split("/");
    return this.#filters.some((filter) => matches(filter, levels));
  }
}

/** @param {string[]} filter @param {string[]} levels */
function matches(filter, levels) {
  for (const [i, part] of filter.entries()) {
    if (part === "#") return true;
    if (i >= levels.length || (part !== "+" && part !== levels[i])) return false;
  }
  return filter.length === levels.length;
}
