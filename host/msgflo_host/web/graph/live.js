// @ts-check
// What passes: dots of light on edges, rates and last values beside them, and a list of all edges for people who do not see them.

import { element } from "../core/dom.js";

const WRITE_MS = 300; // between two turns of values
const BUSY_MS = 1000; // while somebody drags
const LIST_MS = 3000;

export class Live {
  /** @type {Set<string>} edges whose value is to be written */
  #stale = new Set();
  #timer = 0;
  #listTimer = 0;
  #heading = element("h2", { className: "unseen", id: "graph-edges-title" }, "Edges");
  #list = element("ul", { className: "unseen", "aria-labelledby": "graph-edges-title" });
  #sentences = "";

  /** @param {import("./stage.js").Stage} stage @param {HTMLElement} root */
  constructor(stage, root) {
    this.stage = stage;
    root.append(this.#heading, this.#list);
    const { system } = stage;
    system.addEventListener("data", (event) => {
      const { graph, edge } = event.detail;
      if (graph !== system.current) return;
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
    this.#timer ||= setTimeout(() => this.#write(), this.stage.held.size ? BUSY_MS : WRITE_MS);
    this.#listTimer ||= setTimeout(() => this.#writeList(), LIST_MS);
  }

  #write() {
    this.#timer = 0;
    const { context, edges, system } = this.stage;
    const keys = [...this.#stale];
    this.#stale.clear();
    edges.write((key) => {
      const last = context.packets.last(key);
      return { rate: system.edgeStatus(key)?.rate, data: last?.data, any: last !== undefined };
    }, keys);
    if (!this.#sentences) this.#writeList();
  }

  #writeList() {
    this.#listTimer = 0;
    const sentences = this.stage.edges.sentences();
    const all = sentences.join("\n");
    if (all === this.#sentences) return;
    this.#sentences = all;
    this.#list.replaceChildren(...sentences.map((text) => element("li", {}, text)));
    this.#heading.textContent = `${sentences.length} edges`;
  }
}
