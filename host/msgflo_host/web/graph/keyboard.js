// @ts-check
// Everything that the mouse can do, by keys. Undo and redo belong to the whole page: core/bar.js.

import { announce, element, formDialog, isTyping, leavePanel } from "../core/dom.js";
import { emit } from "../core/registry.js";
import { breakOff } from "./editor.js";
import { pick } from "./model.js";
import { neighbour } from "./navigate.js";

/** @import { Arrow } from "./navigate.js" */

const STEP = 20;
const ZOOM = 1.25;
const SAVE_MS = 400; // after the last of several keys that move: they are one step
const ARROWS = new Set(["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"]);

const KEYS = [
  ["Arrow keys", "to the next node: along edges, or up and down"],
  ["Shift + arrow keys", "the same, and select on the way"],
  ["Alt + arrow keys", "move what is selected"],
  ["Space", "select a node, or no longer"],
  ["Ctrl + A", "select all"],
  ["Escape", "break off; select nothing; then close the panel"],
  ["Enter", "inspect a node or an edge"],
  ["Shift + Enter", "show the graph that a node is"],
  ["E", "to the next edge of a node"],
  ["C", "connect a node to another"],
  ["I", "what is sent to a node at the start"],
  ["F2", "rename a node or a group"],
  ["G", "group what is selected"],
  ["Shift + Tab", "from a node to the names of groups"],
  ["Delete", "remove what is selected; ungroup"],
  ["Ctrl + C, X, V", "copy, cut, paste"],
  ["Ctrl + Z, Ctrl + Y", "undo, redo"],
  ["/", "search for a component to add"],
  ["+  −  F", "larger, smaller, fit"],
  ["L", "lay out what is selected, or all"],
  ["Menu key, Shift + F10", "what else can be done with a node or a group"],
  ["?", "these keys"],
];

export class Keyboard {
  /** @type {string[]} nodes that keys have moved, whose places are not saved yet */
  #moved = [];
  #saving = 0;

