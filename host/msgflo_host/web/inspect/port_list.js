// @ts-check
// The ports of a node with type, topic and last value, and forms to send to inports.

import { element } from "../core/dom.js";
import { edgeKey } from "../core/graph.js";
import { knownPorts } from "../core/ports.js";
import { emit } from "../core/registry.js";
import { isFilter } from "../msgflo/wire.js";
import { button, write } from "./elements.js";
import { sendForm } from "./send_form.js";
import { endText, short, timeText } from "./value_text.js";

/**
 * @import { Context } from "../core/registry.js"
 * @import { Edge, End } from "../core/graph.js"
 * @import { Packet } from "../core/packets.js"
 * @import { System } from "../core/system.js"
 * @import { TopicValue, TopicValues } from "./topic_values.js"
 * @typedef {{id: string, type: string, description: string, topic: string}} Port
 * @typedef {"in" | "out"} Side
 */

export class PortList {
  #context;
  #graph;
  #id;
  #topicValues;
  /** Topics of ports without an edge, by side and port. @type {Map<string, string>} */
  #topics = new Map();
  #drawn = "";
  /** The time of its last packet, in ms since 1970; 0 before one was seen. */
  sent = 0;
  /** @type {Map<string, HTMLElement>} where the last value of a port stands, by side and port */
  #values = new Map();
  /** @type {Map<string, HTMLDetailsElement>} where a packet is sent, by port and type */
  #senders = new Map();

  /** @param {Context} context @param {string} graph @param {string} id of a node of it @param {TopicValues} topicValues of ports without edges */
  constructor(context, graph, id, topicValues) {
    this.#context = context;
    this.#graph = graph;
    this.#id = id;
    this.#topicValues = topicValues;
    this.element = element("div", { className: "inspect-ports" });
  }

