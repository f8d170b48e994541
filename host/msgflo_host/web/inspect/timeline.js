// @ts-check
// The packets of an edge, the newest first: a strip of their times, and a list with time, size and value.

import { announce, element, iconButton } from "../core/dom.js";
import { edgeKey } from "../core/graph.js";
import { cutSize } from "../core/packets.js";
import { makeStrip } from "./packet_strip.js";
import { button, copy, soon, write } from "./elements.js";
import { copyText, filterOf, pretty, short, sizeText, timeText } from "./value_text.js";

const WRITE_MS = 250;
const MOST_SHOWN = 200;

/** @typedef {import("../core/packets.js").Packet} Packet */

export class Timeline {
  /** Whether new packets are not shown. */
  isPaused = false;

  #packets;
  #key;
  #port;
  #graph;
  #again;
  /** The packets before the filter. @type {Packet[]} */
  #held = [];
  /** @type {Map<Packet, HTMLElement>} */
  #rows = new Map();
  #fits = filterOf("");

  /**
   * @param {import("../core/packets.js").Packets} packets @param {string} graph @param {import("../core/graph.js").Edge} edge of it
   * @param {{sendAgain: ((data: unknown) => void) | null}} options null where that is not possible
   */
  constructor(packets, graph, edge, { sendAgain }) {
    this.#packets = packets;
    this.#graph = graph;
    this.#key = edge.key;
    this.#port = edgeKey(null, edge.tgt);
    this.#again = sendAgain;
    this.pause = button("Pause", () => this.#pause(), { "aria-pressed": "false" });
    this.count = element("p", { className: "hint inspect-count" });
    this.list = element("ol", { className: "inspect-packets", "aria-label": "Packets, the newest first" });
    this.strip = makeStrip();
    this.soon = soon(() => this.show(), WRITE_MS);
    this.element = element("div", { className: "inspect-timeline" }, this.#tools(), this.strip.element, this.count, this.list);
    this.show();
  }

  #tools() {
    const filter = element("input", {
      type: "search", placeholder: "Filter: text, or > 20", "aria-label": "Filter the packets: a text, or a number as in > 20",
      input: () => {
        this.#fits = filterOf(filter.value);
        this.show();
      },
    });
    const all = iconButton("copy", "Copy all that are shown", () => copy(this.#text(), "All that are shown"));
    return element("div", { className: "inspect-tools" }, this.pause, filter, all, button("Clear", () => this.#clear()));
  }

  /** A packet has come. @param {string} key of its edge */
  add(key) {
    if (key === this.#key || key === this.#port) this.soon();
  }

  stop() {
    this.soon.stop();
  }

  #pause() {
    this.isPaused = !this.isPaused;
    this.pause.setAttribute("aria-pressed", String(this.isPaused));
    announce(this.isPaused ? "Paused" : "Going on");
    this.show();
  }

  #clear() {
    for (const key of [this.#key, this.#port]) this.#packets.forget(key, this.#graph);
    this.#held = [];
    this.show();
  }

  /** The packets that are shown, oldest first, a line for each. */
  #text() {
    return this.#chosen().map(({ at, data }) => `${new Date(at).toISOString()}\t${JSON.stringify(data)}`).join("\n");
  }

  #chosen() {
    return this.#held.filter(({ data }) => this.#fits(data));
  }

  /** The packets of the edge, and those that were sent to the inport itself: by hand, or at the start. @returns {readonly Packet[]} */
  #history() {
    const passed = this.#packets.history(this.#key, this.#graph);
    const sent = this.#packets.history(this.#port, this.#graph);
    return sent.length === 0 ? passed : [...passed, ...sent].sort((a, b) => a.at - b.at);
  }

  show() {
    const history = this.#history();
    if (!this.isPaused) this.#held = [...history];
    const chosen = this.#chosen();
    const shown = chosen.slice(-MOST_SHOWN).reverse();
    this.#write(shown);
    this.strip.draw(chosen);
    write(this.count, this.#sentence(history, chosen.length, shown.length));
  }

  /** @param {readonly Packet[]} history @param {number} chosen @param {number} shown */
  #sentence(history, chosen, shown) {
    const newest = this.#held.at(-1);
    const since = newest === undefined ? history.length : history.length - 1 - history.lastIndexOf(newest);
    const parts = [`${chosen} of ${this.#held.length} packets`];
    if (shown < chosen) parts.push(`the newest ${shown} are listed`);
    if (this.isPaused) parts.push(`paused, ${since} ${since === 1 ? "has" : "have"} come since`);
    return this.#held.length === 0 && !this.isPaused ? "No packet has passed since the page was opened." : `${parts.join("; ")}.`;
  }

  /** @param {Packet[]} shown the newest first */
  #write(shown) {
    const rows = new Set(shown);
    for (const [packet, row] of this.#rows) {
      if (rows.has(packet)) continue;
      row.remove();
      this.#rows.delete(packet);
    }
    let next = this.list.firstElementChild;
    for (const packet of shown) {
      const row = this.#rows.get(packet) ?? this.#row(packet);
      if (row === next) next = next.nextElementSibling;
      else this.list.insertBefore(row, next);
    }
  }

  /** @param {Packet} packet @returns {HTMLElement} */
  #row(packet) {
    const { at, data, size } = packet;
    const time = element("time", { dateTime: new Date(at).toISOString() }, timeText(at));
    const line = element("summary", {}, time, element("span", { className: "inspect-size" }, sizeText(size)), element("code", {}, short(data)),
      this.#packets.history(this.#port, this.#graph).includes(packet) ? element("span", { className: "hint" }, "sent to the port itself") : null);
    const row = element("li", {}, element("details", {
      // The content is made when it is opened.
      toggle: (/** @type {Event} */ event) => {
        const details = /** @type {HTMLDetailsElement} */ (event.target);
        if (details.open && details.childElementCount === 1) details.append(...this.#inside(data));
      },
    }, line));
    this.#rows.set(packet, row);
    return row;
  }

  /** @param {unknown} data */
  #inside(data) {
    const again = this.#again;
    const cut = cutSize(data) !== null;
    const send = again && button("Send again", () => again(data), { disabled: cut, title: cut ? "Only the beginning of this value is known here." : "" });
    const tools = element("div", { className: "inspect-tools" }, button("Copy", () => copy(copyText(data), "The value")), send);
    return [element("pre", { tabIndex: 0, "aria-label": "Value" }, pretty(data)), tools];
  }
}
