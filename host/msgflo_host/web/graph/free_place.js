// @ts-check
// Free places for new nodes: beside the nodes that they are connected with.

import { around, overlap } from "./geometry.js";

const GAP = 24;
const BESIDE = 72;
const STEP = 40;
const MOST_RINGS = 150;

/** @import { Box, Point } from "./geometry.js" */
/** @import { Item, Link } from "./layers.js" */

/** The free place nearest to where a box would best be. @param {Box} box @param {Box[]} others @returns {Point} */
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

/** Steps of the same distance in all directions, the nearest first. @param {number} ring @returns {[dx: number, dy: number][]} */
function ringOf(ring) {
  if (ring === 0) return [[0, 0]];
  /** @type {[number, number][]} */
  const steps = [];
  for (let along = -ring; along <= ring; along++) steps.push([along, ring], [ring, along], [along, -ring], [-ring, along]);
  return steps.sort((one, other) => Math.hypot(...one) - Math.hypot(...other));
}

/**
 * Places beside nodes that have one: right of what a node gets packets from, or left of what gets its packets; for those that
 * are joined with nothing in rows below all, of about the desired form.
 * @param {Item[]} items without a place
 * @param {Map<string, Box>} boxes of those with one; the new ones are added
 * @param {Link[]} links
 * @param {number} [aspect] width by height
 * @returns {Map<string, Point>}
 */
export function placeBeside(items, boxes, links, aspect = 1.6) {
  const found = new Map();
  const linked = new Set(links.flatMap(({ src, tgt }) => [src, tgt]));
  for (const item of items) {
    const { id, width, height } = item;
    const place = freePlace({ width, height, ...best(item, boxes, links, linked, aspect) }, [...boxes.values()]);
    found.set(id, place);
    boxes.set(id, { ...place, width, height });
  }
  return found;
}

/**
 * Where a node would best be.
 * @param {Item} item @param {Map<string, Box>} boxes @param {Link[]} links @param {Set<string>} linked @param {number} aspect @returns {Point}
 */
function best(item, boxes, links, linked, aspect) {
  for (const { src, tgt } of links) {
    const [from, to] = [boxes.get(src), boxes.get(tgt)];
    if (tgt === item.id && from) return { x: from.x + from.width + BESIDE, y: from.y };
    if (src === item.id && to) return { x: to.x - item.width - BESIDE, y: to.y };
  }
  const single = [...boxes].filter(([id]) => !linked.has(id)).map(([, box]) => box);
  return inRows(item, single, [...boxes.values()], aspect);
}

/**
 * The first place right of one that stands alone, as long as that makes the picture no wider than desired; else below all.
 * @param {Item} item @param {Box[]} single @param {Box[]} all @param {number} aspect @returns {Point}
 */
function inRows(item, single, all, aspect) {
  const whole = around(all);
  if (!whole) return { x: 0, y: 0 };
  const right = whole.x + Math.max(whole.width, whole.height * aspect);
  for (const one of single.sort((each, other) => each.y - other.y || each.x - other.x)) {
    const tried = { ...item, x: one.x + one.width + GAP, y: one.y };
    if (tried.x + item.width <= right && !all.some((other) => overlap(tried, other, GAP - 1))) return { x: tried.x, y: tried.y };
  }
  return { x: whole.x, y: whole.y + whole.height + GAP };
}
