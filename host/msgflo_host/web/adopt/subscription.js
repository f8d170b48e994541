// @ts-check
// A subscription to all topics of the broker, while the view is open.

import { listen } from "../core/listener.js";
import { pageAccount } from "../msgflo.js";

const AGAIN_MS = 2000;
const REFUSED_MS = 15_000; // `setActive` tries another secret at once

/** Event: "state" when `state` or `trouble` has changed. */
export class Subscription extends EventTarget {
  /** @type {"off" | "connecting" | "on"} */
  state = "off";
  /** The problem of the connection, for people; or "". */
  trouble = "";

  #fbp;
  #take;
  /** @type {import("../vendor/mqtt.js").MqttClient | null} */
  #client = null;
  #timer = 0;
  #isAsking = false; // for the account
  #attempts = 0; // counted, to ignore the answer to an earlier one

  /** @param {import("../core/fbp.js").Fbp} fbp @param {(topic: string, payload: Uint8Array) => void} take */
  constructor(fbp, take) {
    super();
    this.#fbp = fbp;
    this.#take = take;
  }

  /** Subscribe, or unsubscribe. Instead of waiting for the next attempt it connects now. @param {boolean} isActive */
  setActive(isActive) {
    if (isActive ? this.#client !== null || this.#isAsking : this.state === "off") return;
    if (isActive) this.#attempt();
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
    client.on("message", (topic, payload) => this.#client === client && this.#take(topic, payload));
    client.on("connect", () => {
      client.subscribe("#", { qos: 0 }, (error, granted) => {
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
