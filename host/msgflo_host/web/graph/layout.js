// @ts-check
// An automatic layout: each joined part of the graph in layers from left to right, the parts packed beside each other.

import { around } from "./geometry.js";
import { NODE_GAP, acyclic, assign, ordered } from "./layers.js";

const LAYER_GAP = 60;
const WIDE_GAP = 110; // between layers of a small graph, for the values on its edges
const FEW = 30; // nodes
const PART_GAP = 44;
const GRID = 10;
const SHARES = [1, 0.85, 0.72, 0.62, 0.54, 0.47, 0.4, 0.34, 0.29, 0.25, 0.2]; // of the natural height
const FEW_SHARES = [1, 0.6, 0.36]; // where each try takes long
const MANY = 700; // nodes, and layers that edges pass
const WORTH = 0.97; // a less natural form must be that much better
const FOLD_WORTH = 0.7;
const SETTLINGS = 14;
const LONG = 2.5; // times wider than the desired form: such a part is folded into rows, unless it can be read in one
const READ = 1600; // pixels
const ROW_GAP = 60; // where the edges from one row to the next are
const MOST_CUT = 9; // edges that may lead on from the end of a row

/** @import { Item, Link, Place } from "./layers.js" */
/** @import { Box, Point } from "./geometry.js" */
/** @typedef {{boxes: (Item & Point)[], width: number, height: number}} Block */
/** @typedef {{items: Item[], links: Link[]}} Part */

/**
 * Places for all nodes, none of which overlaps another, in about the desired form.
 * @param {Item[]} items @param {Link[]} links @param {number} [aspect] width by height @returns {Map<string, Point>}
 */
export function layout(items, links, aspect = 1.6) {
  const parts = partsOf(items, links);
  const joined = parts.filter((part) => part.items.length > 1).map((part) => inLayers(part, aspect));
  const single = parts.filter((part) => part.items.length === 1).map(({ items: [item] }) => one(item));
  return pack(joined, single, aspect);
}

/** @param {Item} item @returns {Block} */
const one = (item) => ({ boxes: [{ ...item, x: 0, y: 0 }], width: item.width, height: item.height });

/** The connected parts of a graph. @param {Item[]} items @param {Link[]} links @returns {Part[]} */
function partsOf(items, links) {
  const parent = new Map(items.map((item) => [item.id, item.id]));
  const top = (/** @type {string} */ id) => {
    for (let above = parent.get(id); above !== undefined && above !== id; above = parent.get(id)) id = above;
    return id;
  };
  const known = links.filter(({ src, tgt }) => parent.has(src) && parent.has(tgt));
  for (const { src, tgt } of known) parent.set(top(src), top(tgt));
  /** @type {Map<string, Part>} */
  const parts = new Map();
  for (const item of items) {
    const key = top(item.id);
    const part = parts.get(key) ?? { items: [], links: [] };
    part.items.push(item);
    parts.set(key, part);
  }
  for (const link of known) parts.get(top(link.src))?.links.push(link);
  return [...parts.values()];
}

/** One part in layers, of the height that fits the desired form best. @param {Part} part @param {number} aspect @returns {Block} */
function inLayers(part, aspect) {
  const places = acyclic(part.items, part.links);
  const size = (/** @type {Block} */ block) => Math.max(block.width / aspect, block.height);
  const gap = part.items.length > FEW ? LAYER_GAP : WIDE_GAP;
  /** @type {Block | null} */
  let best = null;
  /** @type {Place[][]} */
  let chosen = [];
  let natural = Infinity;
  let shares = SHARES;
  for (let at = 0; at < shares.length; at++) {
    const share = shares[at];
    assign(places, natural * share);
    const layers = ordered(places);
    settle(layers);
    const block = toBlock(layers, gap);
    if (!best) {
      if (layers.flat().length > MANY) shares = FEW_SHARES;
      natural = Math.max(...layers.map(heightOf));
      const at = new Map(layers.flat().map((each) => [each.item, each.y]));
      for (const each of places) each.y = at.get(each.item) ?? 0;
    }
    if (!best || size(block) < size(best) * WORTH) [best, chosen] = [block, layers];
  }
  const found = /** @type {Block} */ (best);
  const isLong = found.width > Math.max(READ, LONG * aspect * found.height);
  return isLong ? folded(found, chosen, gap, size) : found;
}

/**
 * A long part in as many rows as fit the desired form best.
 * @param {Block} whole @param {Place[][]} layers @param {number} gap @param {(block: Block) => number} size
 */
function folded(whole, layers, gap, size) {
  let best = whole;
  for (let rows = 2; rows <= layers.length; rows++) {
    const block = inFolds(layers, whole.width / rows, gap);
    if (size(block) > size(best)) break;
    best = block;
  }
  return size(best) < size(whole) * FOLD_WORTH ? best : whole;
}

