// @ts-check
// Nodes as elements; only what has changed is written.

import { element } from "../core/dom.js";
import { icon } from "../core/signs.js";
import { HEAD, ROW, syllables } from "./geometry.js";
import { nameOf } from "./model.js";

const SIGNS = new Map([["asleep", "moon"], ["lost", "chain-broken"], ["pending", "hourglass"]]);

/** @import { InitialView, NodeView, PortView, Side } from "./model.js" */
/** @import { Box } from "./geometry.js" */

export class Nodes {
  /** @type {Map<string, {element: HTMLElement, body: string, state: string, place: string, sizes: string}>} */
  #shown = new Map();
  #layer;
  #focus = ""; // the node that Tab leads to

  /** @param {HTMLElement} layer */
  constructor(layer) {
    this.#layer = layer;
  }

  /** @param {string} id @returns {HTMLElement | undefined} */
  element(id) {
    return this.#shown.get(id)?.element;
  }

  /**
   * @param {Map<string, NodeView>} nodes
   * @param {Map<string, Box>} boxes
   * @param {Set<string>} selected
   * @param {Map<string, {name: number, inports: number}>} sizes how large a name can be written at most, and how wide inports may be
   */
  render(nodes, boxes, selected, sizes) {
    for (const [id, { element }] of this.#shown) {
      if (nodes.has(id)) continue;
      element.remove();
      this.#shown.delete(id);
    }
    for (const node of nodes.values()) this.#renderOne(node);
    for (const [id, box] of boxes) {
      this.place(id, box);
      this.#write(id, sizes.get(id) ?? { name: 8, inports: 0 });
    }
    this.select(selected);
    if (!nodes.has(this.#focus)) this.#setFocus([...nodes.keys()][0] ?? "");
  }

  /** @param {NodeView} node */
  #renderOne(node) {
    const body = JSON.stringify([node.component, node.icon, node.inports, node.outports, node.discovered, node.subgraph]);
    const state = `${node.state} ${node.stateText} ${node.error} ${node.description} ${node.groups}`;
    let shown = this.#shown.get(node.id);
    if (!shown) {
      const made = element("div", { className: "node", role: "group", tabIndex: -1, "aria-roledescription": "node", "data-node": node.id });
      this.#layer.append(made);
      shown = { element: made, body: "", state: "", place: "", sizes: "" };
      this.#shown.set(node.id, shown);
    }
    if (shown.body !== body) shown.element.replaceChildren(...bodyOf(node));
    if (shown.body !== body || shown.state !== state) showState(shown.element, node);
    Object.assign(shown, { body, state });
  }

  /** @param {string} id @param {Box} box */
  place(id, { x, y, width, height }) {
    const shown = this.#shown.get(id);
    const place = `${x} ${y} ${width} ${height}`;
    if (!shown || shown.place === place) return;
    shown.place = place;
    shown.element.style.transform = `translate(${x}px, ${y}px)`;
    shown.element.style.width = `${width}px`;
    shown.element.style.height = `${height}px`;
  }

  /** @param {string} id @param {{name: number, inports: number}} sizes in pixels */
  #write(id, { name, inports }) {
    const shown = this.#shown.get(id);
    const sizes = `${name} ${inports}`;
    if (!shown || shown.sizes === sizes) return;
    shown.sizes = sizes;
    shown.element.style.setProperty("--fits", `${name}px`);
    shown.element.style.setProperty("--inports", `${inports}px`);
  }

  /** @param {Set<string>} selected */
  select(selected) {
    for (const [id, { element }] of this.#shown) element.classList.toggle("selected", selected.has(id));
  }

  /** Move the focus to a node. @param {string} id */
  focus(id) {
    this.#setFocus(id);
    this.element(id)?.focus({ preventScroll: true });
  }

  /** Give the focus to the node that had it last. */
  refocus() {
    this.element(this.#focus)?.focus({ preventScroll: true });
  }

  /** Tab leads to one node only; arrows lead to the others. @param {string} id */
  #setFocus(id) {
    this.element(this.#focus)?.setAttribute("tabindex", "-1");
    this.#focus = id;
    this.element(id)?.setAttribute("tabindex", "0");
  }

  /** @param {string} id that has got the focus in whatever way */
  focused(id) {
    if (id !== this.#focus) this.#setFocus(id);
  }

  /** Mark the ports to which an edge may go. @param {(node: string, side: string, port: string) => string} classOf "" for none */
  lightPorts(classOf) {
    for (const element of this.#layer.querySelectorAll(".port")) {
      const { side = "", port = "" } = /** @type {HTMLElement} */ (element).dataset;
      const node = /** @type {HTMLElement} */ (element.parentElement).dataset.node ?? "";
      const found = classOf(node, side, port);
      for (const each of ["fits", "misfits", "begin"]) element.classList.toggle(each, found === each);
    }
  }
}

/** @param {NodeView} node @returns {HTMLElement[]} */
function bodyOf(node) {
  const title = element("div", { className: "node-title" },
    element("span", { className: "role" }, ...syllables(node.id).flatMap((part) => [part, element("wbr")]).slice(0, -1)),
    element("span", { className: "component" }, node.component || "no component"));
  const head = element("div", { className: "node-head" }, icon(node.icon, node.component || node.id), title);
  const ports = [
    ...node.inports.map((port, row) => portElement(port, "in", row)),
    ...node.outports.map((port, row) => portElement(port, "out", row)),
  ];
  return [head, ...ports, element("span", { className: "node-state" })];
}

/** @param {PortView} port @param {Side} side @param {number} row */
function portElement(port, side, row) {
  const about = [`${port.id}: ${port.type}`, port.description, port.known ? "" : "not a port of the component"].filter(Boolean);
  const type = port.typeText ? element("span", { className: "port-type" }, port.typeText) : null;
  const made = element("div", { className: `port ${side}`, "data-side": side, "data-port": port.id, title: about.join("\n") },
    element("span", { className: "dot" }), element("span", { className: "port-name" }, port.id), type);
  made.style.top = `${HEAD + row * ROW}px`;
  made.classList.toggle("unknown", !port.known);
  made.append(...port.initials.map(initialElement));
  if (port.exported.length) {
    const names = port.exported.join(", ");
    made.append(element("span", { className: "exported", title: `Exported as ${names}` }, names));
  }
  return made;
}

/** @param {InitialView} initial */
function initialElement({ key, text }) {
  const title = `Sent at the start: ${text}`;
  return element("button", { className: "initial", type: "button", tabIndex: -1, "data-initial": key, title, "aria-label": title }, text);
}

/** The state is shown by a sign and words; the colour only repeats it. @param {HTMLElement} shown @param {NodeView} node */
function showState(shown, node) {
  shown.setAttribute("aria-label", nameOf(node));
  shown.dataset.state = node.state;
  shown.classList.toggle("discovered", node.discovered);
  shown.classList.toggle("subgraph", node.subgraph);
  shown.classList.toggle("failing", node.error !== "");
  shown.title = [node.description, node.error, node.discovered ? "Discovered: it is in no graph yet." : ""].filter(Boolean).join("\n");
  const badge = /** @type {HTMLElement} */ (shown.querySelector(".node-state"));
  const text = node.error && node.state === "alive" ? "error" : node.stateText;
  const sign = node.error && node.state === "alive" ? "warning" : SIGNS.get(node.state) ?? "circle";
  badge.replaceChildren(icon(sign), element("span", {}, text));
}
