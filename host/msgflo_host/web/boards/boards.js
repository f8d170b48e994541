// @ts-check
// Boards without hardware. What shows them is loaded when somebody wants to see them.

import { element } from "../core/dom.js";
import { load } from "../core/load.js";

const LOOK_MS = 2000;

/** @param {import("../core/registry.js").Context} context */
export function start(context) {
  const view = /** @type {HTMLElement} */ (document.getElementById("boards-view"));
  /** @type {import("./shelf.js").Boards | null} */
  let boards = null;
  const say = (/** @type {string} */ text) => view.replaceChildren(element("p", { className: "empty" }, text));
  const look = async () => {
    if (context.page.view !== "boards" || document.visibilityState !== "visible") return;
    if (boards === null) {
      if (context.fbp.state !== "open") return say("Port maps are shown when there is a connection to the coordinator.");
      const { Boards } = await load("boards/shelf.js");
      if (boards === null) {
        boards = new Boards(context);
        view.replaceChildren(boards.element);
      }
    }
    boards.look();
  };
  const tryToLook = () => look().catch((error) => say(`Port maps cannot be shown: ${error.message}`)); // the next time tries again
  context.bus.addEventListener("view", tryToLook);
  context.system.addEventListener("state", tryToLook); // connected, or other rights
  document.addEventListener("visibilitychange", tryToLook);
  setInterval(tryToLook, LOOK_MS);
  tryToLook();
}
