// @ts-check
// What menus, keys, buttons and the pointer have in common.

import { toClipboard, toast } from "../core/dom.js";
import { openMenu } from "../core/menu.js";
import { emit } from "../core/registry.js";
import { toCommands, toText } from "./clipboard.js";
import { chooseInitial, connectByName, renameInPlace } from "./forms.js";
import { editInitial } from "./initials.js";
import { exportItems } from "./menus.js";
import { findPort } from "./model.js";

/** @import { End } from "../core/graph.js" */
/** @import { Point } from "./geometry.js" */

export class Interactions {
  /** The last copy, for browsers that do not give us the clipboard. */
  copied = "";
  /** @type {import("./menus.js").Menus | null} set by graph.js */
  menus = null;

  /** @param {import("./stage.js").Stage} stage @param {import("./actions.js").Actions} actions @param {import("./library.js").Library} library */
  constructor(stage, actions, library) {
    this.stage = stage;
    this.actions = actions;
    this.library = library;
  }

  /** @param {string} id */
  openNode(id) {
    if (this.stage.picture.nodes.get(id)?.subgraph) this.openGraph(id);
    else emit(this.stage.context.bus, "open-node", { id });
  }

  /** @param {string} id of a node that is a graph */
  async openGraph(id) {
    const view = this.stage.picture.nodes.get(id);
    if (!view?.subgraph) return toast(`${id} is no graph itself.`, "info");
    try {
      await this.stage.system.show(view.component);
    } catch (error) {
      toast(/** @type {Error} */ (error).message, "bad");
    }
  }

  /** Search for a component to add. @param {Point} [at] */
  search(at) {
    if (this.actions.may()) this.library.open(at);
  }

  /** @param {string} id */
  rename(id) {
    if (this.actions.may()) renameInPlace(this.stage, id, (name) => this.actions.rename(id, name));
  }

  /** @param {string} id */
  connect(id) {
    if (this.actions.may()) connectByName(this.stage, this.actions, id);
  }

  /** @param {string} id */
  initials(id) {
    if (this.actions.may()) chooseInitial(this.stage, this.actions, id);
  }

  /** @param {string} id @param {Point} [at] of the window */
  exports(id, at) {
    const box = this.stage.nodes.element(id)?.getBoundingClientRect();
    const view = this.stage.picture.nodes.get(id);
    if (box && view) openMenu(exportItems(view, this.actions), at ?? { x: box.left + 8, y: box.bottom - 8 }, () => this.stage.nodes.focus(id));
  }

  /** Edit the first initial packet of a port, or a new one. @param {End} end */
  initial({ node, port }) {
    const view = findPort(this.stage.picture.nodes.get(node), "in", port);
    if (view) editInitial(this.stage, this.actions, node, view, view.initials[0] ?? null);
  }

  /** Edit the initial packet that was clicked, if one was. @param {Element} target */
  editInitial(target) {
    const button = /** @type {HTMLElement | null} */ (target.closest("[data-initial]"));
    const node = /** @type {HTMLElement | null | undefined} */ (button?.closest("[data-node]"))?.dataset.node ?? "";
    const port = findPort(this.stage.picture.nodes.get(node), "in", button?.parentElement?.dataset.port ?? "");
    const found = port?.initials.find(({ key }) => key === button?.dataset.initial);
    if (port && found && this.actions.may()) editInitial(this.stage, this.actions, node, port, found);
  }

  /** What is selected, as text. */
  text() {
    return toText(this.stage.system.graph, this.stage.selected, this.stage.boxes);
  }

  async copy() {
    this.copied = this.text();
    await toClipboard(this.copied); // without permission, only the menu's own Paste has it
  }

  /** @param {Point | null} [at] @param {string} [text] */
  async paste(at = null, text = this.copied) {
    const { stage } = this;
    try {
      if (!text) throw new Error("Nothing was copied here yet.");
      const { commands, ids } = toCommands(text, (id) => stage.system.graph.nodes.has(id), at, stage.boxes.values());
      const title = ids.length === 1 ? `Paste ${ids[0]}` : `Paste ${ids.length} nodes`;
      if (!(await stage.context.edits.run(title, commands))) return;
      for (const [name, payload] of commands) {
        if (name === "addnode" && !payload.metadata?.dashboard) emit(stage.context.bus, "simulate", { component: payload.component, role: payload.id });
      }
      stage.refresh();
      stage.select(ids.filter((id) => stage.boxes.has(id)));
      if (ids.length) stage.nodes.focus(ids[0]);
    } catch (error) {
      toast(/** @type {Error} */ (error).message, "warn");
    }
  }
}
