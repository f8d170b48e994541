// @ts-check
// The history of packets of some edges, and the last packet of many more: bounded in number and in memory.

const MOST_EACH = 500;
const MOST_EDGES = 200;
const MOST_LASTS = 20_000; // edges whose last packet is stored, also without a history
const MOST_BYTES = 4 * 1024 * 1024; // of histories, and of last packets
const LEFT_OUT_MS = 1500; // the coordinator reports it once a second

const CUT = /(?:… \((\d+) bytes\)|^\((\d+) bytes: .*\))$/s; // which the coordinator writes in place of large and binary values

/**
 * @typedef {{at: number, data: unknown, size: number, held: number}} Packet  `at` in ms since 1970; `size` in bytes as JSON, before the
 *   coordinator has shortened it; `held` in stored characters
 * @typedef {{packets: Packet[], bytes: number}} Ring  packets from the oldest to the newest
 */

const encoder = new TextEncoder();

/** The size in bytes of a value before the coordinator has shortened it; null of a whole one. @param {unknown} data */
export function cutSize(data) {
  const cut = typeof data === "string" ? CUT.exec(data) : null;
  return cut && Number(cut[1] ?? cut[2]);
}

/** Event: "leftout" when `leftOut` has changed. */
export class Packets extends /** @type {import("./events.js").TargetClass<{leftout: null}>} */ (EventTarget) {
  /** The packets that were not shown in the last second, because there were too many. */
  leftOut = 0;
  /** The last time without a connection, in ms since 1970: packets were missed then. */
  lost = 0;

  #system;
  /** In the order of their last packets. @type {Map<string, Ring>} */
  #rings = new Map();
  #bytes = 0;
  /** The last packet of each edge, in the same order. @type {Map<string, Packet>} */
  #lasts = new Map();
  #lastBytes = 0;
  #timer = 0;

  /** @param {import("./system.js").System} system */
  constructor(system) {
    super();
    this.#system = system;
    system.addEventListener("data", ({ detail }) => this.#add(detail));
    system.addEventListener("state", () => {
      if (!system.isReady) this.lost = Date.now();
    });
    system.addEventListener("leftout", ({ detail }) => this.#leaveOut(detail.count));
  }

  /** @param {string} key of an edge @param {string} [graph] @returns {readonly Packet[]} from the oldest to the newest */
  history(key, graph = this.#system.current) {
    return this.#rings.get(`${graph}\n${key}`)?.packets ?? [];
  }

  /** @param {string} key of an edge @param {string} [graph] @returns {Packet | undefined} the newest one */
  last(key, graph = this.#system.current) {
    return this.#lasts.get(`${graph}\n${key}`);
  }

  /** Forget the packets of an edge. @param {string} key @param {string} [graph] */
  forget(key, graph = this.#system.current) {
    this.#drop(`${graph}\n${key}`);
    this.#dropLast(`${graph}\n${key}`);
  }

  /** @param {import("./system.js").Crossing} packet */
  #add({ graph, edge, data, at }) {
    const key = `${graph}\n${edge}`;
    const text = JSON.stringify(data) ?? "";
    const ring = this.#rings.get(key) ?? { packets: [], bytes: 0 };
    this.#rings.delete(key);
    this.#rings.set(key, ring);
    const packet = { at, data, size: cutSize(data) ?? encoder.encode(text).length, held: text.length };
    this.#storeLast(key, packet);
    ring.packets.push(packet);
    this.#count(ring, packet.held);
    if (ring.packets.length > MOST_EACH) this.#count(ring, -(/** @type {Packet} */ (ring.packets.shift()).held));
    if (this.#rings.size > MOST_EDGES) this.#drop(/** @type {string} */ (this.#rings.keys().next().value));
    while (this.#bytes > MOST_BYTES) this.#halveLargest();
  }

  /** @param {string} key @param {Packet} packet */
  #storeLast(key, packet) {
    this.#dropLast(key);
    this.#lasts.set(key, packet);
    this.#lastBytes += packet.held;
    while (this.#lasts.size > MOST_LASTS || this.#lastBytes > MOST_BYTES) this.#dropLast(/** @type {string} */ (this.#lasts.keys().next().value));
  }

  /** @param {string} key */
  #dropLast(key) {
    this.#lastBytes -= this.#lasts.get(key)?.held ?? 0;
    this.#lasts.delete(key);
  }

  /** The edge that takes most loses the older half of its packets. */
  #halveLargest() {
    const ring = [...this.#rings.values()].reduce((a, b) => (a.bytes >= b.bytes ? a : b));
    for (const { held } of ring.packets.splice(0, Math.ceil(ring.packets.length / 2))) this.#count(ring, -held);
  }

  /** @param {string} key */
  #drop(key) {
    this.#bytes -= this.#rings.get(key)?.bytes ?? 0;
    this.#rings.delete(key);
  }

  /** @param {Ring} ring @param {number} bytes */
  #count(ring, bytes) {
    ring.bytes += bytes;
    this.#bytes += bytes;
  }

  /** @param {number} count */
  #leaveOut(count) {
    this.leftOut = count;
    clearTimeout(this.#timer);
    if (count > 0) this.#timer = setTimeout(() => this.#leaveOut(0), LEFT_OUT_MS);
    this.dispatchEvent(new Event("leftout"));
  }
}
