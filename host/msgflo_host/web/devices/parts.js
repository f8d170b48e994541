// @ts-check
/** Parts that several devices have in common. */
import { element } from "../core/dom.js";
import { svg } from "../core/svg.js";
import { turnable } from "../core/turn.js";

/**
 * @import { Participant, Port } from "./kinds.js"
 * @typedef {[id: string, value: number, low: number, high: number, description: string]} Setting  `value` at the start
 * @typedef {(port: string, value: unknown) => boolean} Take  whether a packet was one for it
 */

/** The outport for errors of packets, as that of devices on boards. */
export const ERROR = { id: "error", type: "object", description: "What went wrong" };

/** Send what is wrong with a packet. @param {Participant} participant @param {string} message @param {string | null} [port] an inport */
export const fail = (participant, message, port = null) => participant.send("error", { message, port });

/** Settings: each is an inport that takes a number within bounds; the outport `settings` sends all. @param {Setting[]} settings @returns {Port[]} */
export const settingPorts = (settings) =>
  settings.map(([id, , low, high, description]) => ({
    id, type: "number", description, schema: { minimum: low, maximum: high },
  })); // prettier-ignore

export const SETTINGS = { id: "settings", type: "object", description: "All settings that apply", state: true };

/**
 * The settings of a device that has started: their values in `config`, and `take`, which is offered each packet.
 * @param {Participant} participant @param {Setting[]} settings @param {(id: string) => void} [changed]
 */
export function startSettings(participant, settings, changed = () => {}) {
  /** @type {Record<string, number>} */
  const config = Object.fromEntries(settings.map(([id, value]) => [id, value]));
  /** @type {Take} */
  const take = (port, value) => {
    const setting = settings.find(([id]) => id === port);
    if (!setting) return false;
    const [, , low, high] = setting;
    if (typeof value !== "number" || !(low <= value && value <= high)) {
      fail(participant, `${port}: a number from ${low} to ${high} is needed`, port);
      return true;
    }
    config[port] = value;
    participant.send("settings", config);
    changed(port);
    return true;
  };
  participant.send("settings", config);
  return { config, take };
}

/**
 * Whether a packet to `on` or `toggle` switches something, and to what; null where it does not.
 * @param {Participant} participant @param {string} port @param {unknown} value @param {boolean} on whether it is now
 */
export function switched(participant, port, value, on) {
  if (port === "toggle") return !on;
  if (port !== "on") return null;
  if (typeof value === "boolean") return value;
  fail(participant, "on: true or false is needed", "on");
  return null;
}

/** The inports of what can be switched. */
export const SWITCH = [
  { id: "on", type: "boolean" },
  { id: "toggle", type: "any", description: "Anything" },
];

let count = 0;

/** An id that no other element has. @param {string} prefix */
export const freshId = (prefix) => `${prefix}-${++count}`;

/**
 * A labelled slider; `value` can be read and set, `oninput(value)` is called when somebody moves it.
 * @typedef {{label: string, unit?: string, min: number, max: number, step?: number, value: number}} Range
 * @param {Range & {oninput?: (value: number) => void}} range
 */
export function slider({ label, unit = "", min, max, step = 1, value, oninput }) {
  const id = freshId("slider");
  const digits = (String(step).split(".")[1] ?? "").length;
  const text = (/** @type {number} */ number) => `${number.toFixed(digits)}${unit && ` ${unit}`}`;
  // A screen reader reads the value with the slider; drift is not announced.
  const output = element("output", { for: id, className: "device-reading", "aria-live": "off" });
  const input = element("input", { type: "range", id, min, max, step, input: () => change(Number(input.value)) });
  const made = element("div", { className: "device-slider" }, element("label", { for: id }, label), output, input);
  const show = (/** @type {number} */ number) => {
    output.textContent = text(number);
    input.setAttribute("aria-valuetext", text(number));
  };
  const change = (/** @type {number} */ number) => {
    show(number);
    oninput?.(number);
  };
  input.value = String(value);
  show(Number(input.value));
  return {
    element: made,
    get value() {
      return Number(input.value);
    },
    set value(number) {
      input.value = String(Math.min(max, Math.max(min, number)));
      show(Number(input.value));
    },
  };
}

/** A labelled check box. @param {string} label @param {boolean} checked @param {(checked: boolean) => void} onchange */
export function check(label, checked, onchange) {
  const input = element("input", { type: "checkbox", checked, change: () => onchange(input.checked) });
  return element("label", { className: "device-check" }, input, label);
}

/** A dial that shows the position of a slider (0 to 1), and can be dragged. Screen readers have the slider. */
export function gauge() {
  const arc = (/** @type {string} */ name) => svg("path", { d: "M 20 80 A 42 42 0 1 1 80 80", pathLength: 100, class: name });
  const filled = arc("gauge-filled");
  const needle = svg("line", { x1: 50, y1: 51, x2: 50, y2: 22, class: "gauge-needle" });
  const made = svg("svg", { viewBox: "0 0 100 88", class: "device-picture", "aria-hidden": "true" },
    arc("gauge-way"), filled, needle, svg("circle", { cx: 50, cy: 51, r: 5, class: "gauge-hub" })); // prettier-ignore
  const show = (/** @type {number} */ part) => {
    filled.style.strokeDasharray = `${Math.max(0, Math.min(1, part)) * 100} 200`;
    needle.style.transform = `rotate(${(part - 0.5) * 267}deg)`;
  };
  /** Let it move a slider between `min` and `max`. @param {{value: number}} slider @param {number} min @param {number} max @param {(value: number) => void} moved */
  const turns = (slider, min, max, moved) =>
    turnable(made, () => (slider.value - min) / (max - min), (part) => {
      slider.value = min + part * (max - min);
      moved(slider.value);
    }); // prettier-ignore
  return { element: made, show, turns };
}

/** Throttle a function: it is called at once, and once more at the end of several calls. @param {number} milliseconds @param {() => void} call */
export function throttle(milliseconds, call) {
  let timer = 0;
  let again = false;
  const run = () => {
    call();
    again = false;
    timer = setTimeout(() => {
      timer = 0;
      if (again) run();
    }, milliseconds);
  };
  const ask = () => {
    if (timer) again = true;
    else run();
  };
  return Object.assign(ask, { stop: () => clearTimeout(timer) });
}

/** A step of a random walk about a middle. @param {number} value @param {number} middle @param {number} stride */
export const wander = (value, middle, stride) => value + (Math.random() - 0.5) * stride + (middle - value) * 0.05;
