// @ts-check
// Instruments: virtual devices of the main graph, arranged on a dashboard.

import { Dashboard } from "./dashboard_view.js";
import { startKiosk } from "./kiosk.js";

/** @param {import("../core/registry.js").Context} context */
export function start(context) {
  const { system, page, bus } = context;
  const dashboard = new Dashboard(context, startKiosk(context));
  document.getElementById("dashboard-view")?.append(dashboard.element);
  system.addEventListener("change", (event) => {
    const { graph, kinds } = event.detail;
    if (kinds.has("status")) dashboard.statusChanged();
    else if (graph === dashboard.graph.id && kinds.has("nodes")) dashboard.show();
  });
  system.addEventListener("state", () => dashboard.show());
  bus.addEventListener("view", () => dashboard.viewChanged(page.view));
  addEventListener("pagehide", () => dashboard.save());
  dashboard.viewChanged(page.view);
}
