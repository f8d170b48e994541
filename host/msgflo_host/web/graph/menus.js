// @ts-check
// What can be done with a node, an edge, a group, the background: menus by the right button, a long press or the keyboard.

import { openMenu } from "../core/menu.js";
import { emit } from "../core/registry.js";
import { FIELDS, longPress } from "./press.js";

/** What can be done where; the parts of the graph give the actions. */
export class Menus {
  /** @param {import("./stage.js").Stage} stage @param {import("./actions.js").Actions} actions @param {import("./pointer.js").Pointer} pointer @param {any} does the other actions: see graph.js */
  constructor(stage, actions, pointer, does) {
    Object.assign(this, { stage, actions, pointer, does });
    stage.port.addEventListener("contextmenu", (event) => this.#asked(event));
    longPress(stage.port, (target, at) => this.#open(target, at, true));
    // A pointer has opened the menu already, when it was lifted.
    stage.port.addEventListener("click", (event) => {
      const group = event.detail === 0 && event.target.closest(".group-name")?.parentElement.dataset.group;
      if (group) this.ofGroup(group);
    });
    // No mouse is made of the finger that has opened a menu: its click would hit that.
    stage.port.addEventListener("touchend", (event) => event.cancelable && document.querySelector(".menu") && event.preventDefault(), { passive: false });
  }

  #asked(event) {
    if (event.target.closest(FIELDS)) return;
    event.preventDefault();
    this.#open(event.target, { x: event.clientX, y: event.clientY }, event.pointerType === "touch");
  }

  #open(target, at, finger) {
    this.pointer.cancel(); // the finger that is lifted later has not clicked
    const node = target.closest("[data-node]")?.dataset.node;
    const port = target.closest(".port");
    const group = target.closest(".group-name")?.parentElement.dataset.group;
    const { left, top } = this.stage.port.getBoundingClientRect();
    const point = this.stage.view.toGraph({ x: at.x - left, y: at.y - top });
    if (port && node && !this.stage.system.readOnly) this.#show(this.#ofPort(node, port.dataset.side, port.dataset.port), at, node);
    else if (node) this.ofNode(node, at);
    else if (group) this.ofGroup(group, at);
    else {
      const edge = this.stage.edges.at(point, this.stage.view.k, finger);
      if (edge) this.stage.select([], edge);
      this.#show(edge ? this.#ofEdge(edge) : this.#ofNothing(point), at);
    }
  }

