// @ts-check
// Inputs for the values that a virtual board measures: sliders with fields, choices, a button that is held.

import { element } from "../core/dom.js";

/**
 * @typedef {{id: string, type: "number" | "boolean" | "string" | "array", description: string, unit?: string, low?: number, high?: number, allowed?: string[]}} Value
 * @typedef {import("./api.js").ValueOf} ValueOf
 * @typedef {{element: HTMLElement, update: (value: ValueOf) => void}} Input
 */
/**
 * @template {ValueOf} [T=ValueOf]
 * @typedef {(value: T) => void} Set
 */

// The least time between two changes. The board takes shorter ones for a contact that bounces, and a slow connection may
// bring a press and its release together.
const PRESSED_MS = 150;
const RELEASED_MS = 50;

/**
 * Send one value at a time, and of those that come in between only the last: a slider that is dragged sends hundreds.
 * @template {ValueOf} T
 * @param {(value: T) => Promise<unknown>} send @param {(error: Error) => void} failed @returns {Set<T>}
 */
export function lastOf(send, failed) {
  let busy = false;
  /** @type {T[]} */
  let waiting = []; // one at most
  const next = async (/** @type {T} */ value) => {
    busy = true;
    try {
      await send(value);
    } catch (error) {
      failed(/** @type {Error} */ (error));
    }
    busy = false;
    for (const later of waiting.splice(0)) next(later);
  };
  return (value) => {
    if (busy) waiting = [value];
    else next(value);
  };
}

/** A scale on which light is as we see it: ten times more is one step more. */
const LOGARITHMIC = { of: (/** @type {number} */ x) => Math.log10(x + 1), back: (/** @type {number} */ x) => 10 ** x - 1 };
const LINEAR = { of: (/** @type {number} */ x) => x, back: (/** @type {number} */ x) => x };

/** @param {string} role @param {Value} value @param {number} now @param {Set} set @returns {Input} */
export function numberInput(role, value, now, set) {
  const low = value.low ?? 0;
  // A board's battery has a few volts, though a divider would let more be measured.
  const high = value.id === "volts" ? Math.max(5, Math.ceil(now * 1.5)) : (value.high ?? 100);
  const scale = high - low > 10_000 ? LOGARITHMIC : LINEAR;
  const step = stepOf(scale.of(high) - scale.of(low));
  const label = `${role}: ${value.id}`;
  const unit = value.unit ?? "";
  const range = element("input", {
    type: "range", min: scale.of(low), max: scale.of(high), step, "aria-label": label,
    input: () => give(round(scale.back(Number(range.value)), scale === LINEAR ? step : 1)),
  });
  const field = element("input", {
    type: "number", min: low, max: value.high ?? high, step: "any", "aria-label": `${label}${unit && `, ${unit}`}`,
    change: () => field.validity.valid && field.value !== "" && give(Number(field.value)),
  });
  const show = (/** @type {number} */ shown) => {
    range.value = String(scale.of(shown));
    range.setAttribute("aria-valuetext", `${shown} ${unit}`.trim());
    if (document.activeElement !== field) field.value = String(shown);
  };
  const give = (/** @type {number} */ given) => {
    show(given);
    set(given);
  };
  show(now);
  const name = element("span", { className: "board-name", title: value.description }, value.id);
  return {
    element: element("div", { className: "board-number" }, name, range, element("span", { className: "board-field" }, field, unit)),
    // Not while somebody drags it: the values that come are older.
    update: (given) => typeof given === "number" && !range.matches(":active") && show(round(given, 1e-3)),
  };
}

/** @param {string} role @param {Value} value @param {ValueOf} now @param {Set} set @returns {Input} */
export function choiceInput(role, value, now, set) {
  const options = (value.allowed ?? []).map((each) => element("option", { value: each }, each));
  const select = element("select", { "aria-label": `${role}: ${value.id}`, change: () => set(select.value) }, ...options);
  select.value = String(now);
  const name = element("span", { className: "board-name", title: value.description }, value.id);
  return {
    element: element("div", { className: "board-choice" }, name, select),
    update: (given) => document.activeElement !== select && (select.value = String(given)),
  };
}

/** @param {string} role @param {Value} value @param {ValueOf} now @param {Set} set @returns {Input} */
export function switchInput(role, value, now, set) {
  const box = element("input", { type: "checkbox", checked: now === true, change: () => set(box.checked) });
  const label = element("label", { className: "board-switch", title: value.description }, box, value.id);
  box.setAttribute("aria-label", `${role}: ${value.id}`);
  return { element: label, update: (given) => (box.checked = given === true) };
}

/**
 * A button that is pressed while it is held, by a pointer, by Space or Enter. Activating it presses it for a moment.
 * @param {HTMLElement} button @param {(pressed: boolean) => Promise<unknown>} hold resolves when the board has it @param {() => void} tap
 */
export function held(button, hold, tap) {
  let down = false;
  let done = Promise.resolve();
  const change = (/** @type {boolean} */ pressed) => {
    if (down === pressed) return;
    down = pressed;
    done = done.then(async () => {
      await hold(pressed);
      await new Promise((resolve) => setTimeout(resolve, pressed ? PRESSED_MS : RELEASED_MS));
    });
  };
  button.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    button.setPointerCapture(event.pointerId);
    change(true);
  });
  for (const type of ["pointerup", "pointercancel", "lostpointercapture", "blur"]) button.addEventListener(type, () => change(false));
  button.addEventListener("keydown", (event) => {
    if (event.key !== " " && event.key !== "Enter") return;
    event.preventDefault();
    if (!event.repeat) change(true);
  });
  button.addEventListener("keyup", (event) => (event.key === " " || event.key === "Enter") && change(false));
  button.addEventListener("contextmenu", (event) => event.preventDefault()); // of a long touch
  // After a pointer's press nothing is left to do; a screen reader or voice control clicks without one.
  button.addEventListener("click", (event) => event.detail === 0 && /** @type {PointerEvent} */ (event).pointerType !== "touch" && tap());
}

/** @param {number} span */
const stepOf = (span) => (span <= 10 ? 0.01 : span <= 200 ? 0.1 : 1);

/** @param {number} value @param {number} step */
const round = (value, step) => Number((Math.round(value / step) * step).toFixed(3));
