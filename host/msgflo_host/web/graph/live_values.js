// @ts-check
// Live values: dots of light on edges, rates and last values beside them, and a list of all edges for screen readers.

import { element } from "../core/dom.js";
import { labelText } from "./edges.js";

const WRITE_MS = 300; // between two updates
const BUSY_MS = 1000; // while somebody drags
const LIST_MS = 3000;

export class LiveValues {
  /** @type {Set<string>} edges whose value is to be written */
  #stale = new Set();
  #timer = 0;
  #written = -Infinity;
  #listTimer = 0;
  #heading = element("h2", { className: "unseen", id: "graph-edges-title" }, "Edges");
  #list = element("ul", { className: "unseen", "aria-labelledby": "graph-edges-title" });
  /** By edge: an item keeps its element, and a screen reader its place. @type {Map<string, HTMLElement>} */
  #items = new Map();

  /** @param {import("./stage.js").Stage} stage @param {HTMLElement} root */
  constructor(stage, root) {
    this.stage = stage;
    root.append(this.#heading, this.#list);
    const { system } = stage;
    system.addEventListener("data", (event) => {
      const { graph, edge } = event.detail;
      if (graph !== system.current || !stage.isSeen) return;
      stage.pulses.add(edge);
      this.#stale.add(edge);
      this.#soon();
    });
    stage.addEventListener("refresh", () => {
      for (const key of stage.picture.edges.keys()) this.#stale.add(key);
      this.#soon();
    });
  }

  #soon() {
    const next = this.#written + (this.stage.held.size ? BUSY_MS : WRITE_MS);
    this.#timer ||= setTimeout(() => this.#write(), next - performance.now());
    this.#listTimer ||= setTimeout(() => this.#writeList(), LIST_MS);
  }

  #write() {
    this.#timer = 0;
    this.#written = performance.now();
    const keys = [...this.#stale];
    this.#stale.clear();
    this.stage.edges.write((key) => this.#valueOf(key), keys);
    if (this.#items.size !== this.stage.picture.edges.size) this.#writeList();
  }

  /** @param {string} key @returns {import("./edges.js").Value} */
  #valueOf(key) {
    const { context, picture } = this.stage;
    const last = context.packets.last(key);
    return { rate: picture.edges.get(key)?.rate, data: last?.data, any: last !== undefined };
  }

  #writeList() {
    this.#listTimer = 0;
    const { edges } = this.stage.picture;
    for (const [key, item] of this.#items) {
      if (edges.has(key)) continue;
      item.remove();
      this.#items.delete(key);
    }
    for (const [key, edge] of edges) {
      const item = this.#items.get(key) ?? element("li");
      const text = sentence(edge, labelText(this.#valueOf(key)));
      if (item.textContent !== text) item.textContent = text;
      if (!item.isConnected) this.#list.append(item);
      this.#items.set(key, item);
    }
    const title = `${edges.size} edges`;
    if (this.#heading.textContent !== title) this.#heading.textContent = title;
  }
}

/** What a screen reader reads of an edge. @param {import("./model.js").EdgeView} edge @param {string} value */
function sentence({ src, tgt, kind, reason }, value) {
  const state = kind === "refused" || kind === "pending" ? `, ${kind}${reason ? `: ${reason}` : ""}` : "";
  return `${src.node} ${src.port} to ${tgt.node} ${tgt.port}${state}${value && kind !== "refused" ? `, ${value}` : ""}`;
}
