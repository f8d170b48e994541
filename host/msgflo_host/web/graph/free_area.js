// @ts-check
// The area of the picture that no panel covers.

/** @import { Box } from "./geometry.js" */

/**
 * The largest part of an element beside, above or below the panels over it, in pixels from its corner.
 * @param {HTMLElement} of @param {Iterable<Element>} panels
 * @returns {Box}
 */
export function freeArea(of, panels) {
  const whole = of.getBoundingClientRect();
  let free = { x: 0, y: 0, width: whole.width, height: whole.height };
  for (const panel of panels) {
    const rect = panel.getBoundingClientRect();
    if (rect.width) free = without(free, { x: rect.x - whole.x, y: rect.y - whole.y, width: rect.width, height: rect.height });
  }
  return free;
}

/** @param {Box} box @param {Box} cover @returns {Box} */
function without(box, cover) {
  const [left, right] = [cover.x - box.x, box.x + box.width - cover.x - cover.width];
  const [above, below] = [cover.y - box.y, box.y + box.height - cover.y - cover.height];
  if (left >= box.width || right >= box.width || above >= box.height || below >= box.height) return box;
  const parts = [
    { ...box, width: left },
    { ...box, x: box.x + box.width - right, width: right },
    { ...box, height: above },
    { ...box, y: box.y + box.height - below, height: below },
  ];
  return parts.reduce((best, each) => (area(each) > area(best) ? each : best));
}

/** @param {Box} box */
const area = ({ width, height }) => Math.max(0, width) * Math.max(0, height);
