// @ts-check
// Topics of nobody become nodes. What shows them is loaded when somebody wants to see them, and follows the broker only then.

import { element } from "../core/dom.js";
import { load } from "../core/load.js";

/** @param {import("../core/registry.js").Context} context */
export function start(context) {
  const view = /** @type {HTMLElement} */ (document.getElementById("adopt-view"));
  /** @type {Promise<import("./view.js").Adopting> | null} */
  let made = null;
  const say = (/** @type {string} */ text) => view.replaceChildren(element("p", { className: "empty" }, text));
  const make = async () => {
    const { Adopting } = await load("adopt/view.js");
    const adopting = new Adopting(context);
    view.replaceChildren(adopting.element);
    return adopting;
  };
  const look = async () => {
    const isShown = () => context.page.view === "adopt" && document.visibilityState === "visible";
    if (made === null && !isShown()) return;
    if (made === null && context.fbp.state !== "open") return say("Topics are shown when there is a connection to the coordinator.");
    made ??= make();
    try {
      const adopting = await made;
      adopting.follow(isShown());
    } catch (error) {
      made = null; // the next time tries again
      say(`Topics cannot be shown: ${/** @type {Error} */ (error).message}`);
    }
  };
  context.bus.addEventListener("view", look);
  document.addEventListener("visibilitychange", look);
  context.system.addEventListener("state", look); // connected, or other rights
  look();
}
