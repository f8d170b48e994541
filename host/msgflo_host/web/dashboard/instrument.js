// @ts-check
// One instrument: its card on the grid, and the device in it while its role is played here.

import { element, iconButton, toast } from "../core/dom.js";
import { load } from "../core/load.js";
import { picture } from "../devices/icons.js";
import { calm } from "../devices/parts.js";
import { kept, shelfId } from "../devices/tab.js";
import { recall, remember } from "./memory.js";

const CHANGES = ["input", "click", "keyup", "pointerup"]; // by which people set something
const KEEP_MS = 1000;
const SETTLING_MS = 20_000; // in which one of two that began at the same time gives way

/** @typedef {{menu: (instrument: Instrument) => void, connected: () => Promise<import("../msgflo.js").Connection>}} Around */

export class Instrument {
  /** Whether it is arranged just now, so that nothing but this moves it. */
  isHeld = false;
  /** @type {import("./arrange.js").Box} */
  box = { x: 0, y: 0, w: 1, h: 1 };

  #around;
  #body = element("div", { className: "device-body" });
  #name = element("h3", {});
  #said = element("small", { className: "muted" });
  /** @type {import("../devices/host.js").Device | null} */
  #device = null;
  #starting = 0; // number of the start that counts
  #since = 0;
  #wanted = false;
  #free = 0; // answers in a row that knew of nobody who plays it
  #patience;

  /** @param {string} role @param {string} kind @param {Around} around @param {number} patience how many answers must know of no other player */
  constructor(role, kind, around, patience) {
    this.role = role;
    this.kind = kind;
    this.#around = around;
    this.#patience = patience;
    this.menuButton = iconButton("more", `What to do with ${role}`, () => around.menu(this), { title: "What to do", "aria-haspopup": "menu" });
    this.move = element("button", { type: "button", className: "instrument-move", "aria-label": `Move ${role}`, "aria-describedby": "dashboard-move-keys" });
    this.size = element("button", { type: "button", className: "instrument-size", "aria-label": `Resize ${role}`, "aria-describedby": "dashboard-size-keys" });
    const head = element("div", { className: "device-head" }, picture(kind), element("div", { className: "instrument-title" }, this.#name, this.#said), this.menuButton);
    /** @type {HTMLElement} */
    this.element = element("li", { className: "instrument", "data-role": role, "data-kind": kind }, head, this.#body, this.move, this.size);
    const keepSoon = calm(KEEP_MS, () => this.keep());
    for (const type of CHANGES) this.element.addEventListener(type, keepSoon);
    this.#say("Looking whether somebody plays it…", "waiting");
  }

  /** @param {any} label the title that its node has, if any */
  entitle(label) {
    const title = typeof label === "string" && label.trim() ? label.trim() : this.role;
    this.#name.textContent = this.#name.title = title;
    this.#said.textContent = title === this.role ? "" : this.role;
  }

  /** @param {import("./arrange.js").Box} box where it stands */
  place(box) {
    this.box = box;
    for (const [key, cells] of Object.entries(box)) this.element.style.setProperty(`--${key}`, String(cells));
  }

  /** @param {boolean} isOn whether it is arranged, and not used */
  arrange(isOn) {
    this.#body.inert = isOn;
  }

  /**
   * Decide whether it is played here, by an answer about the state of the system.
   * @param {import("../core/status.js").NodeStatus | undefined} status of its node @param {string} own the id with which it is played here
   */
  follow(status, own) {
    const others = (status?.instances ?? []).filter((each) => each.id !== own && (each.state === "alive" || each.state === "asleep")).map((each) => each.id);
    if (this.#wanted) {
      // Two that saw a free role at the same time: one of them goes on.
      const givesWay = performance.now() - this.#since < SETTLING_MS && others.some((id) => id.startsWith(`${this.role}@`) && id < own);
      if (givesWay) this.stop();
      else return;
    }
    this.#free = others.length > 0 ? 0 : this.#free + 1;
    if (others.length > 0) this.#patience = 2; // whoever only loads the page again is back by then
    if (others.length > 0) this.#elsewhere(others);
    else if (this.#free >= this.#patience) this.play();
  }

  /** Play its role here. @param {boolean} [firmly] also where somebody else does */
  async play(firmly = false) {
    if (this.#wanted) return;
    this.#wanted = true;
    this.#since = firmly ? -Infinity : performance.now();
    const number = ++this.#starting;
    try {
      const [{ mount }, connection] = await Promise.all([load("devices/host.js"), this.#around.connected()]);
      if (number !== this.#starting) return; // stopped meanwhile
      const place = this.#renew("playing");
      const device = await mount(this.kind, this.role, place, { connection, id: ownId(this.role), options: recall(this.role, this.kind) });
      if (number !== this.#starting) return device.stop();
      this.#device = device;
    } catch (error) {
      if (number !== this.#starting) return;
      this.stop();
      const again = element("button", { type: "button", click: () => this.play(firmly) }, "Try again");
      this.#say("It could not be started.", "failed", again);
      toast(`${this.role} could not be started: ${/** @type {Error} */ (error).message}`, "bad");
      this.#free = -Infinity; // not by itself
    }
  }

  /** Play it no longer; what it was set to is kept. */
  stop() {
    this.keep();
    this.#starting++;
    this.#device?.stop();
    this.#device = null;
    if (this.#wanted) this.#say("Looking whether somebody plays it…", "waiting");
    this.#wanted = false;
    this.#free = 0;
  }

  /** Keep what it is set to, for when it is played again. */
  keep() {
    if (this.#device) remember(this.role, this.kind, this.#device.memory());
  }

  /** @param {string[]} others */
  #elsewhere(others) {
    const isHere = others.every((id) => id === shelfId(this.role));
    const text = isHere ? "Played by a device of this page, below the graph." : `Played elsewhere: ${others.join(", ")}`;
    if (this.#body.dataset.said === text) return;
    this.#say(text, "elsewhere", element("button", { type: "button", click: () => this.play(true) }, "Play here too"));
  }

  /** @param {string} text @param {string} state @param {Node | null} [button] */
  #say(text, state, button = null) {
    const place = this.#renew(state);
    place.dataset.said = text;
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

/** With which this tab plays a role: others may play it too. @param {string} role */
export const ownId = (role) => `${role}@${kept.client}`;
