// @ts-check
// The picture on the screen: its elements, where each node stands, what is selected. It shows the system, and changes nothing in it.

import { element, toast } from "../core/dom.js";
import { emit } from "../core/registry.js";
import { svg } from "../core/svg.js";
import { ChosenPlaces } from "./chosen_places.js";
import { Edges } from "./edges.js";
import { extentOf, shownTogether } from "./extent.js";
import { freeArea } from "./free_area.js";
import { around, nameSize, overlap, sizeOf } from "./geometry.js";
import { Groups } from "./groups.js";
import { layout } from "./layout.js";
import { pick, pictureOf } from "./model.js";
import { Nodes } from "./nodes.js";
import { placeBeside } from "./free_place.js";
import { Pulses } from "./pulses.js";
import { View } from "./view.js";
import { LEAST_AT_FIRST, MOST_FAR, gridAt, isFar, writeZoom } from "./level_of_detail.js";

const FIT_TURNS = 5;

/** @import { Box, Measure, Point } from "./geometry.js" */
/** @import { Picture } from "./model.js" */
/** @import { Link } from "./layers.js" */

/** Events: "refresh" after the picture was drawn anew, "select" when something else is selected. */
export class Stage extends EventTarget {
  /** @type {Picture} */
  picture = { nodes: new Map(), edges: new Map(), groups: [] };
  /** Where each node stands. @type {Map<string, Box>} */
  boxes = new Map();
  /** Nodes that are being dragged here, or saved after that. @type {Map<string, Point>} */
  held = new Map();
  /** @type {Set<string>} */
  selected = new Set();
  /** @type {string | null} an edge */
  selectedEdge = null;

  /** Places of nodes without a saved one, by graph. @type {Map<string, Map<string, Point>>} */
  #places = new Map();
  #chosen = new ChosenPlaces();
  /** @type {Map<string, {of: string, width: number, height: number, inports: number, name: number}>} */
  #sizes = new Map();
  #shownGraph = "";
  #zoomFrame = 0;
  #stopping = 0;
  #inspector = /** @type {HTMLElement} */ (document.getElementById("inspector"));
  #beside = false; // whether the inspector takes up space
  #family = "";
  #pen = /** @type {CanvasRenderingContext2D} */ (document.createElement("canvas").getContext("2d"));

