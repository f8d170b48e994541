// A coordinator and the page's system with it, as far as edits go: requests are answered at once, or lost.

import { Unanswered } from "../../../host/msgflo_host/web/core/fbp.js";
import { apply, edgeKey, emptyGraph } from "../../../host/msgflo_host/web/core/graph.js";

const MAIN = "default/main";

export class Runtime extends EventTarget {
  current = MAIN;
  readOnly = "";
  isReady = true;
  /** Participants that are there, by role: nodes as long as nobody removes them. */
  participants = new Map();
  /** `{node, isDelivered}`: the connection is lost at the next command about that node. */
  cut = null;

  #graph = emptyGraph(MAIN);

  constructor(commands) {
    super();
    this.fbp = { state: "open", request: (_, command, payload) => this.#request(command, payload) };
    for (const [command, payload] of commands) apply(this.#graph, command, payload);
    this.#fetch();
  }

  get graph() {
    return this.graphs.get(MAIN);
  }

  /** A participant appears. */
  discover(id, component) {
    this.participants.set(id, component);
    this.#tell("addnode", { id, component, metadata: { discovered: true } });
  }

  /** Somebody else edits. */
  edit(command, payload) {
    this.#carryOut(command, payload);
  }

  /** The connection is there again, and the graph is fetched anew. */
  reconnect() {
    this.#fetch();
    this.#connected(true);
  }

  async #request(command, payload) {
    if (this.cut?.node !== undefined && this.cut.node === payload.id) {
      const { isDelivered } = this.cut;
      this.cut = null;
      if (isDelivered) this.#carryOut(command, payload, false);
      this.#connected(false);
      throw new Unanswered("The connection was lost before the coordinator answered.", true);
    }
    this.#carryOut(command, payload);
  }

  #carryOut(command, payload, isTold = true) {
    const graph = this.#graph;
    const { id, from, src, tgt, node, nodes = [], name } = payload;
    for (const each of [id, from, src?.node, tgt?.node, node, ...nodes]) {
      if (each === undefined || command === "addnode" || command === "clear" || /group|port$/.test(command) && each === from) continue;
      const there = graph.nodes.get(each);
      if (there === undefined) throw new Error(`there is no node ${each}`);
      const { discovered, ...metadata } = there.metadata; // a command that names it makes it a node of the graph
      if (discovered) this.#tell("changenode", { id: each, metadata }, isTold);
    }
    const old = command === "changenode" ? graph.nodes.get(id) : command === "changeedge" ? graph.edges.get(edgeKey(src, tgt)) : graph.groups.get(name);
    const metadata = Object.entries({ ...old?.metadata, ...payload.metadata }).filter(([, value]) => value !== null);
    this.#tell(command, { ...payload, metadata: Object.fromEntries(metadata) }, isTold);
    const component = command === "removenode" ? this.participants.get(id) : command === "renamenode" ? this.participants.get(from) : undefined;
    if (component !== undefined) this.#tell("addnode", { id: id ?? from, component, metadata: { discovered: true } }, isTold);
  }

  #tell(command, payload, isTold = true) {
    apply(this.#graph, command, structuredClone(payload));
    if (isTold) apply(this.graph, command, structuredClone(payload));
  }

  #fetch() {
    this.graphs = new Map([[MAIN, structuredClone(this.#graph)]]);
  }

  #connected(isReady) {
    this.isReady = isReady;
    this.fbp.state = isReady ? "open" : "closed";
    this.dispatchEvent(new Event("state"));
  }
}
