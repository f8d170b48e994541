// @ts-check
// The extent of a graph: its nodes, and all that is drawn beside them. Pure.

import { around, bounds } from "./geometry.js";
import { groupText, isFar } from "./level_of_detail.js";

const EXPORT_GAP = 8; // between a port and the name under which it is exported
const EXPORT_MORE = 16; // of such a name, beside its text

/** @import { Box, Measure } from "./geometry.js" */
/** @import { NodeView, PortView } from "./model.js" */

/**
 * The box around some nodes, the edges between them, their groups, and the names of exported ports.
 * @param {import("./stage.js").Stage} stage @param {Set<string>} ids @param {number} k zoom at which it will be seen
 * @returns {Box | null}
 */
export function extentOf({ boxes, picture, edges, groups, measure }, ids, k) {
  const found = [...ids].flatMap((id) => boxes.get(id) ?? []);
  for (const { key, src, tgt } of picture.edges.values()) {
    const line = ids.has(src.node) && ids.has(tgt.node) && edges.lineOf(key);
    if (line) found.push(bounds(line));
  }
  for (const { name, nodes } of picture.groups) {
    if (nodes.length && nodes.every((id) => ids.has(id))) found.push(...groups.extent(name, groupText(k), measure));
  }
  if (!isFar(k)) for (const id of ids) found.push(...exportsOf(picture.nodes.get(id), boxes.get(id), measure));
  return around(found);
}

/** @param {NodeView | undefined} node @param {Box | undefined} box @param {Measure} measure @returns {Box[]} */
function exportsOf(node, box, measure) {
  if (!node || !box) return [];
  const width = (/** @type {PortView} */ { exported }) => EXPORT_GAP + EXPORT_MORE + measure(exported.join(", "), 10);
  const wide = (/** @type {PortView[]} */ ports) => Math.max(0, ...ports.filter(({ exported }) => exported.length).map(width));
  const [left, right] = [wide(node.inports), wide(node.outports)];
  return [{ ...box, x: box.x - left, width: left + box.width + right }];
}

/**
 * Those of some boxes that can be shown together: all, or as many as fit around the one in their middle.
 * @param {[id: string, box: Box][]} boxes @param {{width: number, height: number}} space
 * @returns {Set<string>}
 */
export function shownTogether(boxes, space) {
  const fits = (/** @type {Box | null} */ box) => box !== null && box.width <= space.width && box.height <= space.height;
  if (fits(around(boxes.map(([, box]) => box)))) return new Set(boxes.map(([id]) => id));
  const median = (/** @type {number[]} */ values) => values.sort((one, other) => one - other)[values.length >> 1];
  const nearest = (/** @type {{x: number, y: number}} */ to) => {
    const far = (/** @type {Box} */ { x, y }) => Math.max(Math.abs(x - to.x) / space.width, Math.abs(y - to.y) / space.height);
    return [...boxes].sort(([, one], [, other]) => far(one) - far(other));
  };
  const middle = nearest({ x: median(boxes.map(([, { x }]) => x)), y: median(boxes.map(([, { y }]) => y)) });
  const found = new Set();
  let all = null;
  for (const [id, box] of middle.length ? nearest(middle[0][1]) : []) {
    const grown = around(all ? [all, box] : [box]);
    if (all && !fits(grown)) continue;
    all = grown;
    found.add(id);
  }
  return found;
}
