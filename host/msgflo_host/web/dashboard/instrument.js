// @ts-check
// One instrument: its card on the grid, and the device in it while that runs here.

import { element, iconButton, toast } from "../core/dom.js";
import { load } from "../core/load.js";
import { picture } from "../devices/device_icons.js";
import { throttle } from "../devices/parts.js";
import { deviceId, restored } from "../devices/tab.js";
import { recall, save } from "./saved_options.js";

/** @import { Connection } from "../msgflo.js" */
/** @import { Box } from "./grid.js" */

const CHANGES = ["input", "click", "keyup", "pointerup"]; // by which people set something
const SAVE_MS = 1000;
const CHECKING = "Checking whether it runs elsewhere…";
const SETTLING_MS = 20_000; // in which one of two that started at the same time stops

/** @typedef {{menu: (instrument: Instrument) => void, connected: () => Promise<Connection>}} Around */

export class Instrument {
  /** Whether it is arranged just now, so that nothing but this moves it. */
  isHeld = false;
  /** @type {Box} */
  box = { x: 0, y: 0, w: 1, h: 1 };

  #around;
  #body = element("div", { className: "device-body" });
  #name = element("h3", {});
  #role = element("small", { className: "muted" });
  /** @type {import("../devices/host.js").Device | null} */
  #device = null;
  #starting = 0; // number of the start that counts
  #since = 0;
  #isRunning = false; // or is being started
  #free = 0; // answers in a row in which nobody had the role
  #patience;

  /** @param {string} role @param {string} kind @param {Around} around @param {number} patience how many answers in a row must find the role free */
  constructor(role, kind, around, patience) {
    this.role = role;
    this.kind = kind;
    this.#around = around;
    this.#patience = patience;
    this.menuButton = iconButton("more", `What to do with ${role}`, () => around.menu(this), { title: "What to do", "aria-haspopup": "menu" });
    this.move = element("button", { type: "button", className: "instrument-move", "aria-label": `Move ${role}`, "aria-describedby": "dashboard-move-keys" });
    this.size = element("button", { type: "button", className: "instrument-size", "aria-label": `Resize ${role}`, "aria-describedby": "dashboard-size-keys" });
    const head = element("div", { className: "device-head" }, picture(kind), element("div", { className: "instrument-title" }, this.#name, this.#role), this.menuButton);
    /** @type {HTMLElement} */
    this.element = element("li", { className: "instrument", "data-role": role, "data-kind": kind }, head, this.#body, this.move, this.size);
    const saveSoon = throttle(SAVE_MS, () => this.save());
    for (const type of CHANGES) this.element.addEventListener(type, saveSoon);
    this.#show(CHECKING, "waiting");
  }

  /** @param {unknown} label the title that its node has, if any */
  entitle(label) {
    const title = typeof label === "string" && label.trim() ? label.trim() : this.role;
    this.#name.textContent = this.#name.title = title;
    this.#role.textContent = title === this.role ? "" : this.role;
  }

  /** @param {Box} box where it stands */
  place(box) {
    this.box = box;
    for (const [key, cells] of Object.entries(box)) this.element.style.setProperty(`--${key}`, String(cells));
  }

  /** @param {boolean} isOn whether it is arranged, and not used */
  arrange(isOn) {
    this.#body.inert = isOn;
  }

  /**
   * Decide whether it runs here, by the status of its node.
   * @param {import("../core/status.js").NodeStatus | undefined} status @param {string} own its participant id here
   */
  statusChanged(status, own) {
    const others = (status?.instances ?? []).filter((each) => each.id !== own && (each.state === "alive" || each.state === "asleep")).map((each) => each.id);
    if (this.#isRunning) {
      // Of two pages that found the role free at the same time, one stops.
      const givesWay = performance.now() - this.#since < SETTLING_MS && others.some((id) => id.startsWith(`${this.role}@`) && id < own);
      if (givesWay) this.stop();
      else return;
    }
    this.#free = others.length > 0 ? 0 : this.#free + 1;
    if (others.length > 0) this.#patience = 2; // a page that is only loaded again is back by then
    if (others.length > 0) this.#elsewhere(others);
    else if (this.#free >= this.#patience) this.run();
  }

  /** Run it here. @param {boolean} [firmly] also where it runs elsewhere */
  async run(firmly = false) {
    if (this.#isRunning) return;
    this.#isRunning = true;
    this.#since = firmly ? -Infinity : performance.now();
    const number = ++this.#starting;
    try {
      const [{ mount }, connection] = await Promise.all([load("devices/host.js"), this.#around.connected()]);
      if (number !== this.#starting) return; // stopped meanwhile
      const place = this.#renew("running");
      const device = await mount(this.kind, this.role, place, { connection, id: ownId(this.role), options: recall(this.role, this.kind) });
      if (number !== this.#starting) return device.stop();
      this.#device = device;
    } catch (error) {
      if (number !== this.#starting) return;
      this.stop();
      const again = element("button", { type: "button", click: () => this.run(firmly) }, "Try again");
      this.#show("It could not be started.", "failed", again);
      toast(`${this.role} could not be started: ${/** @type {Error} */ (error).message}`, "bad");
      this.#free = -Infinity; // it is not started again by itself
    }
  }

  /** Stop it; its options are saved. */
  stop() {
    this.save();
    this.#starting++;
    this.#device?.stop();
    this.#device = null;
    if (this.#isRunning) this.#show(CHECKING, "waiting");
    this.#isRunning = false;
    this.#free = 0;
  }

  /** Save its options, for when it runs again. */
  save() {
    if (this.#device) save(this.role, this.kind, this.#device.memory());
  }

  /** @param {string[]} others */
  #elsewhere(others) {
    const isHere = others.every((id) => id === deviceId(this.role));
    const text = isHere ? "It runs as a device of this page, below the graph." : `Runs elsewhere: ${others.join(", ")}`;
    if (this.#body.dataset.text === text) return;
    this.#show(text, "elsewhere", element("button", { type: "button", click: () => this.run(true) }, "Run here too"));
  }

  /** @param {string} text @param {string} state @param {Node | null} [button] */
  #show(text, state, button = null) {
    const place = this.#renew(state);
    place.dataset.text = text;
    place.append(element("p", {}, text), button ?? "");
  }

  /** An empty body: a device marks the one that it is drawn in. @param {string} state */
  #renew(state) {
    const body = element("div", { className: "device-body", inert: this.#body.inert });
    this.element.dataset.state = state;
    this.#body.replaceWith(body);
    return (this.#body = body);
  }
}

/** The participant id of this tab's instrument in a role: others may have that role, too. @param {string} role */
export const ownId = (role) => `${role}@${restored.client}`;
