// @ts-check
/** Packets that wait to be sent. */

const LIMIT = 1000; // events that wait at most during an outage; then the oldest are dropped

/**
 * @typedef {Pick<import("./wire.js").FullPort, "topic" | "qos" | "retain"> & {state?: boolean}} Out  an outport
 * @typedef {{out: Out, payload: Uint8Array, waits: boolean}} Item
 */

/** Packets in the order in which they go out. The latest value of each state is stored, so that it can be sent again. */
export class Outbox {
  /** How many events were dropped because too many waited. */
  dropped = 0;
  /** @type {Item[]} */
  #items = [];
  /** By topic. @type {Map<string, Item>} */
  #states = new Map();
  /** Events with QoS 1 that are on their way. @type {Set<Item>} */
  #unacknowledged = new Set();

  /** Add a packet of an outport. @param {Out} out @param {Uint8Array} payload */
  post(out, payload) {
    let item = out.state ? this.#states.get(out.topic) : undefined;
    if (item) item.payload = payload;
    else item = { out, payload, waits: false };
    if (out.state) this.#states.set(out.topic, item);
    if (!item.waits) this.#wait(item);
  }

  /** @param {Item} item */
  #wait(item) {
    item.waits = true;
    this.#items.push(item);
    const events = this.#items.filter((each) => !each.out.state);
    if (events.length > LIMIT) {
      this.dropped++;
      this.#items.splice(this.#items.indexOf(events[0]), 1);
    }
  }

  /** Send all of it. @param {Pick<import("../vendor/mqtt.js").MqttClient, "publish">} client */
  drain(client) {
    for (const item of this.#items.splice(0)) {
      const { topic, qos, retain } = item.out;
      item.waits = false;
      const asks = qos && !item.out.state;
      if (asks) this.#unacknowledged.add(item);
      const done = asks ? (/** @type {unknown} */ error) => error || this.#unacknowledged.delete(item) : undefined;
      client.publish(topic, item.payload, { qos, retain }, done);
    }
  }

  /**
   * After a connection's end, put the unacknowledged packets first, then the latest value of each state. Acknowledged ones
   * are among these: a broker that has restarted may have lost them.
   */
  restore() {
    const waiting = this.#items;
    this.#items = [];
    for (const item of [...this.#unacknowledged, ...[...this.#states.values()].filter((item) => !item.waits)]) {
      this.#wait(item);
    }
    this.#unacknowledged.clear();
    this.#items.push(...waiting);
  }

  /** Send nothing more on a topic. @param {string} topic */
  drop(topic) {
    this.#states.delete(topic);
    this.#items = this.#items.filter((item) => item.out.topic !== topic);
  }
}
