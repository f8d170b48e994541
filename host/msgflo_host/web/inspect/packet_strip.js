// @ts-check
// The times of packets: a stroke for each, whose height is the size.

import { element } from "../core/dom.js";
import { svg } from "../core/svg.js";
import { numberText } from "../core/text.js";
import { timeText } from "./value_text.js";

const [WIDTH, HEIGHT] = [1000, 40];

/** @returns {{element: HTMLElement, draw: (packets: {at: number, size: number}[]) => void}} */
export function makeStrip() {
  const path = svg("path", { "vector-effect": "non-scaling-stroke" });
  const picture = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", "aria-hidden": "true" }, path); // the list has the same
  const [from, to] = [element("span"), element("span")];
  const made = element("div", { className: "inspect-strip", hidden: true }, picture, element("p", { className: "hint" }, from, to));
  return {
    element: made,
    draw(packets) {
      made.hidden = packets.length < 2;
      if (made.hidden) return;
      const [first, last] = [packets[0].at, /** @type {{at: number}} */ (packets.at(-1)).at];
      path.setAttribute("d", strokes(packets, first, Math.max(1, last - first)));
      from.textContent = timeText(first);
      to.textContent = `${timeText(last)} (${numberText((last - first) / 1000)} s)`;
    },
  };
}

/** @param {{at: number, size: number}[]} packets @param {number} first @param {number} span */
function strokes(packets, first, span) {
  const largest = Math.max(...packets.map(({ size }) => size), 1);
  return packets.map(({ at, size }) => {
    const x = (((at - first) / span) * (WIDTH - 2) + 1).toFixed(1);
    const height = HEIGHT * (0.3 + (0.7 * size) / largest);
    return `M${x} ${HEIGHT}V${(HEIGHT - height).toFixed(1)}`;
  }).join("");
}
