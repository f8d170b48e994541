// @ts-check
// An automatic layout: each joined part of the graph in layers from left to right, the parts packed beside each other.

import { around } from "./geometry.js";
import { NODE_GAP, acyclic, assign, ordered } from "./layers.js";

const LAYER_GAP = 60;
const WIDE_GAP = 110; // between layers of a graph that is near enough to read the values on its edges
const FEW = 30; // nodes
const PART_GAP = 44;
const GRID = 10;
const SHARES = [1, 0.85, 0.72, 0.62, 0.54, 0.47, 0.4, 0.34, 0.29, 0.25, 0.2]; // of the height that is natural
const FEW_SHARES = [1, 0.6, 0.36]; // where each try takes long
const MANY = 700; // nodes, and layers that edges pass
const WORTH = 0.97; // how much nearer to the wanted form a less natural one has to be
const FOLD_WORTH = 0.7;
const SETTLINGS = 14;
const LONG = 2.5; // times wider than the wanted form: such a part is folded into rows, unless all of it can be read in one
const READ = 1600; // pixels
const ROW_GAP = 60; // where the edges from one row to the next are
const MOST_CUT = 9; // edges that may lead on from the end of a row

/** @typedef {import("./layers.js").Item} Item */
/** @typedef {import("./layers.js").Link} Link */
/** @typedef {import("./layers.js").Place} Place */
/** @typedef {import("./geometry.js").Point} Point */
/** @typedef {{boxes: (Item & Point)[], width: number, height: number}} Block */

/**
 * Places for all nodes, none of which overlaps another, in about the form that is wanted.
 * @param {Item[]} items
 * @param {Link[]} links
 * @param {number} aspect width by height
 * @returns {Map<string, Point>}
 */
export function layout(items, links, aspect = 1.6) {
  const parts = partsOf(items, links);
  const joined = parts.filter((part) => part.items.length > 1).map((part) => inLayers(part, aspect));
  const single = parts.filter((part) => part.items.length === 1).map(({ items: [item] }) => one(item));
  return pack(joined, single, aspect);
}

const one = (item) => ({ boxes: [{ ...item, x: 0, y: 0 }], width: item.width, height: item.height });

/**
 * The parts of a graph that are joined by nothing.
 * @param {Item[]} items
 * @param {Link[]} links
 * @returns {{items: Item[], links: Link[]}[]}
 */
function partsOf(items, links) {
  const parent = new Map(items.map((item) => [item.id, item.id]));
  const top = (id) => {
    while (parent.get(id) !== id) id = parent.get(id);
    return id;
  };
  const known = links.filter(({ src, tgt }) => parent.has(src) && parent.has(tgt));
  for (const { src, tgt } of known) parent.set(top(src), top(tgt));
  const parts = new Map();
  for (const item of items) {
    const key = top(item.id);
    if (!parts.has(key)) parts.set(key, { items: [], links: [] });
    parts.get(key).items.push(item);
  }
  for (const link of known) parts.get(top(link.src)).links.push(link);
  return [...parts.values()];
}

/** One part in layers, of all heights tried in that which fits the wanted form best. */
function inLayers(part, aspect) {
  const places = acyclic(part.items, part.links);
  const size = (block) => Math.max(block.width / aspect, block.height);
  const gap = part.items.length > FEW ? LAYER_GAP : WIDE_GAP;
  let best = null;
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
      for (const each of places) each.y = at.get(each.item);
    }
    if (!best || size(block) < size(best) * WORTH) [best, chosen] = [block, layers];
  }
  const isLong = best.width > Math.max(READ, LONG * aspect * best.height);
  return isLong ? folded(best, chosen, gap, size) : best;
}

/** A long part in as many rows as fit the wanted form best. */
function folded(whole, layers, gap, size) {
  let best = whole;
  for (let rows = 2; rows <= layers.length; rows++) {
    const block = inFolds(layers, whole.width / rows, gap);
    if (size(block) > size(best)) break;
    best = block;
  }
  return size(best) < size(whole) * FOLD_WORTH ? best : whole;
}