  /** @param {import("../core/registry.js").Context} context @param {HTMLElement} root */
  constructor(context, root) {
    super();
    this.context = context;
    this.system = context.system;
    const still = svg("svg", { class: "edges", "aria-hidden": "true" });
    const live = svg("svg", { class: "edges live", "aria-hidden": "true" });
    const groups = element("div", { className: "groups" });
    const labels = element("div", { className: "labels", "aria-hidden": "true" });
    const nodes = element("div", { className: "nodes" });
    this.live = live;
    this.world = element("div", { className: "world" }, groups, still, labels, nodes, live);
    this.canvas = element("canvas", { className: "pulses", "aria-hidden": "true" });
    this.port = element("div", { className: "viewport", role: "application", tabIndex: -1, "aria-label": "Picture of the graph; arrow keys lead from node to node, ? lists all keys" }, this.world, this.canvas);
    root.append(this.port);
    this.view = new View(() => this.#viewed(), () => freeArea(this.port, document.querySelectorAll("#side, #inspector")));
    this.nodes = new Nodes(nodes);
    this.edges = new Edges(still, live, labels);
    this.groups = new Groups(groups);
    this.pulses = new Pulses(this.canvas, this.view, this.edges);
    this.#resized();
    const observer = new ResizeObserver(() => this.#resized());
    for (const each of [this.port, this.#inspector]) observer.observe(each);
  }

  /** Whether the graph is in sight, and not another view. */
  get isSeen() {
    return this.port.checkVisibility();
  }

  /** Draw what the system has now. */
  refresh() {
    this.picture = pictureOf(this.system);
    const grown = this.#measureAll();
    this.#place(grown);
    for (const id of this.selected) if (!this.picture.nodes.has(id)) this.selected.delete(id);
    if (this.selectedEdge && !this.picture.edges.has(this.selectedEdge)) this.selectedEdge = null;
    for (const id of this.held.keys()) if (!this.picture.nodes.has(id)) this.held.delete(id);
    this.draw();
    if (this.#shownGraph !== this.system.current && this.picture.nodes.size) {
      this.#shownGraph = this.system.current;
      this.#fitFirst();
    }
    this.dispatchEvent(new Event("refresh"));
  }

  /** Draw nodes, edges and groups where they are. */
  draw() {
    this.nodes.render(this.picture.nodes, this.boxes, this.selected, this.#sizes);
    this.edges.render(this.picture, this.boxes);
    this.edges.select(new Set(this.selectedEdge ? [this.selectedEdge] : []));
    this.groups.render(this.picture.groups, this.boxes);
  }

  /** Measure all nodes; the ids of those whose size has changed. @returns {Set<string>} */
  #measureAll() {
    const changed = new Set();
    for (const node of this.picture.nodes.values()) {
      const of = JSON.stringify([node.component, node.inports, node.outports]);
      if (this.#sizes.get(node.id)?.of === of) continue;
      const size = sizeOf(node, this.measure);
      this.#sizes.set(node.id, { of, ...size, name: nameSize(node.id, size, this.measure) });
      changed.add(node.id);
    }
    return changed;
  }

  /** @type {Measure} */
  measure = (text, size, bold = false) => {
    this.#family ||= getComputedStyle(this.port).fontFamily;
    this.#pen.font = `${bold ? 600 : 400} ${size}px ${this.#family}`;
    return this.#pen.measureText(text).width;
  };

  /** Place nodes where the graph has them, or where they are held or were put here; the others where there is room. @param {Set<string>} grown */
  #place(grown) {
    const places = this.#placesOf(this.system.current);
    const chosen = (/** @type {string} */ id) => (this.#isMain ? this.#chosen.get(id) : undefined);
    const saved = [...this.picture.nodes.values()].filter((node) => node.x !== undefined || chosen(node.id)).length;
    if (saved === 0 && (places.size === 0 || (grown.size > 0 && this.held.size === 0 && this.#anyOverlap(places)))) {
      places.clear();
      for (const [id, place] of this.laidOut([...this.picture.nodes.keys()])) places.set(id, place);
    }
    this.boxes = new Map();
    const without = [];
    for (const [id, node] of this.picture.nodes) {
      const at = this.held.get(id) ?? (node.x === undefined ? chosen(id) ?? places.get(id) : { x: node.x, y: /** @type {number} */ (node.y) });
      if (at) this.boxes.set(id, { ...at, ...this.sizeOf(id) });
      else without.push({ id, ...this.sizeOf(id) });
    }
    // A node grows when its ports become known: one that covers others then is placed anew.
    for (const id of grown) {
      if (this.held.has(id) || this.picture.nodes.get(id)?.x !== undefined || chosen(id) || !this.#covers(id)) continue;
      this.boxes.delete(id);
      without.push({ id, ...this.sizeOf(id) });
    }
    for (const [id, place] of placeBeside(without, this.boxes, this.links(), this.#aspect)) places.set(id, place);
  }

  /** @param {string} id */
  #covers(id) {
    const box = this.boxes.get(id);
    return box !== undefined && [...this.boxes].some(([other, there]) => other !== id && overlap(box, there, 4));
  }

  /** @param {Map<string, Point>} places */
  #anyOverlap(places) {
    const boxes = [...places].filter(([id]) => this.picture.nodes.has(id)).map(([id, place]) => ({ ...place, ...this.sizeOf(id) }));
    return boxes.some((one, at) => boxes.slice(at + 1).some((other) => overlap(one, other, 4)));
  }

  get #isMain() {
    return this.system.current === this.system.runtime?.graph;
  }

  /** @param {string} graph @returns {Map<string, Point>} */
  #placesOf(graph) {
    const found = this.#places.get(graph) ?? new Map();
    this.#places.set(graph, found);
    return found;
  }

  /** @param {string} id */
  sizeOf(id) {
    const { width, height } = this.#sizes.get(id) ?? { width: 0, height: 0 };
    return { width, height };
  }

  /** @returns {Link[]} */
  links() {
    return [...this.picture.edges.values()].map(({ src, tgt }) => ({ src: src.node, tgt: tgt.node }));
  }

  /** Where an automatic layout puts some nodes. @param {string[]} ids @returns {Map<string, Point>} */
  laidOut(ids) {
    const items = ids.map((id) => ({ id, ...this.sizeOf(id) }));
    return layout(items, this.links(), this.#aspect);
  }

  /** The form of a layout: about that of the picture. */
  get #aspect() {
    const { width, height } = this.view;
    return width > 1 ? Math.max(0.7, Math.min(2.2, width / height)) : 1.6;
  }

  /** Places that only this page knows: they are saved with the first that somebody chooses. @returns {Map<string, Point>} */
  unsaved() {
    return new Map([...this.#unplaced()].filter(([id]) => !this.picture.nodes.get(id)?.discovered));
  }

  /** Where those nodes are for which the graph has no place. @returns {Map<string, Point>} */
  #unplaced() {
    const found = new Map();
    for (const [id, node] of this.picture.nodes) {
      const box = this.boxes.get(id);
      if (node.x === undefined && box) found.set(id, { x: box.x, y: box.y });
    }
    return found;
  }

  /** Hold nodes at places, until `release`. @param {Map<string, Point>} places */
  hold(places) {
    for (const [id, { x, y }] of places) {
      const box = this.boxes.get(id);
      if (!box) continue;
      this.held.set(id, { x, y });
      Object.assign(box, { x, y });
      this.nodes.place(id, box);
    }
    this.edges.redraw(places.keys(), this.boxes);
    this.groups.render(this.picture.groups, this.boxes);
  }

  /** @param {Iterable<string>} ids */
  release(ids) {
    const places = this.#placesOf(this.system.current);
    let isChosen = false;
    for (const id of ids) {
      const held = this.held.get(id);
      const { x, discovered } = this.system.graph.nodes.get(id)?.metadata ?? {};
      // A place that could not be saved is kept for this page.
      if (held && x === undefined) places.set(id, held);
      isChosen ||= held !== undefined && discovered === true;
      this.held.delete(id);
    }
    if (isChosen) this.#chosen.save(this.#unplaced());
    this.refresh();
  }

  /** @param {Iterable<string>} ids of nodes @param {string | null} [edge] */
  select(ids, edge = null) {
    this.selected = new Set(ids);
    this.selectedEdge = edge;
    this.nodes.select(this.selected);
    this.edges.select(new Set(edge ? [edge] : []));
    const list = [...this.selected];
    const kind = edge ? "edge" : list.length > 1 ? "nodes" : list.length ? "node" : null;
    emit(this.context.bus, "select", { kind, ids: edge ? [edge] : list });
    this.dispatchEvent(new Event("select"));
  }

  /** Show all, or some nodes, as large as there is room for. @param {Iterable<string>} [ids] */
  fit(ids = this.boxes.keys()) {
    const all = [...ids];
    const left = all.length - this.#fit(all).size;
    if (left) toast(`${left} ${left === 1 ? "node is" : "nodes are"} too far away to be shown with the others. Arrow keys lead there.`, "warn");
  }

  /** @param {string[]} ids @returns {Set<string>} those that are shown */
  #fit(ids) {
    const shown = shownTogether([...pick(this.boxes, ids)], this.view.reach);
    this.view.fit(extentOf(this, shown, 1));
    // At a smaller zoom, the names of groups take more space.
    for (let turn = 0; turn < FIT_TURNS && isFar(this.view.k); turn++) this.view.fit(extentOf(this, shown, this.view.k), MOST_FAR);
    return shown;
  }

  /** Fit at first; on a small screen only the beginning, large enough to be read. */
  #fitFirst() {
    const shown = this.#fit([...this.boxes.keys()]);
    const whole = around([...shown].flatMap((id) => this.boxes.get(id) ?? []));
    if (whole && this.view.k < LEAST_AT_FIRST) this.view.set(20 - whole.x * LEAST_AT_FIRST, 20 - whole.y * LEAST_AT_FIRST, LEAST_AT_FIRST);
  }

  #resized() {
    const { clientWidth, clientHeight } = this.port;
    if (!clientWidth || !clientHeight) return;
    const first = this.view.width === 1;
    Object.assign(this.view, { width: clientWidth, height: clientHeight });
    const ratio = Math.min(2, window.devicePixelRatio);
    Object.assign(this.canvas, { width: Math.round(clientWidth * ratio), height: Math.round(clientHeight * ratio) });
    const beside = this.#inspector.offsetWidth > 0;
    const opened = beside && !this.#beside;
    this.#beside = beside;
    if (opened && !first) return this.revealSelected();
    if ((!first && !this.view.isFitted) || !this.picture.nodes.size) return;
    // While no place is saved, the layout is made for the new form.
    if ([...this.picture.nodes.values()].every((node) => node.x === undefined)) this.#placesOf(this.system.current).clear();
    this.refresh();
    this.#fitFirst();
  }

  /** Pan to what is selected, if it is hidden. */
  revealSelected() {
    const { src, tgt } = this.system.graph.edges.get(this.selectedEdge ?? "") ?? {};
    const ids = src && tgt ? [src.node, tgt.node] : [...this.selected];
    const box = around(ids.flatMap((id) => this.boxes.get(id) ?? []));
    if (box) this.view.reveal(box);
  }

  #viewed() {
    const { x, y, k } = this.view;
    this.world.style.transform = `translate(${x}px, ${y}px) scale(${k})`;
    this.port.style.setProperty("--x", `${x}px`);
    this.port.style.setProperty("--y", `${y}px`);
    this.port.style.setProperty("--grid", `${gridAt(k)}px`);
    // A compositor layer is quick to move, but blurred when enlarged: only while it moves.
    this.world.classList.add("moving");
    clearTimeout(this.#stopping);
    this.#stopping = setTimeout(() => this.world.classList.remove("moving"), 200);
    this.#zoomFrame ||= requestAnimationFrame(() => {
      this.#zoomFrame = 0;
      writeZoom(this.world, this.view.k);
    });
  }
}