  /**
   * @param {import("./stage.js").Stage} stage @param {import("./actions.js").Actions} actions @param {import("./pointer.js").Pointer} pointer
   * @param {import("./interactions.js").Interactions} ui
   */
  constructor(stage, actions, pointer, ui) {
    this.stage = stage;
    this.actions = actions;
    this.pointer = pointer;
    this.ui = ui;
    stage.port.addEventListener("keydown", (event) => this.#pressed(event));
    // Moves by keys are saved before whatever is done next: it may be an undo, or move the same nodes.
    addEventListener("keydown", (event) => !(event.altKey && ARROWS.has(event.key)) && event.key !== "Alt" && this.#saveMoved(), true);
    addEventListener("pointerdown", () => this.#saveMoved(), true);
    // These work wherever the focus is, while the graph is in sight.
    addEventListener("keydown", (event) => {
      const visible = stage.port.checkVisibility();
      if (!visible || event.defaultPrevented || isTyping(event) || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
      if (event.key !== "/" && event.key !== "?") return;
      event.preventDefault();
      if (event.key === "/") ui.search();
      else showKeys();
    });
  }

  /** @param {KeyboardEvent} event */
  #pressed(event) {
    if (isTyping(event) || event.defaultPrevented) return;
    if (event.repeat && (event.key === "Delete" || event.key === "Backspace")) return;
    if (event.altKey && !ARROWS.has(event.key)) return; // the menus of the browser
    const target = /** @type {HTMLElement} */ (event.target);
    if (target.closest("button") && (event.key === "Enter" || event.key === " ")) return; // the button's own keys
    this.stage.view.isFitted = false;
    const { node: id, group } = /** @type {HTMLElement | null} */ (target.closest("[data-node], [data-group]"))?.dataset ?? {};
    const control = event.ctrlKey || event.metaKey;
    const done = ARROWS.has(event.key) && !control ? this.#arrow(event, id) : this.#key(event, id, group, control);
    if (done) event.preventDefault();
  }

  /** @param {KeyboardEvent} event @param {string | undefined} id of a node @param {string | undefined} group @param {boolean} control */
  #key(event, id, group, control) {
    const { stage, actions, ui } = this;
    const chosen = id ?? [...stage.selected][0];
    if (control) {
      if (event.key.toLowerCase() !== "a") return false;
      stage.select(stage.boxes.keys());
      announce(`${stage.selected.size} nodes selected`);
      return true;
    }
    const ofNode = chosen === undefined ? {} : {
      " ": () => this.#toggle(chosen),
      F2: () => ui.rename(chosen),
      c: () => ui.connect(chosen),
      i: () => ui.initials(chosen),
      e: () => this.#nextEdge(chosen),
      ContextMenu: () => ui.menus?.ofNode(chosen),
      ...(event.shiftKey ? { F10: () => ui.menus?.ofNode(chosen) } : {}),
    };
    const ofGroup = group === undefined ? {} : {
      F2: () => actions.renameGroup(group),
      Delete: () => actions.ungroup(group),
      Backspace: () => actions.ungroup(group),
      ContextMenu: () => ui.menus?.ofGroup(group),
      ...(event.shiftKey ? { F10: () => ui.menus?.ofGroup(group) } : {}),
    };
    const any = {
      Enter: () => this.#open(chosen, event.shiftKey),
      Delete: () => this.#remove(),
      Backspace: () => this.#remove(),
      Escape: () => this.#escape(),
      g: () => actions.group(),
      l: () => actions.layOut([...stage.selected]),
      f: () => stage.fit(),
      0: () => stage.fit(),
      "+": () => stage.view.zoom(ZOOM),
      "=": () => stage.view.zoom(ZOOM),
      "-": () => stage.view.zoom(1 / ZOOM),
    };
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const found = new Map(Object.entries({ ...any, ...ofNode, ...ofGroup })).get(key);
    found?.();
    return found !== undefined;
  }

  /** @param {KeyboardEvent} event @param {string | undefined} id of the node where the focus is */
  #arrow(event, id) {
    const { stage } = this;
    const arrow = /** @type {Arrow} */ (event.key);
    if (event.altKey) return this.#nudge(arrow);
    const from = id ?? [...stage.boxes.keys()][0];
    const to = id === undefined ? from : neighbour(from, arrow, stage.boxes, stage.picture.edges.values());
    if (to === null || to === undefined) return true;
    stage.select(event.shiftKey ? [...stage.selected, from, to] : [to]);
    stage.nodes.focus(to);
    return true;
  }

  /** Move what is selected by a step. @param {Arrow} arrow */
  #nudge(arrow) {
    const { stage } = this;
    if (!this.actions.may()) return true;
    const [dx, dy] = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] }[arrow];
    const ids = [...stage.selected];
    if (ids.join("\n") !== this.#moved.join("\n")) this.#saveMoved(); // another part of the page has selected others
    stage.hold(new Map([...pick(stage.boxes, ids)].map(([id, { x, y }]) => [id, { x: x + dx, y: y + dy }])));
    this.#moved = ids;
    clearTimeout(this.#saving);
    this.#saving = setTimeout(() => this.#saveMoved(), SAVE_MS);
    return true;
  }

  #saveMoved() {
    clearTimeout(this.#saving);
    const ids = this.#moved.filter((id) => this.stage.held.has(id));
    this.#moved = [];
    if (ids.length) this.actions.move(ids);
  }

  /** @param {string} id */
  #toggle(id) {
    const { stage } = this;
    const was = stage.selected.has(id);
    stage.select(was ? [...stage.selected].filter((each) => each !== id) : [...stage.selected, id]);
    announce(`${id} ${was ? "no longer selected" : "selected"}`);
  }

  /** @param {string | undefined} id @param {boolean} graph that it is, and not its panel */
  #open(id, graph) {
    const { stage } = this;
    if (stage.selectedEdge) emit(stage.context.bus, "open-edge", { key: stage.selectedEdge });
    else if (id !== undefined && graph) this.ui.openGraph(id);
    else if (id !== undefined) emit(stage.context.bus, "open-node", { id });
  }

  // Only what is selected: after a removal the focus is on another node, which a second press must not remove.
  #remove() {
    if (this.stage.selected.size || this.stage.selectedEdge) return this.actions.remove();
    announce("nothing is selected: Space selects a node");
  }

  #escape() {
    if (this.pointer.busy) this.pointer.cancel();
    else if (breakOff()) return;
    else if (this.stage.selected.size || this.stage.selectedEdge) this.stage.select([]);
    else leavePanel();
  }

  /** @param {string} id of a node */
  #nextEdge(id) {
    const { stage } = this;
    const edges = [...stage.picture.edges.values()].filter(({ src, tgt }) => src.node === id || tgt.node === id);
    if (!edges.length) return announce(`${id} has no edges`);
    const at = edges.findIndex(({ key }) => key === stage.selectedEdge);
    const { key, src, tgt } = edges[(at + 1) % edges.length];
    stage.select([], key);
    announce(`${src.node} ${src.port} to ${tgt.node} ${tgt.port}`);
  }
}

/** List the keys. */
export function showKeys() {
  const rows = KEYS.map(([key, what]) => element("tr", {}, element("th", { scope: "row" }, element("kbd", {}, key)), element("td", {}, what)));
  const table = element("table", { className: "keys" }, element("tbody", {}, ...rows));
  return formDialog({ title: "Keys of the graph", content: [table], yes: "Close", no: "", read: () => true });
}
