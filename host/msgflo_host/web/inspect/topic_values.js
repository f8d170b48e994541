// @ts-check
// The last packets on topics that no edge shows, from the broker, while a panel is open.

import { load } from "../core/load.js";
import { decode } from "../msgflo/wire.js";

const AGAIN_MS = 2000; // after a connection to the broker has ended

/** @typedef {{at: number, payload: Uint8Array, retained: boolean}} Last  `at` in ms since 1970 */
/** @typedef {{at: number, data: unknown, retained: boolean}} TopicValue */
/** @typedef {ReturnType<typeof import("../core/listener.js").listen>} Client */

export class TopicValues {
  #context;
  #onChange;
  /** @type {Map<string, Last>} by topic */
  #last = new Map();
  /** @type {string[]} */
  #topics = [];
  /** @type {Client | null} */
  #client = null;
  #begun = false; // once for each connection to the coordinator: it may give no account
  #timer = 0;
  #stopped = false;

  /** @param {import("../core/registry.js").Context} context @param {() => void} onChange */
  constructor(context, onChange) {
    this.#context = context;
    this.#onChange = onChange;
  }

  /** Subscribe to these topics, and no others. @param {string[]} topics without wildcards */
  subscribe(topics) {
    const { system } = this.#context;
    if (!system.isReady) this.#begun = false;
    const [before, now] = [new Set(this.#topics), new Set(topics)];
    this.#topics = topics;
    this.#change("unsubscribe", [...before].filter((topic) => !now.has(topic)));
    this.#change("subscribe", topics.filter((topic) => !before.has(topic)));
    if (this.#client !== null || this.#begun || topics.length === 0 || !system.isReady || !system.may("protocol:network")) return;
    this.#begun = true;
    clearTimeout(this.#timer);
    this.#connect().catch(() => {}); // without an account there are no values
  }

  /** @param {string} topic @returns {TopicValue | null} */
  last(topic) {
    const last = this.#last.get(topic);
    if (last === undefined) return null;
    const data = decode(last.payload);
    return { at: last.at, retained: last.retained, data: data instanceof Uint8Array ? `(${data.length} bytes)` : data };
  }

  stop() {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#client?.end(true);
    this.#client = null;
  }

  async #connect() {
    const [{ pageAccount }, { listen }] = await Promise.all([load("msgflo.js"), load("core/listener.js")]);
    const account = await pageAccount(this.#context.fbp.secret);
    if (this.#stopped || this.#client !== null) return; // or a later call was quicker
    const client = listen(account, "inspect");
    this.#client = client;
    client.on("connect", () => this.#change("subscribe", this.#topics));
    client.on("message", (/** @type {string} */ topic, /** @type {Uint8Array} */ payload, /** @type {{retain: boolean}} */ { retain }) => {
      if (client !== this.#client) return;
      this.#last.set(topic, { at: Date.now(), payload, retained: retain });
      this.#onChange();
    });
    client.once("close", () => {
      client.end(true);
      if (client !== this.#client) return;
      this.#client = null;
      this.#timer = setTimeout(() => {
        this.#begun = false;
        this.subscribe(this.#topics);
      }, AGAIN_MS);
    });
  }

  /** @param {"subscribe" | "unsubscribe"} what @param {string[]} topics */
  #change(what, topics) {
    if (topics.length > 0 && this.#client?.connected) this.#client[what](topics);
  }
}
