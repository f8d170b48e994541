// @ts-check
// A virtual board that runs: its devices, its Wi-Fi and power, its pins and its log.

import { element, toast } from "../core/dom.js";
import { emit } from "../core/registry.js";
import { Control, Ended } from "./api.js";
import { makeLog } from "./log.js";
import { makePins } from "./pins.js";
import { makeDevice } from "./board_devices.js";

const REFRESH_MS = 3000; // for changes by others: a board sends no events of these
const STATES = { running: "runs", asleep: "sleeps", off: "is switched off" };

export class Card {
  #context;
  #board;
  #control;
  #devices = /** @type {Map<string, ReturnType<typeof makeDevice>>} */ (new Map());
  #state = element("span", { className: "board-state", role: "status" });
  #bench = element("div", { className: "board-bench" });
  #log = makeLog();
  /** @type {ReturnType<typeof makePins> | null} */
  #pins = null;
  /** @type {import("./api.js").Condition} */
  #now = {};
  #timer = 0;
  #power;
  #wifi;

  /**
   * @param {import("../core/registry.js").Context} context @param {import("./api.js").Board} board
   * @param {{stop: () => void, closed: () => void}} options `closed` is called when the connection to the board ends
   */
  constructor(context, board, { stop, closed }) {
    this.#context = context;
    this.#board = board;
    const name = board.board;
    const press = (/** @type {string} */ text, /** @type {() => void} */ click) =>
      element("button", { type: "button", "aria-label": `${text}: ${name}`, click }, text);
    this.#power = press("Power off", () => this.#ask({ power: this.#now.state === "off" }));
    this.#wifi = press("Take Wi-Fi away", () => this.#ask({ wifi: this.#now.wifi !== true }));
    const wake = press("Wake", () => this.#ask({ wake: true }));
    wake.hidden = !board.sleeps;
    const tools = element("div", { className: "board-tools" }, press("Reset", () => this.#ask({ reset: true })), wake, this.#power, this.#wifi, press("Stop", stop));
    const title = element("h3", {}, name, element("small", {}, board.title ?? ""));
    /** @type {HTMLElement} */
    this.element = element("section", { className: "board-card", "aria-label": `Board ${name}`, "data-board": board.name },
      element("header", {}, title, this.#state, tools), this.#bench, this.#log.element);
    this.#control = new Control(board.name, context.fbp.secret);
    this.#listen(closed);
  }

  close() {
    clearInterval(this.#timer);
    for (const device of this.#devices.values()) device.stop();
    this.#control.close();
  }

  /** @param {() => void} closed */
  #listen(closed) {
    const control = this.#control;
    control.addEventListener("before", ({ detail: { lines } }) => this.#log.add(lines));
    control.addEventListener("log", ({ detail: { line } }) => this.#log.add([line]));
    control.addEventListener("device", ({ detail: { device, values } }) => this.#devices.get(device)?.update(values));
    control.addEventListener("pin", ({ detail }) => this.#pins?.show(detail));
    control.addEventListener("state", ({ detail: { state } }) => this.#show({ state }));
    control.addEventListener("open", () => this.#begin());
    control.addEventListener("close", () => {
      clearInterval(this.#timer);
      closed();
    });
  }

  async #begin() {
    try {
      const description = await this.#control.ask({ describe: true });
      this.#build(description);
      this.#show(await this.#control.ask({ watch: true }));
    } catch (error) {
      return failed(/** @type {Error} */ (error));
    }
    this.#timer = setInterval(() => document.visibilityState === "visible" && this.#refresh(), REFRESH_MS);
  }

  /** @param {{devices: import("./board_devices.js").Description[], pins: (number | string)[]}} description */
  #build({ devices, pins }) {
    const kinds = new Map(this.#board.devices.map(({ role, kind }) => [role, kind]));
    for (const each of devices) {
      const role = each.device;
      const ask = async (/** @type {import("./api.js").Values} */ values) => {
        const answer = await this.#control.ask({ device: role, ...values });
        this.#devices.get(role)?.update(answer.values);
      };
      this.#devices.set(role, makeDevice(each, kinds.get(role) ?? each.kind, ask, failed, () => this.#showNode(role)));
    }
    if (devices.length === 0) this.#bench.append(element("p", { className: "hint" }, "Nothing is wired to it."));
    this.#bench.append(...[...this.#devices.values()].map((device) => device.element));
    this.#pins = makePins(this.#board.board, pins, (pin) => this.#control.ask({ pin }));
    this.#bench.after(this.#pins.element);
  }

  /** @param {string} role */
  #showNode(role) {
    emit(this.#context.bus, "show-view", { view: "graph" });
    emit(this.#context.bus, "select", { kind: "node", ids: [role] });
  }

  async #refresh() {
    try {
      this.#show(await this.#control.ask({ get: true }));
    } catch {
      // it has ended: "close" comes
    }
  }

  /** @param {import("./api.js").Condition} changes */
  #show(changes) {
    Object.assign(this.#now, changes);
    for (const [role, values] of Object.entries(changes.devices ?? {})) this.#devices.get(role)?.update(values);
    const { state = "", wifi } = this.#now;
    const trouble = wifi === true ? "" : ", without Wi-Fi";
    const text = `${state && STATES[state]}${state === "running" ? trouble : ""}`;
    if (this.#state.textContent !== text) this.#state.textContent = text;
    this.element.dataset.state = state;
    this.#rename(this.#power, state === "off" ? "Power on" : "Power off");
    this.#rename(this.#wifi, wifi === true ? "Take Wi-Fi away" : "Give Wi-Fi back");
  }

  /** @param {HTMLElement} button @param {string} text */
  #rename(button, text) {
    if (button.textContent === text) return;
    button.textContent = text;
    button.setAttribute("aria-label", `${text}: ${this.#board.board}`);
  }

  /** @param {Record<string, unknown>} request */
  async #ask(request) {
    try {
      await this.#control.ask(request);
      await this.#refresh();
    } catch (error) {
      failed(/** @type {Error} */ (error));
    }
  }
}

/** @param {Error} error */
const failed = (error) => error instanceof Ended || toast(error.message, "bad");
