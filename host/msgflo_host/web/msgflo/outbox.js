// @ts-check
/** What is to be sent and could not be sent yet. */

const LIMIT = 1000; // events that wait at most during an outage; then the oldest are dropped

/** Packets in the order in which they go out. Of each state the latest value is kept, so that it can be sent again. */
export class Outbox {
  /** How many events were dropped because too many waited. */
  dropped = 0;
  #items = /** @type {{out: any, payload: Uint8Array, waits: boolean}[]} */ ([]);
  #states = new Map(); // topic -> item
  #unacknowledged = new Set(); // events with QoS 1 that are on their way

  /** Add a packet of an outport, `{topic, qos, retain, state}`. */
  post(out, payload) {
    let item = out.state && this.#states.get(out.topic);
    if (item) item.payload = payload;
    else item = { out, payload, waits: false };
    if (out.state) this.#states.set(out.topic, item);
    if (!item.waits) this.#wait(item);
  }

  #wait(item) {
    item.waits = true;
    this.#items.push(item);
    const events = this.#items.filter((each) => !each.out.state);
    if (events.length > LIMIT) {
      this.dropped++;
      this.#items.splice(this.#items.indexOf(events[0]), 1);
    }
  }

  /** Send all of it. */
  drain(client) {
    for (const item of this.#items.splice(0)) {
      const { topic, qos, retain } = item.out;
      item.waits = false;
      const asks = qos && !item.out.state;
      if (asks) this.#unacknowledged.add(item);
      const done = asks ? (error) => error || this.#unacknowledged.delete(item) : undefined;
      client.publish(topic, item.payload, { qos, retain }, done);
    }
  }

  /**
   * After a connection's end, put in front what it left unacknowledged, then the latest value of each state: those that
   * were acknowledged, too, for a broker that was restarted may have forgotten them.
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

  /** Send nothing on a topic any more. */
  drop(topic) {
    this.#states.delete(topic);
    this.#items = this.#items.filter((item) => item.out.topic !== topic);
  }
}
