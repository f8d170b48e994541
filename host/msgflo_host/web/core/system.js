// @ts-check
// The state of the runtime: its components and graphs, their condition, and their packets, as its messages report them.

import { apply, edgeKey, emptyGraph, initialKey, isCommand, readGraph } from "./graph.js";
import { emit } from "./events.js";
import { Unanswered, isRefusal } from "./fbp.js";
import { Health, nodeKey } from "./health.js";
import { Status } from "./status.js";

export { edgeKey, initialKey, nodeKey };

const MAIN = "default/main";
const MOST_GRAPHS = 100; // that are stored here
const TEMPORARY = "fixture."; // made by test programs, which never report their end
const AGAIN_MS = 2000; // after a failed request
const STAND_IN = "Nobody has announced this component: its ports are those that the graph uses.";
const HIDDEN_MS = 200; // between two events "change", where nothing is drawn

/**
 * @typedef {import("./graph.js").Graph} Graph
 * @typedef {import("./fbp.js").Message} Message
 * @typedef {{id: string, type: string, description?: string, schema?: string, required?: boolean, addressable?: boolean, values?: unknown[], default?: unknown}} Port
 * @typedef {{name: string, description?: string, icon?: string, subgraph: boolean, inPorts: Port[], outPorts: Port[]}} Component
 * @typedef {import("./graph.js").Kind | "components" | "graphs" | "status"} ChangeKind
 */

/**
 * @typedef {{graph: string, edge: string, data: unknown, at: number, subgraph?: string[]}} Crossing  a packet on an edge, `at` in ms since 1970
 * @typedef {{id: string, type: string, label?: string, version: string, capabilities: string[], graph?: string, namespace?: string}} Runtime
 */
/**
 * @typedef {object} SystemEvents
 * @property {null} state the connection, the rights or the readiness have changed
 * @property {{graph: string | null, kinds: Set<ChangeKind>}} change at most one for each graph in an animation frame; null for kinds that belong to none
 * @property {null} current another graph is shown
 * @property {Crossing} data
 * @property {{graph: string, node: string}} health
 * @property {import("./health.js").Line} output
 * @property {null} recalled earlier lines have come
 * @property {{graph: string, text: string, count: number}} leftout packets that were not shown in the last second
 */

/** The state of the runtime, as far as its messages tell it. */
export class System extends /** @type {import("./events.js").TargetClass<SystemEvents>} */ (EventTarget) {
  /** The payload of runtime:runtime. @type {Runtime | null} */
  runtime = null;
  /** True while graphs and components are up to date; false without a connection, and where nothing is permitted. */
  isReady = false;
  /** Why they are not up to date in spite of a connection, for people; the page tries again. Empty otherwise. */
  trouble = "";
  /** @type {Map<string, Component>} */
  components = new Map();
  /** @type {Map<string, Graph>} */
  graphs = new Map();
  /** The id of the graph that is shown. */
  current = MAIN;

  #health;
  #status;
  #fbp;
  /** @type {Map<string | null, Set<ChangeKind>>} */
  #changes = new Map();
  #refreshes = 0;
  #timer = 0;

