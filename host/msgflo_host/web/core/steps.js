// @ts-check
// Graphs that are opened are steps of the browser's history, as views are (page.js): Back leads to the one before.

import { toast } from "./dom.js";

/** @param {import("./system.js").System} system @param {import("./page.js").Page} page */
export function keepSteps(system, page) {
  const note = (/** @type {"pushState" | "replaceState"} */ how) => history[how]({ graph: system.current }, "");
  const noted = () => history.state?.graph;
  // The dashboard turns to the main graph: that is no step of its own.
  system.addEventListener("current", () => noted() === system.current || note(page.view === "graph" ? "pushState" : "replaceState"));
  addEventListener("popstate", () => {
    if (noted() === undefined) note("replaceState"); // a link within the page was followed
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
