// @ts-check
// Edges as curves, with their rate and last value beside them.

import { element } from "../core/dom.js";
import { svg } from "../core/svg.js";
import { distance, pathText, pointAt, portPoint } from "./geometry.js";
import { rowOf, shortText } from "./model.js";
import { route } from "./route.js";

const REACH = 9; // pixels of the screen within which a click hits an edge
const FINGER_REACH = 20;
const ROUTES = 10; // colours of routes, as editors of this kind have them

/**
 * @import { EdgeView, Picture, Side } from "./model.js"
 * @import { End } from "../core/graph.js"
 * @import { Box, Line, Point } from "./geometry.js"
 * @typedef {{rate?: number, data?: unknown, any: boolean}} Value  packets/s, and the last one if there was `any`
 * @typedef {{edge: EdgeView, path: SVGPathElement, label: HTMLElement, line: Line, drawn: string, text: string, kind: string}} Shown  `drawn` is of
 *   what the line depends on
 */

export class Edges {
  /** @type {Map<string, Shown>} */
  #shown = new Map();
  /** @type {Map<string, Set<Shown>>} by the node at one of its ends */
  #byNode = new Map();
  /** @type {Picture} */
  #picture = { nodes: new Map(), edges: new Map(), groups: [] };
  #places = "";
  #seen = 0; // how often nodes have moved

  /**
   * @param {SVGElement} still where edges are
   * @param {SVGElement} live where those are that move, so that the others need not be painted again
   * @param {HTMLElement} labels
   */
  constructor(still, live, labels) {
    this.still = still;
    this.live = live;
    this.labels = labels;
  }

  /** @param {Picture} picture @param {Map<string, Box>} boxes */
  render(picture, boxes) {
    this.#picture = picture;
    for (const [key, shown] of this.#shown) if (!picture.edges.has(key)) this.#remove(key, shown);
    this.#byNode.clear();
    this.#see(boxes);
    for (const edge of picture.edges.values()) {
      const shown = this.#shown.get(edge.key) ?? this.#add(edge);
      shown.edge = edge;
      this.#style(shown);
      for (const node of [edge.src.node, edge.tgt.node]) {
        if (!this.#byNode.has(node)) this.#byNode.set(node, new Set());
        this.#byNode.get(node)?.add(shown);
      }
      this.#draw(shown, boxes);
    }
  }

  /** @param {EdgeView} edge @returns {Shown} */
  #add(edge) {
    const path = svg("path", { class: "edge", "data-edge": edge.key });
    const label = element("div", { className: "edge-label", "data-edge": edge.key });
    this.still.append(path);
    this.labels.append(label);
    const shown = /** @type {Shown} */ ({ edge, path, label, line: [], drawn: "", text: "", kind: "" });
    this.#shown.set(edge.key, shown);
    return shown;
  }

  /** @param {string} key @param {Shown} shown */
  #remove(key, { path, label }) {
    path.remove();
    label.remove();
    this.#shown.delete(key);
  }