  /** @param {import("./fbp.js").Fbp} fbp */
  constructor(fbp) {
    super();
    this.#fbp = fbp;
    this.#health = new Health(this);
    this.#status = new Status(this);
    fbp.addEventListener("state", () => this.#connected());
    fbp.addEventListener("secret", () => fbp.state === "open" && this.#refresh());
    fbp.addEventListener("message", ({ detail }) => this.#take(detail));
    this.#status.addEventListener("change", () => this.changed(null, ["status"]));
  }

  get fbp() {
    return this.#fbp;
  }

  /** The id of the main graph. */
  get main() {
    return this.runtime?.graph ?? MAIN;
  }

  /** The graph that is shown; an empty one until it is known. @returns {Graph} */
  get graph() {
    return this.graphs.get(this.current) ?? emptyGraph(this.current);
  }

  /** Conditions by `nodeKey(graph, node)`. @returns {Map<string, {icon: string, error: string}>} */
  get health() {
    return this.#health.nodes;
  }

  /** The last lines that a node has printed, and its last errors. @param {string} graph @param {string} node @returns {import("./health.js").Line[]} */
  outputOf(graph, node) {
    return this.#health.lines.filter((line) => this.#health.isAbout(line, graph, node));
  }

  /** Ask for the lines from before the connection; the event "recalled" follows if there are some. */
  recallOutput() {
    return this.#health.recall();
  }

  /** True if a line is about a node. @param {import("./health.js").Line} line @param {string} graph @param {string} node */
  isAbout(line, graph, node) {
    return this.#health.isAbout(line, graph, node);
  }

  /** The last answer of /status.json; without nodes and edges before the first. @returns {import("./status.js").Answer} */
  get status() {
    return this.#status.all;
  }

  /** The status of a node of the main graph. @param {string} id @returns {import("./status.js").NodeStatus | undefined} */
  nodeStatus(id) {
    return this.#status.node(id);
  }

  /** The status of an edge of the main graph. @param {string} key @returns {import("./status.js").EdgeStatus | undefined} */
  edgeStatus(key) {
    return this.#status.edge(key);
  }

  /** Ask for the status now. */
  askStatus() {
    return this.#status.ask();
  }

  /** @param {string} capability such as "protocol:graph" @returns {boolean} whether we may */
  may(capability) {
    return (this.runtime?.capabilities ?? []).includes(capability);
  }

  /** Why graphs cannot be changed from here, for people; empty where they can, and before that is known. */
  get readOnly() {
    if (!this.isReady || this.may("protocol:graph")) return "";
    return this.#fbp.secret === null ? "without a secret, the graph can only be looked at" : "the secret in use does not allow to change the graph";
  }

  /** Show another graph, such as that of a participant which is one. Rejects with an Error where there is none. @param {string} id */
  async show(id) {
    if (!this.graphs.has(id)) await this.#fetch(id);
    this.current = id;
    this.dispatchEvent(new Event("current"));
    this.changed(id, ["nodes", "edges", "initials", "groups", "exports"]);
  }

  /** Note a change, for the event "change" in the next frame. @param {string | null} graph @param {Iterable<ChangeKind>} kinds */
  changed(graph, kinds) {
    if (this.#changes.size === 0) {
      const dispatch = () => this.#dispatchChanges();
      if (document.visibilityState === "visible") requestAnimationFrame(dispatch);
      else setTimeout(dispatch, HIDDEN_MS); // no frames come there
    }
    const noted = this.#changes.get(graph) ?? new Set();
    for (const kind of kinds) noted.add(kind);
    this.#changes.set(graph, noted);
  }

  #dispatchChanges() {
    const changes = this.#changes;
    this.#changes = new Map();
    for (const [graph, kinds] of changes) emit(this, "change", { graph, kinds });
  }

  #connected() {
    if (this.#fbp.state === "open") {
      this.#refresh();
    } else {
      this.isReady = false;
      this.trouble = "";
      this.dispatchEvent(new Event("state"));
    }
  }

  /** Fetch everything again, and repeat that until it succeeds. */
  async #refresh() {
    const number = ++this.#refreshes;
    let trouble = "";
    clearTimeout(this.#timer);
    try {
      await this.#fbp.request("runtime", "getruntime", {}, { quiet: true });
      const ids = new Set([this.main, this.current, ...this.graphs.keys()]);
      if (this.#isPermitted) {
        await this.#list();
        await Promise.all([...ids].map((id) => this.#fetch(id).catch((error) => this.#lost(id, error))));
      }
    } catch (error) {
      trouble = /** @type {Error} */ (error).message;
    }
    if (number !== this.#refreshes || this.#fbp.state !== "open") return; // the next connection asks again
    if (trouble !== "") this.#timer = setTimeout(() => this.#fbp.state === "open" && this.#refresh(), AGAIN_MS);
    this.trouble = trouble;
    this.isReady = trouble === "" && this.#isPermitted;
    this.dispatchEvent(new Event("state"));
  }

  get #isPermitted() {
    return (this.runtime?.capabilities.length ?? 0) > 0;
  }

  async #list() {
    /** @type {Set<string>} */
    const seen = new Set();
    const note = (/** @type {CustomEvent<Message>} */ { detail: { protocol, command, payload } }) => {
      if (protocol === "component" && command === "component") seen.add(payload.name);
    };
    this.#fbp.addEventListener("message", note);
    try {
      await this.#quietly("component", "list", {});
      for (const name of this.components.keys()) if (!seen.has(name)) this.components.delete(name);
      this.changed(null, ["components"]);
    } finally {
      this.#fbp.removeEventListener("message", note);
    }
  }

  /** Send a request that may be refused. @param {string} protocol @param {string} command @param {object} payload */
  async #quietly(protocol, command, payload) {
    try {
      return await this.#fbp.request(protocol, command, payload, { quiet: true });
    } catch (error) {
      if (!isRefusal(error)) throw error;
      return null;
    }
  }

  /** @param {string} id */
  async #fetch(id) {
    const source = await this.#quietly("component", "getsource", { name: id });
    if (source === null) return;
    if (source.language !== "json") throw new Error(`the graph ${id} comes as ${source.language}, only JSON can be shown`);
    const graph = readGraph(id, JSON.parse(source.code));
    this.graphs.set(id, graph);
    this.#health.forget(id);
    this.changed(id, ["nodes", "edges", "initials", "groups", "exports"]);
    this.changed(null, ["graphs"]);
    await this.#quietly("network", "getstatus", { graph: id });
  }

