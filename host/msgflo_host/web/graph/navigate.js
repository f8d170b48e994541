// @ts-check
// Which node an arrow key leads to: left and right along edges, up and down to what stands there. Pure.

import { centre } from "./geometry.js";

/** @import { Box } from "./geometry.js" */
/** @typedef {"ArrowLeft" | "ArrowRight" | "ArrowUp" | "ArrowDown"} Arrow */
/** @typedef {(dx: number, dy: number) => boolean} IsMeant */

/**
 * @param {string} id where the focus is
 * @param {Arrow} arrow
 * @param {Map<string, Box>} boxes
 * @param {Iterable<{src: {node: string}, tgt: {node: string}}>} edges
 * @returns {string | null} null where nothing is in that direction
 */
export function neighbour(id, arrow, boxes, edges) {
  const from = boxes.get(id);
  if (!from) return null;
  /** @type {string[]} */
  const joined = [];
  for (const { src, tgt } of edges) {
    if (arrow === "ArrowRight" && src.node === id && tgt.node !== id) joined.push(tgt.node);
    if (arrow === "ArrowLeft" && tgt.node === id && src.node !== id) joined.push(src.node);
  }
  return nearest(from, joined, boxes, () => true)
    ?? nearest(from, [...boxes.keys()].filter((each) => each !== id), boxes, (dx, dy) => isTowards(arrow, dx, dy));
}

/** @param {Arrow} arrow @param {number} dx @param {number} dy */
function isTowards(arrow, dx, dy) {
  if (arrow === "ArrowLeft") return dx < 0 && Math.abs(dx) >= Math.abs(dy);
  if (arrow === "ArrowRight") return dx > 0 && Math.abs(dx) >= Math.abs(dy);
  if (arrow === "ArrowUp") return dy < 0 && Math.abs(dy) > Math.abs(dx) / 2;
  return dy > 0 && Math.abs(dy) > Math.abs(dx) / 2;
}

/** @param {Box} from @param {string[]} ids @param {Map<string, Box>} boxes @param {IsMeant} isMeant @returns {string | null} */
function nearest(from, ids, boxes, isMeant) {
  const at = centre(from);
  let best = null;
  let least = Infinity;
  for (const id of ids) {
    const box = boxes.get(id);
    if (!box) continue;
    const to = centre(box);
    const [dx, dy] = [to.x - at.x, to.y - at.y];
    const length = Math.hypot(dx, dy);
    if (isMeant(dx, dy) && length < least) [best, least] = [id, length];
  }
  return best;
}
