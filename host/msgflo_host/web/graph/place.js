// @ts-check
// Places for nodes that come later: beside what they are joined with, and where nothing is yet.

import { around, overlap } from "./geometry.js";

const GAP = 24;
const BESIDE = 72;
const STEP = 40;
const MOST_RINGS = 150;

/** @typedef {import("./geometry.js").Box} Box */
/** @typedef {import("./geometry.js").Point} Point */

/**
 * The free place nearest to where a box is wanted.
 * @param {Box} box
 * @param {Box[]} others
 * @returns {Point}
 */
export function freePlace(box, others) {
  for (let ring = 0; ring < MOST_RINGS; ring++) {
    for (const [dx, dy] of ringOf(ring)) {
      const tried = { ...box, x: box.x + dx * STEP, y: box.y + dy * STEP };
      if (!others.some((other) => overlap(tried, other, GAP))) return { x: tried.x, y: tried.y };
    }
  }
  const whole = around(others);
  return { x: box.x, y: whole ? whole.y + whole.height + GAP : box.y };
}

/** Steps of the same distance in all directions, the nearest first. */
function ringOf(ring) {
  if (ring === 0) return [[0, 0]];
  const steps = [];
  for (let along = -ring; along <= ring; along++) steps.push([along, ring], [ring, along], [along, -ring], [-ring, along]);
  return steps.sort((one, other) => Math.hypot(...one) - Math.hypot(...other));
}

/**
 * Places beside nodes that have one: right of what a node gets packets from, or left of what gets its packets.
 * @param {{id: string, width: number, height: number}[]} items without a place
 * @param {Map<string, Box>} boxes of those with one; the new ones are added
 * @param {{src: string, tgt: string}[]} links
 * @returns {Map<string, Point>}
 */
export function placeBeside(items, boxes, links) {
  const found = new Map();
  for (const { id, width, height } of items) {
    const wanted = { width, height, ...wish({ id, width, height }, boxes, links) };
    const place = freePlace(wanted, [...boxes.values()]);
    found.set(id, place);
    boxes.set(id, { ...place, width, height });
  }
  return found;
}

function wish(item, boxes, links) {
  for (const { src, tgt } of links) {
    const [from, to] = [boxes.get(src), boxes.get(tgt)];
    if (tgt === item.id && from) return { x: from.x + from.width + BESIDE, y: from.y };
    if (src === item.id && to) return { x: to.x - item.width - BESIDE, y: to.y };
  }
  const whole = around(boxes.values());
  return whole ? { x: whole.x, y: whole.y + whole.height + GAP } : { x: 0, y: 0 };
}
