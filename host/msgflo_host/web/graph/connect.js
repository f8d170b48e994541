// @ts-check
// Drawing an edge from port to port, or one end of an edge to another port: what fits is lit up, a hint warns of what does not,
// nothing is refused.

import { element, toast } from "../core/dom.js";
import { svg } from "../core/svg.js";
import { curve, overlap, pathText, portPoint } from "./geometry.js";
import { findPort, isJoined, isSameEnd, rowOf, typesFit } from "./model.js";

const FINGER = 22; // pixels of the screen from the middle of a port: fingers need targets of 44

/** @import { Actions } from "./actions.js" */
/** @import { Point } from "./geometry.js" */
/** @import { EdgeView, Side } from "./model.js" */
/** @import { Stage } from "./stage.js" */
/** @typedef {import("../core/graph.js").End & {side: Side}} Begin */

/**
 * The gesture that begins at a port: it draws a new edge from there, or moves that end of the selected edge.
 * @param {Stage} stage @param {Actions} actions @param {HTMLElement} port of the picture @param {Begin} pressed
 * @returns {import("./pointer.js").Gesture}
 */
export function connecting(stage, actions, port, pressed) {
  const edge = stage.picture.edges.get(stage.selectedEdge ?? "");
  if (edge && isSameEnd(edge.tgt, pressed) && pressed.side === "in") return new Connecting(stage, actions, port, { ...edge.src, side: "out" }, edge);
  if (edge && isSameEnd(edge.src, pressed) && pressed.side === "out") return new Connecting(stage, actions, port, { ...edge.tgt, side: "in" }, edge);
  return new Connecting(stage, actions, port, pressed, null);
}

/**
 * The port that a finger at a point means; null where there is none. The reach on the screen is the same at each zoom, but the
 * middle of a small node always moves it.
 * @param {Stage} stage @param {Point} point of the screen @param {Side[]} [sides] @returns {Begin | null}
 */
export function portNear(stage, point, sides = ["in", "out"]) {
  const { k } = stage.view;
  const at = stage.view.toGraph(point);
  /** @type {Begin | null} */
  let best = null;
  let nearest = FINGER / k;
  for (const view of stage.picture.nodes.values()) {
    const box = stage.boxes.get(view.id);
    if (!box || !overlap(box, { ...at, width: 0, height: 0 }, nearest)) continue;
    for (const side of sides) {
      const inside = side === "in" ? at.x - box.x : box.x + box.width - at.x;
      if (inside > box.width / 4) continue;
      for (const [row, { id }] of (side === "in" ? view.inports : view.outports).entries()) {
        const { x, y } = portPoint(box, side, row);
        const far = Math.hypot(at.x - x, at.y - y);
        if (far < nearest) [best, nearest] = [{ node: view.id, side, port: id }, far];
      }
    }
  }
  return best;
}

/** A gesture of `Pointer`. */
class Connecting {
  pansAtFrame = true;

  /**
   * @param {Stage} stage @param {Actions} actions @param {HTMLElement} port of the picture
   * @param {Begin} begin @param {EdgeView | null} moved the edge whose other end is taken
   */
  constructor(stage, actions, port, begin, moved) {
    this.stage = stage;
    this.actions = actions;
    this.port = port;
    this.begin = begin;
    this.moved = moved;
    this.path = svg("path", { class: "edge drawn" });
    /** @type {Begin | null} where it leads now */
    this.over = null;
    this.hint = element("div", { className: "drawn-hint", role: "status" });
    this.isRefused = false;
    this.type = findPort(stage.picture.nodes.get(begin.node), begin.side, begin.port)?.type ?? "all";
    stage.nodes.lightPorts((node, side, name) => this.#classOf(node, side, name));
  }

  /** @param {string} node @param {string} side @param {string} name */
  #classOf(node, side, name) {
    if (node === this.begin.node && side === this.begin.side && name === this.begin.port) return "begin";
    return side === this.begin.side ? "" : this.#fits(node, name) ? "fits" : "misfits";
  }