  /** What may not be done is not offered: of those who only look on, what `looks`. */
  #show(items, at, node = "", back = () => (node ? this.stage.nodes.focus(node) : this.stage.nodes.refocus())) {
    const offered = this.stage.system.readOnly ? items.filter(({ looks }) => looks) : items;
    if (offered.length) openMenu(offered, at, back);
  }

  /** @param {string} id @param {{x: number, y: number}} [at] */
  ofNode(id, at) {
    if (!this.stage.selected.has(id)) this.stage.select([id]);
    const box = this.stage.nodes.element(id)?.getBoundingClientRect();
    const view = this.stage.picture.nodes.get(id);
    if (!box || !view) return;
    const many = this.stage.selected.size > 1;
    const { does, actions } = this;
    const items = [
      { label: "Look inside", key: "Enter", looks: true, action: () => emit(this.stage.context.bus, "open-node", { id }) },
      ...(view.subgraph ? [{ looks: true, label: "Show its graph", key: "Shift+Enter", action: () => does.openGraph(id) }] : []),
      { label: "Connect to …", key: "C", action: () => does.connect(id), off: !view.outports.length },
      { label: "Send at the start …", key: "I", action: () => does.initials(id), off: !view.inports.length },
      { label: "Export a port …", action: () => does.exports(id, at), off: !view.inports.length && !view.outports.length },
      ...[...view.inports.map(this.#unexports("in")), ...view.outports.map(this.#unexports("out"))].flat(),
      { label: "Rename", key: "F2", action: () => does.rename(id) },
      { label: many ? "Copy them" : "Copy", key: "Ctrl+C", looks: true, action: () => does.copy() },
      { label: many ? "Group them …" : "Group …", key: "G", action: () => actions.group() },
      ...this.#memberships(),
      ...(many ? [{ label: "Lay them out", key: "L", action: () => actions.layOut([...this.stage.selected]) }] : []),
      { label: many ? "Remove them" : `Remove${view.discovered ? whyNot(view.state) : ""}`, key: "Del", action: () => actions.remove(), off: !many && view.discovered },
    ];
    this.#show(items, at ?? { x: box.left + 8, y: box.bottom - 8 }, id);
  }

  #ofPort(node, side, port) {
    const view = this.stage.picture.nodes.get(node);
    const found = (side === "in" ? view?.inports : view?.outports)?.find(({ id }) => id === port);
    const end = { node, port };
    const items = [];
    if (side === "in") items.push({ label: found?.initials.length ? "Change what is sent at the start …" : "Send at the start …", action: () => this.does.initial(end) });
    for (const initial of found?.initials ?? []) {
      items.push({ label: `Do not send ${initial.text}`, action: () => this.actions.setInitial(end, initial, null) });
    }
    items.push({ label: "Export …", action: () => this.actions.exportPort(side, end) });
    return found ? [...items, ...this.#unexports(side)(found)] : items;
  }

  #unexports = (side) => ({ exported }) => exported.map((name) => ({ label: `Do not export ${name}`, action: () => this.actions.unexport(side, name) }));

  /** Into which groups what is selected can be put, and out of which it can be taken. */
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

  #ofEdge(key) {
    return [
      { label: "Look inside", key: "Enter", looks: true, action: () => emit(this.stage.context.bus, "open-edge", { key }) },
      { label: "Disconnect", key: "Del", action: () => this.actions.disconnect(key) },
    ];
  }

  /** @param {string} name @param {{x: number, y: number}} [at] */
  ofGroup(name, at) {
    const { actions, stage } = this;
    const title = stage.groups.title(name);
    if (!title) return;
    const { left, bottom } = title.getBoundingClientRect();
    const nodes = stage.picture.groups.find((group) => group.name === name)?.nodes ?? [];
    const items = [
      { label: "Select its nodes", looks: true, action: () => stage.select(nodes) },
      { label: "Rename …", key: "F2", action: () => actions.renameGroup(name) },
      { label: "Ungroup", key: "Del", action: () => actions.ungroup(name) },
    ];
    this.#show(items, at ?? { x: left, y: bottom + 4 }, "", () => title.focus({ preventScroll: true }));
  }

  #ofNothing(point) {
    const { stage, does } = this;
    return [
      { label: "Add a node …", key: "/", action: () => does.search(point) },
      { label: "Paste", key: "Ctrl+V", action: () => does.paste(point) },
      { label: "Select all", key: "Ctrl+A", looks: true, action: () => stage.select(stage.boxes.keys()) },
      { label: "Fit", key: "F", looks: true, action: () => stage.fit() },
      { label: "Lay out all", key: "L", action: () => this.actions.layOut([]) },
    ];
  }
}

/** Which of a node's ports to export, as a menu. @param {import("./model.js").NodeView} node @param {import("./actions.js").Actions} actions @returns {import("../core/menu.js").Item[]} */
export function exportItems(node, actions) {
  const item = (side) => (port) => ({ label: `${side === "in" ? "Inport" : "Outport"} ${port.id}`, action: () => actions.exportPort(side, { node: node.id, port: port.id }) });
  return [...node.inports.map(item("in")), ...node.outports.map(item("out"))];
}

/** Why a node that the graph does not name cannot be removed. @param {string} state */
const whyNot = (state) => (state === "lost" ? ": by “msgflo forget”" : ": it goes when it ends");