  /** Remove a graph that no longer exists; the main one always does. @param {string} id @param {Error} error */
  #lost(id, error) {
    if (error instanceof Unanswered || id === this.main) throw error;
    this.graphs.delete(id);
    this.#health.forget(id);
    if (this.current === id) this.current = this.main;
    this.changed(null, ["graphs"]);
    this.changed(this.current, ["nodes", "edges", "initials", "groups", "exports"]);
  }

  /** @param {Message} message */
  #take({ protocol, command, payload }) {
    if (command === "error") return;
    if (protocol === "graph") this.#takeChange(command, payload);
    else if (protocol === "network") this.#takeNetwork(command, payload);
    else if (protocol === "component" && command === "component") {
      if (payload.description === STAND_IN) this.components.delete(payload.name); // the graph's nodes are drawn without it
      else this.components.set(payload.name, payload);
      this.changed(null, ["components"]);
    } else if (protocol === "runtime") this.#takeRuntime(command, payload);
  }

  /** @param {string} command @param {Message["payload"]} payload */
  #takeRuntime(command, payload) {
    if (command === "runtime") {
      this.runtime = payload;
    } else if (command === "ports" && this.isReady && !this.graphs.has(payload.graph) && !payload.graph.startsWith(TEMPORARY)) {
      if (this.graphs.size < MOST_GRAPHS) this.#fetch(payload.graph).catch(() => {}); // gone again
    }
  }

  /** @param {string} command @param {Message["payload"]} payload */
  #takeChange(command, payload) {
    const id = command === "clear" ? payload.id : payload.graph;
    const graph = this.graphs.get(id);
    if (graph === undefined) return;
    if (command === "renamenode") this.#health.rename(id, payload.from, payload.to);
    if (command === "removenode") this.#health.remove(id, payload.id);
    if (isCommand(command)) this.changed(id, apply(graph, command, payload));
  }

  /** @param {string} command @param {Message["payload"]} payload */
  #takeNetwork(command, payload) {
    if (command === "data") {
      const { graph, src, tgt, data, subgraph } = payload;
      emit(this, "data", { graph, edge: edgeKey(src, tgt), data, at: Date.now(), ...(subgraph && { subgraph }) });
    } else if (["status", "started", "stopped"].includes(command)) {
      const graph = this.graphs.get(payload.graph);
      if (graph === undefined) return;
      graph.started = payload.started;
      this.changed(graph.id, ["graphs"]);
    } else {
      this.#health.take(command, payload);
    }
  }
}
