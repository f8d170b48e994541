// @ts-check
// The pins that a board drives, or has a meaning for; read when their list is open.

import { element } from "../core/dom.js";

/**
 * @typedef {{pin: number | string, mode?: string, level: number | null, duty?: number | null, pwm?: {freq: number, duty: number} | null}} Pin
 * @param {string} board @param {(number | string)[]} names @param {(name: number | string) => Promise<Pin>} ask
 * @returns {{element: HTMLElement, show: (pin: Pin) => void}}
 */
export function makePins(board, names, ask) {
  const cells = new Map(names.map((name) => [name, element("li", { className: "board-pin", hidden: true })]));
  const list = element("ul", { "aria-label": `Pins of ${board}` }, ...cells.values());
  const made = element("details", { className: "board-pins", toggle: () => made.open && read() }, element("summary", {}, "Pins it drives"), list);
  const show = (/** @type {Pin} */ pin) => {
    const cell = cells.get(pin.pin);
    if (cell === undefined) return;
    const duty = pin.duty ?? pin.pwm?.duty ?? null;
    // Events come of outputs only: one without a level is an output no longer.
    const drives = pin.level !== null && pin.mode !== "in";
    cell.hidden = !drives;
    cell.classList.toggle("high", drives && (duty ?? pin.level ?? 0) > 0);
    const value = duty !== null && duty > 0 && duty < 1 ? `${Math.round(100 * duty)} %` : pin.level === 1 ? "high" : "low";
    cell.replaceChildren(element("code", {}, String(pin.pin)), ` ${value}`);
  };
  const read = () => {
    for (const name of names) ask(name).then(show, () => {}); // a board that ends does not answer
  };
  return { element: made, show: (pin) => made.open && show(pin) };
}
