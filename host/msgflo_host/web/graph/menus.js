// @ts-check
// Context menus of nodes, ports, edges, groups and the background.

import { openMenu } from "../core/menu.js";
import { emit } from "../core/registry.js";
import { FIELDS, longPress } from "./long_press.js";

/** @import { Item } from "../core/menu.js" */
/** @import { Actions } from "./actions.js" */
/** @import { Point } from "./geometry.js" */
/** @import { NodeView, PortView, Side } from "./model.js" */

export class Menus {
  /**
   * @param {import("./stage.js").Stage} stage @param {Actions} actions @param {import("./pointer.js").Pointer} pointer
   * @param {import("./interactions.js").Interactions} ui
   */
  constructor(stage, actions, pointer, ui) {
    this.stage = stage;
    this.actions = actions;
    this.pointer = pointer;
    this.ui = ui;
    stage.port.addEventListener("contextmenu", (event) => this.#asked(event));
    longPress(stage.port, (target, at) => this.#open(target, at, true));
    // By a key; a pointer has opened the menu when it was lifted.
    stage.port.addEventListener("click", (event) => {
      const group = groupOf(event.target);
      if (group && event.detail === 0) this.ofGroup(group);
    });
    // The mouse events of the finger that has opened a menu would click on that.
    stage.port.addEventListener("touchend", (event) => event.cancelable && document.querySelector(".menu") && event.preventDefault(), { passive: false });
  }

  /** @param {MouseEvent} event in most browsers a PointerEvent */
  #asked(event) {
    const target = /** @type {Element} */ (event.target);
    if (target.closest(FIELDS)) return;
    event.preventDefault();
    this.#open(target, { x: event.clientX, y: event.clientY }, /** @type {PointerEvent} */ (event).pointerType === "touch");
  }

  /** @param {Element} target @param {Point} at of the window @param {boolean} finger */
  #open(target, at, finger) {
    this.pointer.cancel(); // the finger that is lifted later has not clicked
    const node = nodeOf(target);
    const port = /** @type {HTMLElement | null} */ (target.closest(".port"));
    const group = groupOf(target);
    const { left, top } = this.stage.port.getBoundingClientRect();
    const point = this.stage.view.toGraph({ x: at.x - left, y: at.y - top });
    if (port && node && !this.stage.system.readOnly) this.#show(this.#ofPort(node, sideOf(port), port.dataset.port ?? ""), at, node);
    else if (node) this.ofNode(node, at);
    else if (group) this.ofGroup(group, at);
    else {
      const edge = this.stage.edges.at(point, this.stage.view.k, finger);
      if (edge) this.stage.select([], edge);
      this.#show(edge ? this.#ofEdge(edge) : this.#ofNothing(point), at);
    }
  }

