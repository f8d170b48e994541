// @ts-check
// Makes the parts of the page and puts them together.

import { startBar } from "./core/bar.js";
import { element, toast } from "./core/dom.js";
import { Edits } from "./core/edits.js";
import { Fbp } from "./core/fbp.js";
import { trackHistory } from "./core/history.js";
import { load } from "./core/load.js";
import { Packets } from "./core/packets.js";
import { Page } from "./core/page.js";
import { context, startParts } from "./core/registry.js";
import { secretAsker, storeSecret, takeSecret } from "./core/secret.js";
import { System } from "./core/system.js";

const PARTS = [
  { name: "the graph", path: "graph/graph.js", view: "graph-view" },
  { name: "the inspector", path: "inspect/inspect.js", view: null },
  { name: "virtual devices", path: "devices/devices.js", view: null },
  { name: "the dashboard", path: "dashboard/dashboard.js", view: "dashboard-view" },
  { name: "virtual boards", path: "boards/view.js", view: "boards-view" },
  { name: "adopting topics", path: "adopt/adopt.js", view: "adopt-view" },
];

// Modules that parts load later. They are loaded early, since there may be no coordinator by then.
const LATER = ["boards/board_list.js", "adopt/view.js", "devices/host.js", "devices/connection.js", "core/listener.js", "vendor/uplot.js"];

const bus = /** @type {import("./core/registry.js").Bus} */ (new EventTarget());
const fbp = new Fbp(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/`, { secret: takeSecret() });
const system = new System(fbp);
Object.assign(context, { bus, fbp, system, edits: new Edits(system), packets: new Packets(system), page: new Page(bus) });
trackHistory(system, context.page);

const askSecret = secretAsker(fbp);

// Somebody has opened the URL with the secret where the page is open already.
addEventListener("hashchange", () => {
  const secret = takeSecret();
  if (secret !== null) fbp.secret = secret;
});

let asked = false; // once; the banner has a button for more
system.addEventListener("state", () => {
  if (fbp.state !== "open" || system.runtime?.capabilities.length !== 0) return;
  if (fbp.secret !== null) {
    // An unknown secret may permit less than none.
    storeSecret(null);
    fbp.secret = null;
    toast("The secret that this tab had is not known here.", "warn");
  } else if (!asked) {
    asked = true;
    askSecret();
  }
});

/** @param {import("./core/registry.js").Part} part @param {Error} error */
function failed(part, error) {
  const text = `This part of the page could not be started: ${part.name}. ${error.message}`;
  if (part.view === null) toast(text, "bad");
  else document.getElementById(part.view)?.replaceChildren(element("p", { className: "empty" }, text));
}

fbp.askSecret = askSecret;
startBar(context, askSecret);
fbp.connect();
await startParts(PARTS, failed);
document.body.dataset.started = "true"; // for programs that wait for all parts
(window.requestIdleCallback ?? setTimeout)(() => {
  for (const path of LATER) load(path).catch(() => {}); // the part that needs it reports it
});