/** Layers in rows of about a width, one row below the other. @param {Place[][]} layers @param {number} width @param {number} gap @returns {Block} */
function inFolds(layers, width, gap) {
  /** @type {Place[][][]} */
  const rows = [[]];
  let used = 0;
  let leading = 0; // edges from the layer before
  for (const layer of layers) {
    const wide = widthOf(layer) + gap;
    if (used > 0 && used + wide / 2 > width && leading <= MOST_CUT) {
      rows.push([]);
      used = 0;
    }
    rows[rows.length - 1].push(layer);
    used += wide;
    leading = layer.reduce((sum, each) => sum + each.after.length, 0);
  }
  /** @type {(Item & Point)[]} */
  const boxes = [];
  let y = 0;
  for (const row of rows.filter((each) => each.some(widthOf)).map((each) => toBlock(each, gap))) {
    for (const box of row.boxes) boxes.push({ ...box, y: box.y + y });
    y += row.height + ROW_GAP;
  }
  return blockOf(boxes);
}

/** A block whose uppermost node is at its upper edge. @param {(Item & Point)[]} boxes @returns {Block} */
function blockOf(boxes) {
  const { y, width, height } = /** @type {Box} */ (around(boxes));
  for (const box of boxes) box.y -= y;
  return { boxes, width, height };
}

/** @param {Place[]} layer */
const heightOf = (layer) => layer.reduce((sum, each) => sum + each.height + gapOf(each), 0);
/** @param {Place[]} layer */
const widthOf = (layer) => Math.max(0, ...layer.map(({ item }) => item?.width ?? 0));
/** @param {Place} each */
const gapOf = (each) => (each.item ? NODE_GAP : 0);

/** Bring each place near the middle of its neighbours, in the order of its layer. @param {Place[][]} layers */
function settle(layers) {
  const most = Math.max(...layers.map(heightOf));
  for (const layer of layers) spread(layer, layer.map(() => 0), most);
  for (let turn = 0; turn < SETTLINGS; turn++) {
    const isLast = turn > SETTLINGS - 3;
    for (const layer of turn % 2 ? [...layers].reverse() : layers) {
      spread(layer, layer.map((each) => middleY(each, isLast ? [...each.before, ...each.after] : turn % 2 ? each.after : each.before)), most);
    }
  }
}

/** Where a place is in the middle of others. @param {Place} each @param {Place[]} others */
function middleY(each, others) {
  if (!others.length) return each.y;
  return others.reduce((sum, other) => sum + other.y + other.height / 2, 0) / others.length - each.height / 2;
}

/**
 * The places nearest to the desired ones (least squares) without overlaps: neighbours that would overlap move as one block.
 * @param {Place[]} layer @param {number[]} desired @param {number} most
 */
function spread(layer, desired, most) {
  let offset = 0;
  /** @type {{sum: number, count: number, members: {each: Place, offset: number}[]}[]} */
  const blocks = [];
  layer.forEach((each, at) => {
    let block = { sum: desired[at] - offset, count: 1, members: [{ each, offset }] };
    offset += each.height + gapOf(each);
    for (let before = blocks.at(-1); before && mean(before) > mean(block); before = blocks.at(-1)) {
      const { sum, count, members } = block;
      before.members.push(...members);
      block = { sum: before.sum + sum, count: before.count + count, members: before.members };
      blocks.pop();
    }
    blocks.push(block);
  });
  const last = Math.max(0, most - offset);
  for (const block of blocks) {
    const y = Math.max(0, Math.min(last, mean(block)));
    for (const member of block.members) member.each.y = y + member.offset;
  }
}

/** @param {{sum: number, count: number}} block */
const mean = (block) => block.sum / block.count;

/** @param {Place[][]} layers @param {number} gap @returns {Block} */
function toBlock(layers, gap) {
  /** @type {(Item & Point)[]} */
  const boxes = [];
  let x = 0;
  for (const layer of layers) {
    for (const { item, y } of layer) if (item) boxes.push({ ...item, x, y });
    x += widthOf(layer) + gap;
  }
  return blockOf(boxes);
}

/**
 * Parts in rows, the largest first; single nodes in rows of their own below.
 * @param {Block[]} joined @param {Block[]} single @param {number} aspect @returns {Map<string, Point>}
 */
function pack(joined, single, aspect) {
  joined.sort((first, second) => second.height * second.width - first.height * first.width);
  const area = [...joined, ...single].reduce((sum, block) => sum + (block.width + PART_GAP) * (block.height + PART_GAP), 0);
  const limit = Math.max(0, ...joined.map((block) => block.width), Math.sqrt(area * aspect));
  const places = new Map();
  const y = inRows(joined, 0, limit, PART_GAP, places);
  inRows(single, y, limit, NODE_GAP, places);
  return places;
}

/** @param {Block[]} blocks @param {number} y @param {number} limit @param {number} gap @param {Map<string, Point>} places @returns {number} the y below */
function inRows(blocks, y, limit, gap, places) {
  let [x, height] = [0, 0];
  for (const block of blocks) {
    if (x > 0 && x + block.width > limit) [x, y, height] = [0, y + height, 0];
    for (const box of block.boxes) places.set(box.id, { x: round(x + box.x), y: round(y + box.y) });
    x += round(block.width + gap);
    height = Math.max(height, round(block.height + gap));
  }
  return y + height;
}

/** @param {number} value */
const round = (value) => Math.round(value / GRID) * GRID;
