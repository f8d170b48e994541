// @ts-check
// Graphs that are opened become entries of the browser's history, as views do (page.js): Back leads to the one before.

import { toast } from "./dom.js";

/** @param {import("./system.js").System} system @param {import("./page.js").Page} page */
export function trackHistory(system, page) {
  const note = (/** @type {"pushState" | "replaceState"} */ how) => history[how]({ graph: system.current }, "");
  const noted = () => history.state?.graph;
  // The dashboard opens the main graph: that is no entry of its own.
  system.addEventListener("current", () => noted() === system.current || note(page.view === "graph" ? "pushState" : "replaceState"));
  addEventListener("popstate", () => {
    if (noted() === undefined) note("replaceState"); // by a link within the page
    else if (noted() !== system.current) system.show(noted()).catch((error) => toast(error.message, "warn"));
  });
  if (noted() === undefined) return note("replaceState");
  // The page was loaded again.
  const reopen = () => {
    if (!system.isReady) return;
    system.removeEventListener("state", reopen);
    if (noted() !== system.current) system.show(noted()).catch(() => note("replaceState"));
  };
  system.addEventListener("state", reopen);
}
