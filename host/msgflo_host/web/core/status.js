// @ts-check
// The answers of /status.json: states, topics, rates. The page asks for it while it is visible.

import { edgeKey } from "./graph.js";

const INTERVAL_MS = 2000;

/**
 * @typedef {{id: string, state: string, reason: string, since_s: number | null, heard_s: number | null, last_packet_s: number | null}} Instance
 * @typedef {{id: string, type: string, topic: string, description: string}} StatusPort
 * @typedef {{id: string, component: string, label?: string, icon?: string, state: "alive" | "asleep" | "lost" | "pending", reason: string,
 *   error: string, listed: boolean, last_packet_s?: number | null, instances: Instance[], inports: StatusPort[], outports: StatusPort[]}} NodeStatus
 * @typedef {{ends: {src: import("./graph.js").End, tgt: import("./graph.js").End}, kind: string, reason: string, topics: [string, string][], rate: number, packets: number}} EdgeStatus
 * @typedef {{broker: string, connected: boolean, broker_trouble?: string | null, graph?: string | null, graph_trouble?: string, unsaved?: boolean | null, save_trouble?: string | null, nodes: NodeStatus[], edges: EdgeStatus[]}} Answer
 */

/** @type {Answer} */
const NOTHING = { broker: "", connected: false, nodes: [], edges: [] };

/** Fetch a resource of the coordinator, with our secret. @param {import("./system.js").System} system @param {string} path @returns {Promise<Response>} */
export function ask({ fbp: { secret } }, path) {
  const headers = secret ? { Authorization: `Bearer ${secret}` } : undefined;
  return fetch(path, { headers, signal: AbortSignal.timeout(10_000) });
}

/** Event: "change" after each answer. */
export class Status extends /** @type {import("./events.js").TargetClass<{change: null}>} */ (EventTarget) {
  /** The last answer; an empty one before the first, and where we may not ask. @type {Answer} */
  all = NOTHING;

  #system;
  /** @type {Map<string, NodeStatus>} */
  #nodes = new Map();
  /** @type {Map<string, EdgeStatus>} */
  #edges = new Map();
  #timer = 0;
  /** @type {Promise<void> | null} */
  #asking = null;

  /** @param {import("./system.js").System} system */
  constructor(system) {
    super();
    this.#system = system;
    document.addEventListener("visibilitychange", () => this.#ask());
    system.addEventListener("state", () => system.isReady && this.#ask());
    this.#ask();
  }

  /** @param {string} id of a node of the main graph @returns {NodeStatus | undefined} */
  node(id) {
    return this.#nodes.get(id);
  }

  /** @param {string} key of an edge of the main graph @returns {EdgeStatus | undefined} */
  edge(key) {
    return this.#edges.get(key);
  }

  /** Ask now. The answer to a request that is under way may be too old. */
  async ask() {
    await this.#asking;
    return this.#ask();
  }

  /** @returns {Promise<void> | null} resolves after the answer, or without one; null while the page is hidden */
  #ask() {
    clearTimeout(this.#timer);
    if (document.visibilityState === "visible") this.#asking ??= this.#answer();
    return this.#asking;
  }

  async #answer() {
    try {
      const answer = await this.#fetch();
      if (answer !== null) this.#take(answer);
    } catch {
      // The last answer stays.
    } finally {
      this.#asking = null;
      this.#timer = setTimeout(() => this.#ask(), INTERVAL_MS);
    }
  }

  /** @returns {Promise<Answer | null>} null where there is no answer now */
  async #fetch() {
    const system = this.#system;
    if (!(system.may("network:status") || system.may("protocol:network"))) return NOTHING;
    if (!system.isReady) return null;
    const answer = await ask(system, "status.json");
    if (answer.status === 401 || answer.status === 403) return NOTHING;
    return answer.ok ? await answer.json() : null;
  }

  /** @param {Answer} status */
  #take(status) {
    this.all = status;
    this.#nodes = new Map(status.nodes.map((node) => [node.id, node]));
    this.#edges = new Map(status.edges.map((edge) => [edgeKey(edge.ends.src, edge.ends.tgt), edge]));
    this.dispatchEvent(new Event("change"));
  }
}
