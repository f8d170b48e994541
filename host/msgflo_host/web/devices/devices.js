// @ts-check
/** The list of virtual devices: one that is picked starts at once, in a role that is proposed. */
import { announce, element, toast } from "../core/dom.js";
import { emit } from "../core/registry.js";
import { Dock } from "./dock.js";
import { picture } from "./device_icons.js";
import { allKinds, kindOf, kinds } from "./kinds.js";
import { proposedRole } from "./roles.js";
import { saveWhenLeft } from "./saved_devices.js";
import { restored } from "./tab.js";

/** @import { Kind } from "./kinds.js" */

/** @param {import("../core/registry.js").Context} context */
export function start(context) {
  const { bus, page, system } = context;
  const dock = new Dock(context);
  let picked = ""; // the role whose node is to be in sight when it comes
  const show = () => {
    if (!picked || !system.graph.nodes.has(picked)) return;
    const ids = [picked];
    picked = "";
    requestAnimationFrame(() => emit(bus, "select", { kind: "node", ids })); // it is in the picture by then
  };
  const pick = async (/** @type {Kind} */ { kind, name }) => {
    page.makeWay();
    await system.askStatus(); // somebody else may have picked the same a moment ago
    const role = proposedRole(system, kind, dock.roles);
    announce(`${name} starts as ${role}`);
    dock.fold(false);
    dock.add(kind, role);
    const card = dock.reveal(role);
    if (!page.sideIsOpen) card?.querySelector("button")?.focus();
    picked = role;
    show();
  };
  system.addEventListener("change", show);
  bus.addEventListener("simulate", (event) => {
    const { component, role } = event.detail;
    const kind = kindOf(component);
    if (kind && !dock.roles.has(role)) dock.add(kind, role);
  });
  const list = element("ul", { className: "device-list" });
  const hint = "Each takes part in the system from this page, under a name of its own, and goes when the page is closed. Draw wires to it as to any other.";
  page.addSide("devices", "Devices", element("div", {}, element("p", { className: "hint" }, hint), list));
  const fill = () =>
    fillList(list, pick).catch((error) => {
      toast(`The list of devices is not complete: ${error.message}`, "bad");
      system.addEventListener("state", fill, { once: true });
    });
  (window.requestIdleCallback ?? setTimeout)(fill);
  reopen(dock);
}

/** @param {HTMLElement} list @param {(kind: Kind) => void} pick */
async function fillList(list, pick) {
  list.replaceChildren(...(await allKinds()).map((each) => element("li", {}, item(each, pick))));
}

/** @param {Kind} kind @param {(kind: Kind) => void} pick */
function item(kind, pick) {
  const words = element("span", {}, element("strong", {}, kind.name), element("small", {}, kind.label));
  return element("button", { type: "button", className: "device-item", "data-kind": kind.kind, click: (event) => event.detail > 1 || pick(kind) }, picture(kind.kind), words);
}

/** Open what was open before the page was loaded again, and save it for the next time. @param {Dock} dock */
function reopen(dock) {
  saveWhenLeft(() => ({ client: restored.client, devices: dock.memory }));
  for (const { kind, role, options } of restored.devices) if (kinds.has(kind)) dock.add(kind, role, options);
}
