// @ts-check
// Topics that belong to no participant become nodes. The view is loaded when it is opened, and only then subscribes to them.

import { element } from "../core/dom.js";
import { load } from "../core/load.js";

/** @param {import("../core/registry.js").Context} context */
export function start(context) {
  const view = /** @type {HTMLElement} */ (document.getElementById("adopt-view"));
  /** @type {Promise<import("./view.js").Adopting> | null} */
  let made = null;
  const show = (/** @type {string} */ text) => view.replaceChildren(element("p", { className: "empty" }, text));
  const make = async () => {
    const { Adopting } = await load("adopt/view.js");
    const adopting = new Adopting(context);
    view.replaceChildren(adopting.element);
    return adopting;
  };
  const refresh = async () => {
    const isShown = () => context.page.view === "adopt" && document.visibilityState === "visible";
    if (made === null && !isShown()) return;
    if (made === null && context.fbp.state !== "open") return show("Topics are shown when there is a connection to the coordinator.");
    made ??= make();
    try {
      const adopting = await made;
      adopting.setActive(isShown());
    } catch (error) {
      made = null; // the next time tries again
      show(`Topics cannot be shown: ${/** @type {Error} */ (error).message}`);
    }
  };
  context.bus.addEventListener("view", refresh);
  document.addEventListener("visibilitychange", refresh);
  context.system.addEventListener("state", refresh); // connected, or other rights
  refresh();
}
