// @ts-check
// A context menu.

import { element } from "./dom.js";

/** @typedef {{label: string, key?: string, action: () => void, off?: boolean, readOnly?: boolean}} Item  `readOnly`: it changes nothing */

/**
 * Show a menu; its keys are those of menus everywhere.
 * @param {Item[]} items @param {{x: number, y: number}} at of the window @param {() => void} back gives the focus back
 */
export function openMenu(items, at, back) {
  document.querySelector(".menu")?.remove();
  const close = (/** @type {boolean} */ returns) => {
    removeEventListener("pointerdown", outside, true);
    menu.remove();
    if (returns) back();
  };
  const outside = (/** @type {Event} */ event) => !menu.contains(/** @type {Node} */ (event.target)) && close(false);
  const buttons = items.map(({ label, key, action, off = false }) =>
    element("button", { type: "button", role: "menuitem", tabIndex: -1, disabled: off, click: () => (close(true), action()) },
      element("span", {}, label), key ? element("kbd", {}, key) : null));
  const menu = element("div", { className: "menu", role: "menu", "aria-label": "What to do", keydown: (/** @type {KeyboardEvent} */ event) => walk(event, buttons, close) }, ...buttons);
  menu.addEventListener("contextmenu", (/** @type {Event} */ event) => event.preventDefault());
  document.body.append(menu);
  menu.style.left = `${Math.max(4, Math.min(at.x, innerWidth - menu.offsetWidth - 8))}px`;
  menu.style.top = `${Math.max(4, Math.min(at.y, innerHeight - menu.offsetHeight - 8))}px`;
  addEventListener("pointerdown", outside, true);
  buttons.find((button) => !button.disabled)?.focus();
}

/** @param {KeyboardEvent} event @param {HTMLButtonElement[]} buttons @param {(returns: boolean) => void} close */
function walk(event, buttons, close) {
  const usable = buttons.filter((button) => !button.disabled);
  const at = usable.indexOf(/** @type {HTMLButtonElement} */ (document.activeElement));
  const to = new Map([["ArrowDown", at + 1], ["ArrowUp", at - 1], ["Home", 0], ["End", usable.length - 1]]).get(event.key);
  if (event.key === "Escape" || event.key === "Tab") close(true);
  else if (to !== undefined) usable[(to + usable.length) % usable.length]?.focus();
  else return;
  event.preventDefault();
  event.stopPropagation();
}
