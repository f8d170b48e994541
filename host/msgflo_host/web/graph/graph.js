// @ts-check
// The view of the graph: makes its parts, and connects them with the rest of the page.

import { element } from "../core/dom.js";
import { Actions } from "./actions.js";
import { Interactions } from "./interactions.js";
import { Keyboard } from "./keyboard.js";
import { Library } from "./library.js";
import { LiveValues } from "./live_values.js";
import { Menus } from "./menus.js";
import { Pointer } from "./pointer.js";
import { Stage } from "./stage.js";
import { makeToolbar } from "./toolbar.js";

/** @import { Context } from "../core/registry.js" */

/** @param {Context} context */
export function start(context) {
  const root = /** @type {HTMLElement} */ (document.getElementById("graph-view"));
  root.classList.add("graph");
  const stage = new Stage(context, root);
  const actions = new Actions(stage);
  const library = new Library(stage, actions);
  const ui = new Interactions(stage, actions, library);
  const pointer = new Pointer(stage, actions, ui);
  ui.menus = new Menus(stage, actions, pointer, ui);
  new Keyboard(stage, actions, pointer, ui);
  new LiveValues(stage, root);
  root.append(makeToolbar(stage, actions, pointer, ui));
  subscribe(context, stage, library, root);
  keepFocus(stage);
  clipboard(stage, actions, ui);
  stage.port.addEventListener("click", ({ target }) => target instanceof Element && ui.editInitial(target));
}

/**
 * Redraw after each change; nothing is drawn while another view is shown.
 * @param {Context} context @param {Stage} stage @param {Library} library @param {HTMLElement} root
 */
function subscribe({ system, bus, page }, stage, library, root) {
  const empty = element("p", { className: "empty", hidden: true }, "Nothing is here yet. Devices appear by themselves; the library has components to add.");
  root.append(empty);
  const refresh = () => {
    if (!stage.isSeen) return;
    stage.refresh();
    empty.hidden = !system.isReady || stage.picture.nodes.size > 0;
  };
  system.addEventListener("change", (event) => {
    const { graph, kinds } = event.detail;
    if (graph === null || graph === system.current) refresh();
    if (kinds.has("components")) library.refresh();
  });
  system.addEventListener("current", refresh);
  system.addEventListener("state", () => {
    refresh();
    library.refresh(); // other rights
  });
  bus.addEventListener("view", refresh);
  let asked = 0;
  system.addEventListener("health", () => {
    asked ||= requestAnimationFrame(() => {
      asked = 0;
      refresh();
    });
  });
  bus.addEventListener("select", (event) => selectAlso(stage, event.detail));
  for (const type of /** @type {const} */ (["open-node", "open-edge"])) bus.addEventListener(type, () => page.makeWay());
  refresh();
}

/** Keep the focus in the picture when its node has gone; the browser would move it to the page's beginning. @param {Stage} stage */
function keepFocus(stage) {
  /** @type {Node | null} */
  let last = null;
  stage.port.addEventListener("focusin", ({ target }) => (last = /** @type {Node} */ (target)));
  stage.port.addEventListener("focusout", ({ relatedTarget }) => relatedTarget && (last = null));
  stage.addEventListener("refresh", () => {
    if (last === null || last.isConnected || document.activeElement !== document.body) return;
    last = null;
    stage.nodes.refocus();
    if (document.activeElement === document.body) stage.port.focus({ preventScroll: true }); // no node is left
  });
}

/** Select what another part of the page has selected. @param {Stage} stage @param {{kind: string | null, ids: string[]}} selection */
function selectAlso(stage, { kind, ids }) {
  const [edge, nodes] = kind === "edge" ? [ids[0], []] : [null, ids];
  const isSo = JSON.stringify([stage.selectedEdge, [...stage.selected]]) === JSON.stringify([edge, nodes]);
  if (isSo) return;
  stage.select(nodes.filter((id) => stage.picture.nodes.has(id)), edge);
  stage.revealSelected();
}

/** Copy, cut and paste by the events of the clipboard, which need no permission. @param {Stage} stage @param {Actions} actions @param {Interactions} ui */
function clipboard(stage, actions, ui) {
  const others = "input, textarea, select, dialog, #inspector, [contenteditable]";
  const isOurs = (/** @type {Event} */ { target }) => stage.port.checkVisibility() && !(target instanceof Element && target.closest(others));
  const copy = (/** @type {ClipboardEvent} */ event) => {
    const text = isOurs(event) && getSelection()?.isCollapsed !== false ? ui.text() : "";
    if (!text) return false;
    event.clipboardData?.setData("text/plain", text);
    event.preventDefault();
    ui.copied = text;
    return true;
  };
  // Safari asks first, and copies nothing where no text is selected.
  for (const type of ["beforecopy", "beforecut", "beforepaste"]) document.addEventListener(type, (event) => isOurs(event) && event.preventDefault());
  document.addEventListener("copy", copy);
  document.addEventListener("cut", (event) => copy(event) && actions.remove());
  document.addEventListener("paste", (event) => {
    if (!isOurs(event)) return;
    event.preventDefault();
    ui.paste(null, event.clipboardData?.getData("text/plain"));
  });
}
