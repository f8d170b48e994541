// @ts-check
// Instruments: virtual devices of the main graph, arranged on a dashboard.

import { Dashboard } from "./board.js";
import { startWall } from "./wall.js";

/** @param {import("../core/registry.js").Context} context */
export function start(context) {
  const { system, page, bus } = context;
  const dashboard = new Dashboard(context, startWall(context));
  document.getElementById("dashboard-view")?.append(dashboard.element);
  system.addEventListener("change", (event) => {
    const { graph, kinds } = /** @type {CustomEvent} */ (event).detail;
    if (kinds.has("status")) dashboard.follow();
    else if (graph === dashboard.graph.id && kinds.has("nodes")) dashboard.show();
  });
  system.addEventListener("state", () => dashboard.show());
  bus.addEventListener("view", () => dashboard.look(page.view));
  addEventListener("pagehide", () => dashboard.keep());
  dashboard.look(page.view);
}