  /** Open a menu, without what is not permitted. @param {Item[]} items @param {Point} at of the window @param {string} [node] @param {() => void} [back] gives the focus back */
  #show(items, at, node = "", back = () => (node ? this.stage.nodes.focus(node) : this.stage.nodes.refocus())) {
    const offered = this.stage.system.readOnly ? items.filter(({ readOnly }) => readOnly) : items;
    if (offered.length) openMenu(offered, at, back);
  }

  /** @param {string} id @param {Point} [at] of the window */
  ofNode(id, at) {
    if (!this.stage.selected.has(id)) this.stage.select([id]);
    const box = this.stage.nodes.element(id)?.getBoundingClientRect();
    const view = this.stage.picture.nodes.get(id);
    if (!box || !view) return;
    const many = this.stage.selected.size > 1;
    const { ui, actions } = this;
    const items = [
      { label: "Inspect", key: "Enter", readOnly: true, action: () => emit(this.stage.context.bus, "open-node", { id }) },
      ...(view.subgraph ? [{ readOnly: true, label: "Show its graph", key: "Shift+Enter", action: () => ui.openGraph(id) }] : []),
      { label: "Connect to …", key: "C", action: () => ui.connect(id), off: !view.outports.length },
      { label: "Send at the start …", key: "I", action: () => ui.initials(id), off: !view.inports.length },
      { label: "Export a port …", action: () => ui.exports(id, at), off: !view.inports.length && !view.outports.length },
      ...[...view.inports.map(this.#unexports("in")), ...view.outports.map(this.#unexports("out"))].flat(),
      { label: "Rename", key: "F2", action: () => ui.rename(id) },
      { label: many ? "Copy them" : "Copy", key: "Ctrl+C", readOnly: true, action: () => ui.copy() },
      { label: many ? "Group them …" : "Group …", key: "G", action: () => actions.group() },
      ...this.#memberships(),
      ...(many ? [{ label: "Lay them out", key: "L", action: () => actions.layOut([...this.stage.selected]) }] : []),
      { label: many ? "Remove them" : `Remove${view.discovered ? whyNot(view.state) : ""}`, key: "Del", action: () => actions.remove(), off: !many && view.discovered },
    ];
    this.#show(items, at ?? { x: box.left + 8, y: box.bottom - 8 }, id);
  }

  /** @param {string} node @param {Side} side @param {string} port */
  #ofPort(node, side, port) {
    const view = this.stage.picture.nodes.get(node);
    const found = (side === "in" ? view?.inports : view?.outports)?.find(({ id }) => id === port);
    const end = { node, port };
    /** @type {Item[]} */
    const items = [];
    if (side === "in") items.push({ label: found?.initials.length ? "Change what is sent at the start …" : "Send at the start …", action: () => this.ui.initial(end) });
    for (const initial of found?.initials ?? []) {
      items.push({ label: `Do not send ${initial.text}`, action: () => this.actions.setInitial(end, initial, null) });
    }
    items.push({ label: "Export …", action: () => this.actions.exportPort(side, end) });
    return found ? [...items, ...this.#unexports(side)(found)] : items;
  }

  /** @type {(side: Side) => (port: PortView) => Item[]} */
  #unexports = (side) => ({ exported }) => exported.map((name) => ({ label: `Do not export ${name}`, action: () => this.actions.unexport(side, name) }));

  /** The groups that the selection can join or leave. @returns {Item[]} */
  #memberships() {
    const ids = [...this.stage.selected];
    const { groups } = this.stage.picture;
    const join = groups.filter(({ nodes }) => !ids.every((id) => nodes.includes(id)));
    const leave = groups.filter(({ nodes }) => ids.some((id) => nodes.includes(id)));
    return [
      ...join.map(({ name }) => ({ label: `Add to group ${name}`, action: () => this.actions.joinGroup(name, ids) })),
      ...leave.map(({ name }) => ({ label: `Take out of group ${name}`, action: () => this.actions.leaveGroup(name, ids) })),
    ];
  }

  /** @param {string} key @returns {Item[]} */
  #ofEdge(key) {
    return [
      { label: "Inspect", key: "Enter", readOnly: true, action: () => emit(this.stage.context.bus, "open-edge", { key }) },
      { label: "Disconnect", key: "Del", action: () => this.actions.disconnect(key) },
    ];
  }

  /** @param {string} name @param {Point} [at] of the window */
  ofGroup(name, at) {
    const { actions, stage } = this;
    const title = stage.groups.title(name);
    if (!title) return;
    const { left, bottom } = title.getBoundingClientRect();
    const nodes = stage.picture.groups.find((group) => group.name === name)?.nodes ?? [];
    const items = [
      { label: "Select its nodes", readOnly: true, action: () => stage.select(nodes) },
      { label: "Rename …", key: "F2", action: () => actions.renameGroup(name) },
      { label: "Ungroup", key: "Del", action: () => actions.ungroup(name) },
    ];
    this.#show(items, at ?? { x: left, y: bottom + 4 }, "", () => title.focus({ preventScroll: true }));
  }

  /** @param {Point} point of the graph @returns {Item[]} */
  #ofNothing(point) {
    const { stage, ui } = this;
    return [
      { label: "Add a node …", key: "/", action: () => ui.search(point) },
      { label: "Paste", key: "Ctrl+V", action: () => ui.paste(point) },
      { label: "Select all", key: "Ctrl+A", readOnly: true, action: () => stage.select(stage.boxes.keys()) },
      { label: "Fit", key: "F", readOnly: true, action: () => stage.fit() },
      { label: "Lay out all", key: "L", action: () => this.actions.layOut([]) },
    ];
  }
}

/** The node that an element is in. @param {Element} target @returns {string | undefined} */
export const nodeOf = (target) => /** @type {HTMLElement | null} */ (target.closest("[data-node]"))?.dataset.node;

/** The group whose name an element is. @param {EventTarget | null} target @returns {string | undefined} */
export const groupOf = (target) => (target instanceof Element ? target.closest(".group-name")?.parentElement?.dataset.group : undefined);

/** @param {HTMLElement} port @returns {Side} */
export const sideOf = (port) => (port.dataset.side === "in" ? "in" : "out");

/** A menu of a node's ports, to export one. @param {NodeView} node @param {Actions} actions @returns {Item[]} */
export function exportItems(node, actions) {
  const item = (/** @type {Side} */ side) => (/** @type {PortView} */ port) => ({ label: `${side === "in" ? "Inport" : "Outport"} ${port.id}`, action: () => actions.exportPort(side, { node: node.id, port: port.id }) });
  return [...node.inports.map(item("in")), ...node.outports.map(item("out"))];
}

/** Why a discovered node cannot be removed. @param {string} state */
const whyNot = (state) => (state === "lost" ? ": by “msgflo forget”" : ": it goes when it ends");
