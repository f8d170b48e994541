// @ts-check
// Topics that belong to participants: these are their ports.

import { kindOf } from "../devices/kinds.js";
import { isFilter, matches } from "../msgflo/wire.js";
import { availabilityOf } from "./availability.js";

/** @param {string} topic its levels but the last one */
const above = (topic) => topic.slice(0, Math.max(0, topic.lastIndexOf("/")));

/** Topics and filters of ports. */
export class Known {
  #topics = new Set();
  /** Roles of virtual devices and instruments, whose topics stay theirs while no page simulates them. @type {Set<string>} */
  #ours = new Set();
  /** @type {string[]} */
  #filters = [];
  /** Equal for equal topics. */
  key = "";

  /** @param {import("../core/status.js").NodeStatus[]} [nodes] */
  constructor(nodes = []) {
    for (const node of nodes) {
      if (kindOf(node.component)) this.#ours.add(node.id);
      for (const { topic } of [...(node.inports ?? []), ...(node.outports ?? [])]) {
        if (typeof topic !== "string" || topic === "") continue;
        if (isFilter(topic)) this.#filters.push(topic);
        else this.#topics.add(topic);
      }
    }
    this.key = JSON.stringify([[...this.#topics].sort(), this.#filters, [...this.#ours].sort()]);
  }

  /** True if a topic is a port. @param {string} topic */
  has(topic) {
    return this.#topics.has(topic) || this.#ours.has(above(topic)) || this.#filters.some((filter) => matches(filter, topic));
  }

  /** True if a topic is a port, or the availability of a device that has ports beside it. @param {import("./seen.js").Seen} seen */
  covers(seen) {
    const device = above(seen.topic);
    if (this.has(seen.topic)) return true;
    return device !== "" && availabilityOf(seen) !== null && [...this.#topics].some((topic) => topic === device || topic.startsWith(`${device}/`));
  }
}