  /** Show the ports. A form keeps what was typed as long as its port is there. */
  show() {
    const { system } = this.#context;
    const all = { in: portsOf(system, this.#graph, this.#id, "in"), out: portsOf(system, this.#graph, this.#id, "out") };
    const edges = edgesOf(system, this.#graph).filter(({ src, tgt }) => src.node === this.#id || tgt.node === this.#id);
    const drawn = JSON.stringify([all, edges.map(({ key }) => key)]);
    if (drawn !== this.#drawn) {
      this.#drawn = drawn;
      this.#values.clear();
      const none = all.in.length + all.out.length === 0 ? element("p", { className: "hint" }, "Its ports are not known.") : "";
      const focused = /** @type {HTMLElement | null} */ (this.element.querySelector(":focus"));
      this.element.replaceChildren(none, ...this.#side("in", "Inports", all.in), ...this.#side("out", "Outports", all.out));
      if (focused && this.element.contains(focused)) focused.focus({ preventScroll: true });
      for (const [place, sender] of this.#senders) if (!this.element.contains(sender)) this.#senders.delete(place);
    }
    this.#topics = new Map(/** @type {Side[]} */ (["in", "out"]).flatMap((side) =>
      all[side].filter((port) => this.#isAlone(side, port, edges)).map((port) => [`${side} ${port.id.toLowerCase()}`, port.topic])));
    this.#topicValues.subscribe([...new Set(this.#topics.values())]);
    this.showValues();
  }

  /** Whether nobody but the broker knows of its packets. @param {Side} side @param {Port} port @param {Edge[]} edges */
  #isAlone(side, { id, topic }, edges) {
    const isIt = (/** @type {End} */ end) => end.node === this.#id && end.port.toLowerCase() === id.toLowerCase();
    if (topic === "" || isFilter(topic) || edges.some(({ src, tgt }) => isIt(side === "in" ? tgt : src))) return false;
    const initials = this.#context.system.graphs.get(this.#graph)?.initials.values() ?? [];
    return side === "out" || ![...initials].some(({ tgt, metadata }) => metadata.secure === true && isIt(tgt));
  }

  showValues() {
    const { system, packets } = this.#context;
    const graph = this.#graph;
    /** @type {Map<string, Packet>} */
    const last = new Map();
    const note = (/** @type {string} */ place, /** @type {Packet | undefined} */ packet) => {
      if (packet !== undefined && packet.at >= (last.get(place)?.at ?? 0)) last.set(place, packet);
    };
    for (const { key, src, tgt } of edgesOf(system, graph)) {
      for (const [side, end] of /** @type {const} */ ([["out", src], ["in", tgt]])) {
        if (end.node === this.#id) note(`${side} ${end.port.toLowerCase()}`, packets.last(key, graph));
      }
    }
    for (const [place, target] of this.#values) {
      const [side, port] = [place.slice(0, place.indexOf(" ")), place.slice(place.indexOf(" ") + 1)];
      if (side === "in") note(place, packets.last(edgeKey(null, { node: this.#id, port }), graph));
      const value = this.#topicValues.last(this.#topics.get(place) ?? "");
      if (side === "out") this.sent = Math.max(this.sent, last.get(place)?.at ?? 0, value?.retained === false ? value.at : 0);
      write(target, this.#sentence(last.get(place), value));
    }
  }

  /** @param {Packet | undefined} seen on an edge @param {TopicValue | null} value of the topic */
  #sentence(seen, value) {
    if (value?.retained && !seen) return `${short(value.data, 300)}, retained by the broker`;
    const newest = value && !value.retained && value.at >= (seen?.at ?? 0) ? value : seen;
    if (!newest) return "no packet seen yet";
    const isOld = newest === seen && newest.at <= this.#context.packets.lost;
    return `${short(newest.data, 300)} at ${timeText(newest.at)}${isOld ? ", before the connection was lost: others may have passed" : ""}`;
  }

  /** @param {Side} side @param {string} title @param {Port[]} ports */
  #side(side, title, ports) {
    if (ports.length === 0) return [];
    return [element("h4", {}, title), element("ul", { className: "inspect-list" }, ...ports.map((port) => this.#port(side, port)))];
  }

  /** @param {Side} side @param {Port} port */
  #port(side, port) {
    const value = element("code", { className: "inspect-value" });
    this.#values.set(`${side} ${port.id.toLowerCase()}`, value);
    const head = element("p", {}, element("strong", {}, port.id), element("span", { className: "muted" }, ` ${port.type}`));
    const topic = port.topic ? element("p", { className: "hint" }, "Topic ", element("code", {}, port.topic)) : null;
    const about = port.description ? element("p", { className: "hint" }, port.description) : null;
    return element("li", { "data-port": port.id, "data-side": side }, head, about, element("p", {}, value), topic, ...this.#edges(side, port), side === "in" ? this.#sender(port) : null);
  }

  /** The other ends of its edges, as buttons that open these. @param {Side} side @param {Port} port */
  #edges(side, port) {
    const { system, bus } = this.#context;
    const edges = edgesOf(system, this.#graph).map(({ key, src, tgt }) => ({ key, own: side === "in" ? tgt : src, other: side === "in" ? src : tgt }));
    return edges.filter(({ own }) => own.node === this.#id && own.port.toLowerCase() === port.id.toLowerCase()).map(({ key, other }) =>
      button(side === "in" ? `from ${endText(other)}` : `to ${endText(other)}`, () => emit(bus, "open-edge", { key }), { className: "plain inspect-edge" }));
  }

  /** @param {Port} port */
  #sender(port) {
    const place = `${port.id} ${port.type}`;
    const open = this.#senders.get(place);
    if (open) return open;
    const folded = element("details", {
      toggle: () => {
        if (folded.open && folded.childElementCount === 1) folded.append(sendForm(this.#context, this.#graph, { node: this.#id, port: port.id }, port.type));
      },
    }, element("summary", { className: "hint" }, `Send to ${port.id}`));
    this.#senders.set(place, folded);
    return folded;
  }
}

/** @param {System} system @param {string} graph */
const edgesOf = (system, graph) => [...(system.graphs.get(graph)?.edges.values() ?? [])];

/** The ports of a node, by its participant or component and its edges. @param {System} system @param {string} graph @param {string} id @param {Side} side @returns {Port[]} */
function portsOf(system, graph, id, side) {
  /** @type {Map<string, Port>} */
  const ports = new Map();
  const note = (/** @type {string} */ port, /** @type {Partial<Port>} */ known) => {
    const place = port.toLowerCase();
    const before = ports.get(place) ?? { id: port, type: "any", description: "", topic: "" };
    ports.set(place, { ...before, ...Object.fromEntries(Object.entries(known).filter(([, value]) => typeof value === "string" && value !== "")) });
  };
  for (const { id: port, type, description, topic } of knownPorts(system, graph, id, side)) note(port, { type, description, topic });
  for (const { src, tgt } of edgesOf(system, graph)) {
    const end = side === "in" ? tgt : src;
    if (end.node === id) note(end.port, {});
  }
  return [...ports.values()];
}