/** Layers in rows of about a width, one row below the other. */
function inFolds(layers, width, gap) {
  const rows = [[]];
  let used = 0;
  let leading = 0; // edges from the layer before
  for (const layer of layers) {
    const wide = widthOf(layer) + gap;
    if (used > 0 && used + wide / 2 > width && leading <= MOST_CUT) {
      rows.push([]);
      used = 0;
    }
    rows.at(-1).push(layer);
    used += wide;
    leading = layer.reduce((sum, each) => sum + each.after.length, 0);
  }
  const boxes = [];
  let y = 0;
  for (const row of rows.filter((each) => each.some(widthOf)).map((each) => toBlock(each, gap))) {
    for (const box of row.boxes) boxes.push({ ...box, y: box.y + y });
    y += row.height + ROW_GAP;
  }
  const whole = around(boxes);
  return { boxes, width: whole.width, height: whole.height };
}

const heightOf = (layer) => layer.reduce((sum, each) => sum + each.height + gapOf(each), 0);
const widthOf = (layer) => Math.max(0, ...layer.map(({ item }) => item?.width ?? 0));
const gapOf = (each) => (each.item ? NODE_GAP : 0);

/** Bring each place near the middle of what it is joined with, without changing the order within a layer. */
function settle(layers) {
  const most = Math.max(...layers.map(heightOf));
  for (const layer of layers) spread(layer, layer.map(() => 0), most);
  for (let turn = 0; turn < SETTLINGS; turn++) {
    const sides = turn > SETTLINGS - 3 ? ["before", "after"] : turn % 2 ? ["after"] : ["before"];
    for (const layer of turn % 2 ? [...layers].reverse() : layers) {
      spread(layer, layer.map((each) => wantedY(each, sides)), most);
    }
  }
}

function wantedY(each, sides) {
  const others = sides.flatMap((side) => each[side]);
  if (!others.length) return each.y;
  return others.reduce((sum, other) => sum + other.y + other.height / 2, 0) / others.length - each.height / 2;
}

/** The places nearest to the wanted ones (least squares) where none overlaps the next: neighbours that would are one block. None is below `most`. */
function spread(layer, wanted, most) {
  let offset = 0;
  const blocks = [];
  layer.forEach((each, at) => {
    blocks.push({ sum: wanted[at] - offset, count: 1, members: [{ each, offset }] });
    offset += each.height + gapOf(each);
    while (blocks.length > 1 && mean(blocks.at(-2)) > mean(blocks.at(-1))) {
      const last = blocks.pop();
      const before = blocks[blocks.length - 1];
      before.sum += last.sum;
      before.count += last.count;
      before.members.push(...last.members);
    }
  });
  const last = Math.max(0, most - offset);
  for (const block of blocks) {
    const y = Math.max(0, Math.min(last, mean(block)));
    for (const member of block.members) member.each.y = y + member.offset;
  }
}

const mean = (block) => block.sum / block.count;

function toBlock(layers, gap) {
  const boxes = [];
  let x = 0;
  for (const layer of layers) {
    const nodes = layer.filter((each) => each.item);
    for (const { item, y } of nodes) boxes.push({ ...item, x, y });
    x += widthOf(layer) + gap;
  }
  const whole = around(boxes);
  for (const box of boxes) box.y -= whole.y;
  return { boxes, width: whole.width, height: whole.height };
}

/** Parts in rows, the largest first; single nodes in rows of their own below. */
function pack(joined, single, aspect) {
  joined.sort((first, second) => second.height * second.width - first.height * first.width);
  const area = [...joined, ...single].reduce((sum, block) => sum + (block.width + PART_GAP) * (block.height + PART_GAP), 0);
  const limit = Math.max(0, ...joined.map((block) => block.width), Math.sqrt(area * aspect));
  const places = new Map();
  const y = inRows(joined, 0, limit, PART_GAP, places);
  inRows(single, y, limit, NODE_GAP, places);
  return places;
}

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

const round = (value) => Math.round(value / GRID) * GRID;
