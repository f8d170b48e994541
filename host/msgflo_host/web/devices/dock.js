// @ts-check
/** The devices that are open on this page: a card for each, in a strip below the graph. */
import { announce, askText, element, iconButton, toast } from "../core/dom.js";
import { load } from "../core/load.js";
import { connectionStatus } from "./connection_status.js";
import { picture } from "./device_icons.js";
import { wrongRole } from "./roles.js";
import { deviceId } from "./tab.js";

/** @import { SavedDevice } from "./saved_devices.js" */
/** @typedef {SavedDevice & {card: HTMLElement, device: import("./host.js").Device | null}} Open */

export class Dock {
  #open = /** @type {Open[]} */ ([]);
  #cards = element("ul", { id: "device-cards" });
  #status;
  #title = element("h2", {}, "Devices");
  #fold;
  #element;

  /** @param {import("../core/registry.js").Context} context */
  constructor(context) {
    this.#status = connectionStatus(context, { id: "devices-trouble" });
    this.#fold = element("button", { type: "button", className: "plain", "aria-controls": "device-cards", click: () => this.fold(!this.#cards.hidden) });
    const head = element("div", { className: "panel-head" }, this.#title, this.#status.text, this.#status.button, this.#fold);
    this.#element = element("section", { id: "devices", hidden: true, "aria-label": "Virtual devices" }, head, this.#cards);
    document.getElementById("main")?.append(this.#element);
    this.fold(false);
    context.fbp.addEventListener("message", (event) => this.#renamed(context.system, event.detail));
  }

  /** A device keeps its wires when somebody renames its node. @param {import("../core/system.js").System} system @param {import("../core/fbp.js").Message} message */
  #renamed(system, { protocol, command, payload }) {
    if (protocol !== "graph" || command !== "renamenode" || payload.graph !== system.main) return;
    const open = this.#open.find((each) => each.role === payload.from);
    if (open && !wrongRole(payload.to, this.roles)) this.#become(open, payload.to);
  }

  /** The roles of the devices that are open. */
  get roles() {
    return new Set(this.#open.map((each) => each.role));
  }

  /** What is needed to open all of them again. @returns {SavedDevice[]} */
  get memory() {
    return this.#open.map(({ kind, role, device, options }) => ({ kind, role, options: device?.memory() ?? options }));
  }

  /** Show or hide the cards; the devices run on. @param {boolean} hidden */
  fold(hidden) {
    this.#cards.hidden = hidden;
    this.#fold.textContent = hidden ? "Show" : "Hide";
    this.#fold.setAttribute("aria-expanded", String(!hidden));
  }

  /** Start a device. @param {string} kind @param {string} role @param {import("./kinds.js").Options} [options] with which it goes on */
  async add(kind, role, options) {
    const place = element("div", { className: "device-body" });
    const card = element("li", { className: "device-card", "data-role": role, "data-kind": kind });
    /** @type {Open} */
    const open = { kind, role, card, device: null, options };
    card.append(this.#head(open), place);
    this.#open.push(open);
    this.#cards.append(card);
    this.#count();
    try {
      const connection = await this.#status.connected();
      const { mount } = await load("devices/host.js");
      if (!this.#open.includes(open)) return; // closed again meanwhile
      const device = await mount(kind, role, place, { connection, id: deviceId(role), options });
      if (!this.#open.includes(open)) return device.stop();
      open.device = device;
    } catch (error) {
      if (!this.#open.includes(open)) return;
      this.#remove(open);
      toast(`${role} could not be started: ${/** @type {Error} */ (error).message}`, "bad");
    }
  }

  /** Have the card of a role in sight. @param {string} role */
  reveal(role) {
    const card = /** @type {HTMLElement | null} */ (this.#cards.querySelector(`[data-role="${CSS.escape(role)}"]`));
    card?.scrollIntoView({ block: "nearest", inline: "nearest" });
    return card;
  }

  /** @param {Open} open */
  #head(open) {
    const rename = element("button", { type: "button", className: "plain device-role", title: "Rename", "aria-label": `Rename ${open.role}`, click: () => this.#rename(open) }, open.role);
    const close = iconButton("close", `Close ${open.role}`, () => this.#close(open));
    return element("div", { className: "device-head" }, picture(open.kind), element("h3", {}, rename), close);
  }

  /** @param {Open} open */
  async #rename(open) {
    const others = this.roles;
    others.delete(open.role);
    const hint = "The device takes this role from now on: topics and wires of a node of that name are its own.";
    const check = (/** @type {string} */ text) => wrongRole(text.trim(), others);
    const role = (await askText("Role", { title: `Rename ${open.role}`, value: open.role, hint, yes: "Rename", check }))?.trim();
    if (role === undefined || role === open.role || !this.#open.includes(open)) return;
    await this.#become(open, role);
    /** @type {HTMLElement | null | undefined} */ (this.reveal(role)?.querySelector(".device-role"))?.focus();
  }

  /** Go on in another role. @param {Open} open @param {string} role */
  #become(open, role) {
    const options = open.device?.memory() ?? open.options;
    this.#remove(open);
    return this.add(open.kind, role, options);
  }

  /** @param {Open} open */
  #close(open) {
    const next = open.card.nextElementSibling ?? open.card.previousElementSibling;
    this.#remove(open);
    announce(`${open.role} is closed`);
    /** @type {HTMLElement | null} */ (next?.querySelector(".icon-button") ?? document.getElementById("side-tab-devices"))?.focus();
  }

  /** @param {Open} open */
  #remove(open) {
    this.#open = this.#open.filter((each) => each !== open);
    open.device?.stop();
    open.card.remove();
    this.#count();
  }

  #count() {
    this.#element.hidden = this.#open.length === 0;
    this.#title.textContent = this.#open.length === 1 ? "1 device" : `${this.#open.length} devices`;
  }
}
