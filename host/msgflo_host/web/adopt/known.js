// @ts-check
// Which topics belong to somebody: they are ports of participants already.

import { isFilter, matches } from "../msgflo/wire.js";

/** Topics and filters of ports. */
export class Known {
  #topics = new Set();
  /** @type {string[]} */
  #filters = [];
  /** What it was made of, to see whether another one would differ. */
  key = "";

  /** @param {import("../core/status.js").NodeStatus[]} [nodes] */
  constructor(nodes = []) {
    for (const node of nodes) {
      for (const { topic } of [...(node.inports ?? []), ...(node.outports ?? [])]) {
        if (typeof topic !== "string" || topic === "") continue;
        if (isFilter(topic)) this.#filters.push(topic);
        else this.#topics.add(topic);
      }
    }
    this.key = JSON.stringify([[...this.#topics].sort(), this.#filters]);
  }

  /** @param {string} topic */
  has(topic) {
    return this.#topics.has(topic) || this.#filters.some((filter) => matches(filter, topic));
  }
}