  /** Whether the other end fits. @param {string} node @param {string} name of a port */
  #fits(node, name) {
    const side = this.begin.side === "out" ? "in" : "out";
    const type = findPort(this.stage.picture.nodes.get(node), side, name)?.type ?? "all";
    return side === "in" ? typesFit(this.type, type) : typesFit(type, this.type);
  }

  /** @param {Point} point @param {PointerEvent} event */
  move(point, event) {
    if (!this.path.isConnected) {
      this.stage.live.append(this.path);
      this.port.append(this.hint);
      if (this.moved) this.stage.edges.take(this.moved.key);
    }
    const { node, side, port } = this.begin;
    const box = this.stage.boxes.get(node);
    if (!box) return;
    const from = portPoint(box, side, rowOf(this.stage.picture.nodes.get(node), side, port));
    const to = this.stage.view.toGraph(point);
    this.path.setAttribute("d", pathText([side === "out" ? curve(from, to) : curve(to, from)]));
    const over = this.#over(event, point);
    this.over = over;
    const type = over && findPort(this.stage.picture.nodes.get(over.node), over.side, over.port)?.type;
    const fits = !over || this.#fits(over.node, over.port);
    this.path.classList.toggle("misfits", !fits);
    const types = side === "out" ? [this.type, type] : [type, this.type];
    if (this.isRefused) this.hint.textContent = this.#refusal;
    else this.hint.textContent = over ? `${over.node} ${over.port}${fits ? "" : `: ${types.join(" to ")} may not fit`}` : "";
    this.hint.style.transform = `translate(${point.x + 14}px, ${point.y + 14}px)`;
  }

  get #refusal() {
    return this.begin.side === "out"
      ? "Two outports cannot be joined: end at an inport, on the left side of a node."
      : "Two inports cannot be joined: end at an outport, on the right side of a node.";
  }

  /** The port under the pointer, or the one that fits best of the node there; null at a port of the wrong side. @param {PointerEvent} event @param {Point} point @returns {Begin | null} */
  #over(event, point) {
    const target = document.elementFromPoint(event.clientX, event.clientY);
    const node = /** @type {HTMLElement | null} */ (target?.closest("[data-node]"))?.dataset.node;
    const side = this.begin.side === "out" ? "in" : "out";
    const near = event.pointerType === "touch" ? portNear(this.stage, point, [side]) : null;
    this.isRefused = false;
    if (near || node === undefined) return near;
    const port = /** @type {HTMLElement | null} */ (target?.closest(".port"));
    this.isRefused = port !== null && !port.classList.contains(side) && node !== this.begin.node;
    if (this.isRefused) return null;
    if (port?.classList.contains(side)) return { node, side, port: port.dataset.port ?? "" };
    const view = this.stage.picture.nodes.get(node);
    const ports = (side === "in" ? view?.inports : view?.outports) ?? [];
    const best = ports.find(({ id }) => this.#fits(node, id)) ?? ports[0];
    return best && node !== this.begin.node ? { node, side, port: best.id } : null;
  }

  /** @param {PointerEvent | null} event */
  end(event) {
    this.path.remove();
    this.hint.remove();
    this.stage.nodes.lightPorts(() => "");
    this.stage.edges.take(null);
    const { over } = this;
    if (event && this.isRefused) toast(this.#refusal, "warn");
    if (!event || !over) return;
    const { side, ...from } = this.begin;
    const to = { node: over.node, port: over.port };
    const [src, tgt] = side === "out" ? [from, to] : [to, from];
    if (this.moved && isSameEnd(this.moved.src, src) && isSameEnd(this.moved.tgt, tgt)) return; // put back where it was
    if (isJoined(this.stage.picture, src, tgt)) return toast("These two are connected already.", "info");
    if (this.moved) this.actions.reconnect(this.moved.key, src, tgt);
    else this.actions.connect(src, tgt);
  }
}
