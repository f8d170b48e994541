// @ts-check
// Hears all topics of the broker while somebody looks.

import { listen } from "../core/listener.js";
import { pageAccount } from "../msgflo.js";

const AGAIN_MS = 2000;
const REFUSED_MS = 15_000; // another secret is tried at once, by `follow`

/** Events: "state" when `state` or `trouble` is another one. */
export class Follower extends EventTarget {
  /** @type {"off" | "connecting" | "on"} */
  state = "off";
  /** What is wrong, for people; or "". */
  trouble = "";

  #fbp;
  #take;
  /** @type {any} */
  #client = null;
  #timer = 0;
  #isAsking = false; // for the account
  #attempts = 0; // numbers them: an answer may come after another one has begun

  /** @param {import("../core/fbp.js").Fbp} fbp @param {(topic: string, payload: Uint8Array) => void} take */
  constructor(fbp, take) {
    super();
    this.#fbp = fbp;
    this.#take = take;
  }

  /** Hear, or not; where it waits for the next attempt, it tries now. @param {boolean} wanted */
  follow(wanted) {
    if (wanted ? this.#client !== null || this.#isAsking : this.state === "off") return;
    if (wanted) this.#attempt();
    else this.#stop();
  }

  #stop() {
    this.#attempts++;
    this.#isAsking = false;
    clearTimeout(this.#timer);
    this.#client?.end(true);
    this.#client = null;
    this.#set("off");
  }

  async #attempt() {
    const attempt = ++this.#attempts;
    clearTimeout(this.#timer);
    this.#isAsking = true;
    this.#set("connecting", this.trouble);
    try {
      const account = await pageAccount(this.#fbp.secret);
      if (attempt === this.#attempts) this.#connect(account);
    } catch (error) {
      if (attempt === this.#attempts) this.#again(/** @type {Error} */ (error).message, REFUSED_MS);
    } finally {
      if (attempt === this.#attempts) this.#isAsking = false;
    }
  }

  /** @param {import("../msgflo.js").Account} account */
  #connect(account) {
    const client = listen(account, "adopt");
    this.#client = client;
    client.on("message", (/** @type {string} */ topic, /** @type {Uint8Array} */ payload) => this.#client === client && this.#take(topic, payload));
    client.on("connect", () => {
      client.subscribe("#", { qos: 0 }, (/** @type {any} */ error, /** @type {any[] | undefined} */ granted) => {
        if (client !== this.#client) return;
        const isRefused = error || (granted ?? []).some((each) => each.qos > 2);
        this.#set("on", isRefused ? "The broker does not let this page hear all topics." : "");
      });
    });
    client.once("close", () => {
      client.end(true);
      if (client === this.#client) this.#again(`There is no connection to the broker at ${new URL(account.url).host}.`);
    });
  }

  /** @param {string} trouble @param {number} [ms] */
  #again(trouble, ms = AGAIN_MS) {
    this.#client = null;
    this.#set("connecting", trouble);
    this.#timer = setTimeout(() => this.#attempt(), ms);
  }

  /** @param {"off" | "connecting" | "on"} state @param {string} [trouble] */
  #set(state, trouble = "") {
    this.state = state;
    this.trouble = trouble;
    this.dispatchEvent(new Event("state"));
  }
}
