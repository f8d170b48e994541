// @ts-check
// Boards without hardware. What shows them is loaded when somebody wants to see them.

const LOOK_MS = 2000;

/** @param {import("../core/registry.js").Context} context */
export function start(context) {
  const view = /** @type {HTMLElement} */ (document.getElementById("boards-view"));
  /** @type {import("./shelf.js").Boards | null} */
  let boards = null;
  const look = async () => {
    if (context.page.view !== "boards" || document.visibilityState !== "visible") return;
    if (boards === null) {
      const { Boards } = await import("./shelf.js");
      if (boards === null) {
        boards = new Boards(context);
        view.replaceChildren(boards.element);
      }
    }
    boards.look();
  };
  const tryToLook = () => look().catch(() => {}); // without a connection, which the bar tells; the next one tries again
  context.bus.addEventListener("view", tryToLook);
  context.system.addEventListener("state", tryToLook); // connected, or other rights
  document.addEventListener("visibilitychange", tryToLook);
  setInterval(tryToLook, LOOK_MS);
  tryToLook();
}
