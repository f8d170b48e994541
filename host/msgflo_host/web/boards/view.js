// @ts-check
// Boards without hardware. Their view is loaded when it is opened.

import { element } from "../core/dom.js";
import { load } from "../core/load.js";

const REFRESH_MS = 2000;

/** @param {import("../core/registry.js").Context} context */
export function start(context) {
  const view = /** @type {HTMLElement} */ (document.getElementById("boards-view"));
  /** @type {import("./board_list.js").Boards | null} */
  let boards = null;
  const show = (/** @type {string} */ text) => view.replaceChildren(element("p", { className: "empty" }, text));
  const refresh = async () => {
    if (context.page.view !== "boards" || document.visibilityState !== "visible") return;
    if (boards === null) {
      if (context.fbp.state !== "open") return show("Port maps are shown when there is a connection to the coordinator.");
      const { Boards } = await load("boards/board_list.js");
      if (boards === null) {
        boards = new Boards(context);
        view.replaceChildren(boards.element);
      }
    }
    boards.refresh();
  };
  const tryToRefresh = () => refresh().catch((error) => show(`Port maps cannot be shown: ${error.message}`)); // the next time tries again
  context.bus.addEventListener("view", tryToRefresh);
  context.system.addEventListener("state", tryToRefresh); // connected, or other rights
  document.addEventListener("visibilitychange", tryToRefresh);
  setInterval(tryToRefresh, REFRESH_MS);
  tryToRefresh();
}
