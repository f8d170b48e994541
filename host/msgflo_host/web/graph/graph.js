// @ts-check
// The live graph: puts its parts together, and joins them to the rest of the page.

import { element, toClipboard, toast } from "../core/dom.js";
import { openMenu } from "../core/menu.js";
import { emit } from "../core/registry.js";
import { Actions } from "./actions.js";
import { toCommands, toText } from "./clipboard.js";
import { chooseInitial, connectByName, renameInPlace } from "./forms.js";
import { editInitial } from "./initials.js";
import { Keyboard } from "./keyboard.js";
import { Library } from "./library.js";
import { Live } from "./live.js";
import { Menus, exportItems } from "./menus.js";
import { findPort } from "./model.js";
import { Pointer } from "./pointer.js";
import { Stage } from "./stage.js";
import { makeToolbar } from "./toolbar.js";

/** @param {import("../core/registry.js").Context} context */
export function start(context) {
  const root = /** @type {HTMLElement} */ (document.getElementById("graph-view"));
  root.classList.add("graph");
  const stage = new Stage(context, root);
  const actions = new Actions(stage);
  const library = new Library(stage, actions);
  const does = doings(stage, actions, library);
  const pointer = new Pointer(stage, actions, does);
  const menus = new Menus(stage, actions, pointer, does);
  does.menu = (id) => menus.ofNode(id);
  does.groupMenu = (name) => menus.ofGroup(name);
  new Keyboard(stage, actions, pointer, does);
  new Live(stage, root);
  root.append(makeToolbar(stage, actions, pointer, does));
  follow(context, stage, actions, library, root);
  keepFocus(stage);
  clipboard(stage, actions, does);
  stage.port.addEventListener("click", (event) => does.editInitial(event.target));
}

/** Draw anew what others, devices or we have changed; while another view is shown nothing is drawn. */
function follow({ system, bus, page }, stage, actions, library, root) {
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
    if (kinds.has("components")) library.look();
  });
  system.addEventListener("current", refresh);
  system.addEventListener("state", () => {
    refresh();
    library.look(); // other rights
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
  for (const type of ["open-node", "open-edge"]) bus.addEventListener(type, () => page.makeWay());
  refresh();
}

/** Whoever was on a node that has gone stays in the picture: from the page's beginning it is a long way back. */
function keepFocus(stage) {
  /** @type {Node | null} */
  let last = null;
  stage.port.addEventListener("focusin", ({ target }) => (last = target));
  stage.port.addEventListener("focusout", ({ relatedTarget }) => relatedTarget && (last = null));
  stage.addEventListener("refresh", () => {
    if (last === null || last.isConnected || document.activeElement !== document.body) return;
    last = null;
    stage.nodes.refocus();
    if (document.activeElement === document.body) stage.port.focus({ preventScroll: true }); // no node is left
  });
}

/** Select what another part of the page has selected. */
function selectAlso(stage, { kind, ids }) {
  const [edge, nodes] = kind === "edge" ? [ids[0], []] : [null, ids];
  const isSo = JSON.stringify([stage.selectedEdge, [...stage.selected]]) === JSON.stringify([edge, nodes]);
  if (isSo) return;
  stage.select(nodes.filter((id) => stage.picture.nodes.has(id)), edge);
  stage.revealSelected();
}

/** What menus, keys and buttons have in common. */
function doings(stage, actions, library) {
  const { system } = stage;
  let copied = ""; // where the browser keeps its clipboard from us
  const does = {
    openNode(id) {
      if (stage.picture.nodes.get(id)?.subgraph) does.openGraph(id);
      else emit(stage.context.bus, "open-node", { id });
    },
    async openGraph(id) {
      const view = stage.picture.nodes.get(id);
      if (!view?.subgraph) return toast(`${id} is no graph itself.`, "info");
      try {
        await system.show(view.component);
      } catch (error) {
        toast(/** @type {Error} */ (error).message, "bad");
      }
    },
    search: (at) => actions.may() && library.open(at),
    rename: (id) => actions.may() && renameInPlace(stage, id, (name) => actions.rename(id, name)),
    connect: (id) => actions.may() && connectByName(stage, actions, id),
    initials: (id) => actions.may() && chooseInitial(stage, actions, id),
    exports(id, at) {
      const box = stage.nodes.element(id)?.getBoundingClientRect();
      const view = stage.picture.nodes.get(id);
      if (box && view) openMenu(exportItems(view, actions), at ?? { x: box.left + 8, y: box.bottom - 8 }, () => stage.nodes.focus(id));
    },
    initial({ node, port }) {
      const view = findPort(stage.picture.nodes.get(node), "in", port);
      if (view) editInitial(stage, actions, node, view, view.initials[0] ?? null);
    },
    editInitial(target) {
      const button = target.closest?.("[data-initial]");
      const node = button?.closest("[data-node]").dataset.node;
      const port = button && findPort(stage.picture.nodes.get(node), "in", button.parentElement.dataset.port);
      const found = port?.initials.find(({ key }) => key === button.dataset.initial);
      if (found && actions.may()) editInitial(stage, actions, node, port, found);
    },
    text: () => toText(system.graph, stage.selected, stage.boxes),
    async copy() {
      copied = does.text();
      await toClipboard(copied); // where it is not allowed, what the menus copy is pasted by them only
    },
    kept: (text) => (copied = text),
    async paste(at, text = copied) {
      try {
        if (!text) throw new Error("Nothing was copied here yet.");
        const { commands, ids } = toCommands(text, (id) => system.graph.nodes.has(id), at ?? null, stage.boxes.values());
        const title = ids.length === 1 ? `Paste ${ids[0]}` : `Paste ${ids.length} nodes`;
        if (!(await stage.context.edits.run(title, commands))) return;
        for (const [command, { id, component, metadata }] of commands) {
          if (command === "addnode" && !metadata.dashboard) emit(stage.context.bus, "play", { component, role: id });
        }
        stage.refresh();
        stage.select(ids.filter((id) => stage.boxes.has(id)));
        if (ids.length) stage.nodes.focus(ids[0]);
      } catch (error) {
        toast(/** @type {Error} */ (error).message, "warn");
      }
    },
  };
  return does;
}

/** Ctrl+C, X and V come as events of the clipboard, which need no permission. */
function clipboard(stage, actions, does) {
  const isOurs = (event) => stage.port.checkVisibility() && !event.target.closest?.("input, textarea, select, dialog, #inspector, [contenteditable]");
  const copy = (event) => {
    const text = isOurs(event) && getSelection()?.isCollapsed !== false ? does.text() : "";
    if (!text) return false;
    event.clipboardData.setData("text/plain", text);
    event.preventDefault();
    does.kept(text);
    return true;
  };
  // Safari asks first, and takes a page in which no text is marked for one with nothing to copy.
  for (const type of ["beforecopy", "beforecut", "beforepaste"]) document.addEventListener(type, (event) => isOurs(event) && event.preventDefault());
  document.addEventListener("copy", copy);
  document.addEventListener("cut", (event) => copy(event) && actions.remove());
  document.addEventListener("paste", (event) => {
    if (!isOurs(event)) return;
    event.preventDefault();
    does.paste(null, event.clipboardData?.getData("text/plain"));
  });
}
