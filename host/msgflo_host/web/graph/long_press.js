// @ts-check
// The long press of a finger, which is a `contextmenu` in some browsers, but not in Safari on iOS.

const LONG_MS = 500;
const SLOP = 10; // pixels that a finger at rest may wander

/** Fields, which have a menu of the browser's own. */
export const FIELDS = "input, textarea, select";

/**
 * Call `pressed` when a finger alone has rested on an element, once for each press; not where the browser has sent a `contextmenu`.
 * @param {HTMLElement} on @param {(target: Element, at: {x: number, y: number}) => void} pressed
 */
export function longPress(on, pressed) {
  let timer = 0;
  let from = { x: 0, y: 0 };
  let isLong = false;
  const stop = () => clearTimeout(timer);
  const reached = () => {
    isLong = true;
    const target = document.elementFromPoint(from.x, from.y); // the element may be another one by now
    if (target && on.contains(target)) pressed(target, from);
  };
  on.addEventListener("pointerdown", (event) => {
    stop();
    isLong = false;
    const target = /** @type {Element} */ (event.target);
    if (event.pointerType !== "touch" || !event.isPrimary || target.closest(FIELDS)) return;
    from = { x: event.clientX, y: event.clientY };
    timer = setTimeout(reached, LONG_MS);
  });
  on.addEventListener("pointermove", (event) => Math.hypot(event.clientX - from.x, event.clientY - from.y) > SLOP && stop());
  for (const type of ["pointerup", "pointercancel"]) on.addEventListener(type, stop);
  on.addEventListener("contextmenu", (event) => {
    stop();
    if (isLong) swallow(event);
    else isLong = /** @type {PointerEvent} */ (event).pointerType === "touch";
  }, true);
}

/** @param {Event} event */
function swallow(event) {
  event.preventDefault();
  event.stopPropagation();
}
