// @ts-check
// Where instruments stand on the grid of a dashboard, in cells. Pure.

/** @typedef {{x: number, y: number, w: number, h: number}} Box */

export const COLUMNS = 12;
const MOST_ROWS = 500; // to scroll through
const TALLEST = 24;

/** @param {unknown} value @param {number} least @param {number} most @param {number} fallback where it is no number */
const whole = (value, least, most, fallback) =>
  typeof value === "number" && Number.isFinite(value) ? Math.min(most, Math.max(least, Math.round(value))) : fallback;

/** A box within the grid. @param {{x?: unknown, y?: unknown, w?: unknown, h?: unknown}} box from anybody @param {{w: number, h: number}} [size] where it has none @returns {Box} */
export function within(box, size = { w: 2, h: 2 }) {
  const w = whole(box.w, 1, COLUMNS, size.w);
  const h = whole(box.h, 1, TALLEST, size.h);
  return { x: whole(box.x, 0, COLUMNS - w, 0), y: whole(box.y, 0, MOST_ROWS, 0), w, h };
}

/** A box that was resized: no larger than the grid, in its place. @param {Box} box @returns {Box} */
export const sized = (box) => within({ ...box, w: Math.min(box.w, COLUMNS - box.x) });

/** @param {Box} one @param {Box} other */
export const overlap = (one, other) =>
  one.x < other.x + other.w && other.x < one.x + one.w && one.y < other.y + other.h && other.y < one.y + one.h;

/** @param {Box} one @param {Box} other */
export const same = (one, other) => one.x === other.x && one.y === other.y && one.w === other.w && one.h === other.h;

/** From above to below, and from left to right. @param {[string, Box]} one @param {[string, Box]} other */
const reading = ([a, one], [b, other]) => one.y - other.y || one.x - other.x || (a < b ? -1 : 1);

/**
 * Move boxes down until none overlaps another, in reading order.
 * @param {Iterable<[string, Box]>} boxes by their ids @param {string | null} [first] the one that stays where it is
 * @returns {Map<string, Box>} in reading order
 */
export function settle(boxes, first = null) {
  const sorted = [...boxes].sort((one, other) => Number(other[0] === first) - Number(one[0] === first) || reading(one, other));
  /** @type {[string, Box][]} */
  const settled = [];
  for (const [id, box] of sorted) {
    let { y } = box;
    for (;;) {
      const over = settled.find(([, other]) => overlap({ ...box, y }, other));
      if (!over) break;
      y = over[1].y + over[1].h;
    }
    settled.push([id, { ...box, y }]);
  }
  return new Map(settled.sort(reading));
}

/** The first free place for a new one, in reading order. @param {Iterable<Box>} boxes @param {{w: number, h: number}} size @returns {Box} */
export function freeBox(boxes, { w, h }) {
  const others = [...boxes];
  for (let y = 0; ; y++) {
    for (let x = 0; x + w <= COLUMNS; x++) {
      const box = { x, y, w, h };
      if (!others.some((other) => overlap(box, other))) return box;
    }
  }
}