  /** @param {Shown} shown */
  #style(shown) {
    const { kind, reason, route } = shown.edge;
    const style = `${kind} ${route} ${reason}`;
    if (shown.kind === style) return;
    shown.kind = style;
    shown.path.setAttribute("class", `edge route${Math.abs(Math.trunc(route)) % ROUTES}`);
    shown.path.classList.toggle("refused", kind === "refused");
    shown.path.classList.toggle("waiting", kind === "pending");
    shown.label.title = reason ? `${kind}: ${reason}` : kind;
  }

  /** Note where all nodes are: one that has moved may stand in the way of an edge. @param {Map<string, Box>} boxes */
  #see(boxes) {
    const places = [...boxes.values()].map(({ x, y, width, height }) => `${x},${y},${width},${height}`).join(" ");
    if (places !== this.#places) this.#seen++;
    this.#places = places;
  }

  /** @param {Shown} shown @param {Map<string, Box>} boxes */
  #draw(shown, boxes) {
    const { src, tgt } = shown.edge;
    const [source, target] = [boxes.get(src.node), boxes.get(tgt.node)];
    if (!source || !target) return;
    const point = (/** @type {End} */ end, /** @type {Box} */ box, /** @type {Side} */ side) =>
      portPoint(box, side, rowOf(this.#picture.nodes.get(end.node), side, end.port));
    const [from, to] = [point(src, source, "out"), point(tgt, target, "in")];
    const drawn = `${from.x} ${from.y} ${to.x} ${to.y} ${this.#seen}`;
    if (shown.drawn === drawn) return;
    shown.drawn = drawn;
    shown.line = route(from, to, { src: source, tgt: target }, boxes.values(), `${src.node} ${src.port}`);
    const text = pathText(shown.line);
    if (shown.path.getAttribute("d") === text) return;
    shown.path.setAttribute("d", text);
    const { x, y } = pointAt(shown.line, 0.5);
    // As `translate`, which is independent of its scale.
    shown.label.style.translate = `calc(${x.toFixed(1)}px - 50%) calc(${y.toFixed(1)}px - 50%)`;
  }

  /** Draw the edges of nodes that have moved. @param {Iterable<string>} nodes @param {Map<string, Box>} boxes */
  redraw(nodes, boxes) {
    this.#see(boxes);
    for (const shown of this.#of(nodes)) this.#draw(shown, boxes);
  }

  /** Move the edges of some nodes to the layer that is painted often. @param {Iterable<string>} nodes that are about to move */
  lift(nodes) {
    for (const { path } of this.#of(nodes)) this.live.append(path);
  }

  /** Move them back. */
  lower() {
    this.still.append(...this.live.querySelectorAll(".edge"));
  }

  /** @param {Iterable<string>} nodes @returns {Set<Shown>} */
  #of(nodes) {
    const found = new Set();
    for (const node of nodes) for (const shown of this.#byNode.get(node) ?? []) found.add(shown);
    return found;
  }

  /** @param {string} key @returns {Line | undefined} */
  lineOf(key) {
    return this.#shown.get(key)?.line;
  }

  /** The edge at a point of the graph. @param {Point} point @param {number} k zoom @param {boolean} finger whether one points there @returns {string | null} */
  at(point, k, finger) {
    let best = null;
    let nearest = (finger ? FINGER_REACH : REACH) / k;
    for (const [key, { line }] of this.#shown) {
      const far = distance(line, point);
      if (far < nearest) [best, nearest] = [key, far];
    }
    return best;
  }

  /** @param {Set<string>} keys that are selected @param {string | null} hovered */
  select(keys, hovered = null) {
    for (const [key, { path, label }] of this.#shown) {
      for (const each of [path, label]) {
        each.classList.toggle("selected", keys.has(key));
        each.classList.toggle("hovered", key === hovered);
      }
    }
  }

  /** Hide an edge while its new one is drawn; null shows all. @param {string | null} key */
  take(key) {
    for (const [each, { path, label }] of this.#shown) for (const part of [path, label]) part.classList.toggle("taken", each === key);
  }

  /** Write rates and last values. @param {(key: string) => Value} valueOf @param {Iterable<string>} [keys] by default all */
  write(valueOf, keys = this.#shown.keys()) {
    for (const key of keys) {
      const shown = this.#shown.get(key);
      if (!shown) continue;
      const text = shown.edge.kind === "refused" ? "refused" : labelText(valueOf(key));
      if (shown.text === text) continue;
      shown.text = text;
      shown.label.textContent = text;
    }
  }
}

/** "21.5 · 2.0/s". @param {Value} value */
export function labelText({ rate, data, any }) {
  const parts = [];
  if (any) parts.push(shortText(data, 18));
  if (rate) parts.push(`${rate >= 10 ? Math.round(rate) : rate.toFixed(1)}/s`);
  return parts.join(" · ");
}
