// @ts-check
// States and errors of nodes, and the output of components: network:icon, network:processerror, network:output.

import { escape } from "../msgflo/wire.js";
import { emit } from "./events.js";
import { ask } from "./status.js";

const MOST_LINES = 500;
const SAME_MS = 3000; // two equal lines within this time, one of each source, may be one
const SAME_CHARACTERS = 1000; // long ones may be cut
/** Icons of the states in which a node is absent; its error still holds. */
export const NOT_THERE = new Set(["hourglass-o", "moon-o", "chain-broken"]);
const LEFT_OUT = /^(.*): packets not shown in the last second: (.*)$/s;

/** The key of a node in `system.health`. @param {string} graph @param {string} node */
export const nodeKey = (graph, node) => `${graph}\n${node}`;

/**
 * An error of a node, which has `graph` and `node`, or a line that somebody has printed, with its role where that is known.
 * @typedef {{graph?: string, node?: string, role?: string, text: string, at: number}} Line  `at` in ms since 1970
 */

/** @param {string} message @param {number} at @returns {Line} */
function printed(message, at) {
  const end = message.indexOf(": ");
  return end > 0 ? { role: message.slice(0, end), text: message.slice(end + 2), at } : { text: message, at };
}

/** @param {Line} a @param {Line} b @returns {boolean} */
function isSame(a, b) {
  if (a.graph !== b.graph || a.node !== b.node || a.role !== b.role) return false;
  // An error that still holds is sent to each new client.
  return a.text.slice(0, SAME_CHARACTERS) === b.text.slice(0, SAME_CHARACTERS) && (a.node !== undefined || Math.abs(a.at - b.at) < SAME_MS);
}

/** A part of System, which dispatches "health", "output", "recalled" and "leftout" for it. */
export class Health {
  /** @type {Map<string, {icon: string, error: string}>} */
  nodes = new Map();
  /** @type {Line[]} */
  lines = [];

  #system;
  #hasRecalled = false; // since the connection was made

  /** @param {import("./system.js").System} system */
  constructor(system) {
    this.#system = system;
    system.addEventListener("state", () => (this.#hasRecalled &&= system.isReady));
  }

  /** Ask for the earlier lines, once for each connection. */
  async recall() {
    const system = this.#system;
    if (this.#hasRecalled || !system.isReady || !(system.may("network:data") || system.may("protocol:network"))) return;
    this.#hasRecalled = true;
    try {
      const answer = await ask(system, "output.json");
      if (answer.ok) this.#merge(await answer.json());
    } catch {
      // New lines come all the same.
    }
  }

  /**
   * @param {{ago_s: number, graph?: string, id?: string, error?: string, message: string}[]} earlier the answer of /output.json, the oldest
   *   first; some may have come as messages, too
   */
  #merge(earlier) {
    const known = [...this.lines];
    const count = known.length;
    for (const { ago_s: ago, graph, id, error, message } of earlier.reverse()) {
      const at = Date.now() - ago * 1000;
      const line = error === undefined ? printed(message, at) : { graph, node: id, text: error, at };
      const i = known.findLastIndex((each) => isSame(each, line));
      if (i < 0) this.lines.push(line);
      else known.splice(i, 1)[0].at = at;
    }
    if (this.lines.length === count) return;
    this.lines.sort((a, b) => a.at - b.at);
    this.lines.splice(0, this.lines.length - MOST_LINES);
    emit(this.#system, "recalled", null);
  }

  /** @param {string} command @param {import("./fbp.js").Payload} payload of a message of `network` */
  take(command, payload) {
    if (command === "icon") this.#icon(payload);
    else if (command === "processerror") this.#error(payload);
    else if (command === "output") this.#output(String(payload.message));
  }

  /** True if a line is about a node. @param {Line} line @param {string} graph @param {string} node */
  isAbout(line, graph, node) {
    if (line.graph !== undefined) return line.graph === graph && line.node === node;
    // A component that runs in the coordinator for another graph has a role of its own; participants have one role everywhere.
    const own = `${escape(graph)}/${escape(node)}`;
    return line.role === (graph !== this.#system.runtime?.graph && this.#system.nodeStatus(own) ? own : node);
  }

  /** Forget the states of a graph, which is fetched anew. @param {string} graph */
  forget(graph) {
    for (const key of this.nodes.keys()) if (key.startsWith(`${graph}\n`)) this.nodes.delete(key);
  }

  /** @param {string} graph @param {string} node */
  remove(graph, node) {
    this.nodes.delete(nodeKey(graph, node));
  }

  /** @param {string} graph @param {string} from @param {string} to */
  rename(graph, from, to) {
    const known = this.nodes.get(nodeKey(graph, from));
    this.remove(graph, from);
    if (known !== undefined) this.nodes.set(nodeKey(graph, to), known);
  }

  /** @param {{id: string, icon: string, graph: string}} payload */
  #icon({ id, icon, graph }) {
    const error = NOT_THERE.has(icon) ? (this.nodes.get(nodeKey(graph, id))?.error ?? "") : "";
    this.#set(graph, id, { icon, error });
  }

  /** @param {{id: string, error: string, graph: string}} payload */
  #error({ id, error, graph }) {
    this.#set(graph, id, { icon: this.nodes.get(nodeKey(graph, id))?.icon ?? "", error });
    this.#line({ graph, node: id, text: error, at: Date.now() });
  }

  /** @param {string} graph @param {string} node @param {{icon: string, error: string}} known */
  #set(graph, node, known) {
    if (!this.#system.graphs.has(graph)) return; // fetched with its graph; nobody reports the end of a test's graph
    this.nodes.set(nodeKey(graph, node), known);
    emit(this.#system, "health", { graph, node });
  }

  /** @param {string} message */
  #output(message) {
    const leftOut = LEFT_OUT.exec(message);
    if (leftOut !== null && this.#system.graphs.has(leftOut[1])) {
      const counts = [...leftOut[2].matchAll(/(?:^|, | and )(\d+) of /g)].map(([, count]) => Number(count));
      emit(this.#system, "leftout", { graph: leftOut[1], text: leftOut[2], count: counts.reduce((a, b) => a + b, 0) });
      return;
    }
    this.#line(printed(message, Date.now()));
  }

  /** @param {Line} line */
  #line(line) {
    this.lines.push(line);
    if (this.lines.length > MOST_LINES) this.lines.shift();
    emit(this.#system, "output", line);
  }
}
