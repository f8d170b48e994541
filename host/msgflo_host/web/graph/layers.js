// @ts-check
// Layers of one connected part of a graph: the layer of each node, none higher than desired, and the order within.

export const NODE_GAP = 24;
const LANE = 7; // pixels of an edge in a layer that it passes
const SWEEPS = 10;

/** @typedef {{id: string, width: number, height: number}} Item */
/** @typedef {{src: string, tgt: string}} Link */
/**
 * A node, or where an edge passes a layer (`item` is null then). `at` is its place within the layer.
 * @typedef {{item: Item | null, height: number, layer: number, before: Place[], after: Place[], y: number, at: number}} Place
 */
/** @typedef {{place: Place, leads: Set<Visit>, state: "new" | "open" | "done"}} Visit  `open` while what it leads to is visited */

/** The nodes with their successors; edges that close a cycle are reversed. @param {Item[]} items @param {Link[]} links @returns {Place[]} */
export function acyclic(items, links) {
  /** @type {Map<string, Visit>} */
  const visits = new Map(items.map((item) => [item.id, { place: place(item, item.height), leads: new Set(), state: "new" }]));
  for (const { src, tgt } of links) {
    const [from, to] = [visits.get(src), visits.get(tgt)];
    if (from && to && from !== to) from.leads.add(to);
  }
  const arrivals = new Set(links.map(({ tgt }) => tgt));
  for (const [id, each] of visits) if (!arrivals.has(id)) visit(each);
  for (const each of visits.values()) visit(each);
  return [...visits.values()].map((each) => each.place);
}

/** Depth first, without recursion: a chain may be long. @param {Visit} first */
function visit(first) {
  if (first.state !== "new") return;
  const stack = [{ from: first, rest: [...first.leads] }];
  first.state = "open";
  while (stack.length) {
    const { from, rest } = stack[stack.length - 1];
    const to = rest.shift();
    if (to === undefined) {
      from.state = "done";
      stack.pop();
      continue;
    }
    if (to.state === "open") join(to.place, from.place);
    else join(from.place, to.place);
    if (to.state !== "new") continue;
    to.state = "open";
    stack.push({ from: to, rest: [...to.leads] });
  }
}

/** @param {Item | null} item @param {number} height @returns {Place} */
function place(item, height) {
  return { item, height, layer: 0, before: [], after: [], y: 0, at: 0 };
}

/** @param {Place} from @param {Place} to */
function join(from, to) {
  if (from.after.includes(to)) return;
  from.after.push(to);
  to.before.push(from);
}

/** Give each place a layer behind its predecessors, skipping full ones. @param {Place[]} places @param {number} most pixels */
export function assign(places, most) {
  /** @type {number[]} */
  const heights = [];
  const used = (/** @type {number} */ layer) => heights[layer] ?? 0;
  const fits = (/** @type {number} */ layer, /** @type {Place} */ each) => used(layer) === 0 || used(layer) + each.height + NODE_GAP <= most;
  const put = (/** @type {Place} */ each, /** @type {number} */ layer) => {
    heights[layer] = used(layer) + each.height + NODE_GAP;
    each.layer = layer;
  };
  const sorted = inOrder(places);
  for (const each of sorted) {
    let layer = Math.max(0, ...each.before.map((other) => other.layer + 1));
    while (!fits(layer, each)) layer++;
    put(each, layer);
  }
  // Sources move towards their successors: shorter edges.
  for (const each of sorted.reverse()) {
    if (each.before.length > each.after.length || !each.after.length) continue;
    let layer = Math.min(...each.after.map((other) => other.layer)) - 1;
    while (layer > each.layer && !fits(layer, each)) layer--;
    if (layer <= each.layer) continue;
    heights[each.layer] -= each.height + NODE_GAP;
    put(each, layer);
  }
}

/** A topological order: by the distance from a source, then from above to below. @param {Place[]} places */
function inOrder(places) {
  const notes = new Map(places.map((each) => [each, { depth: 0, waiting: each.before.length }]));
  const note = (/** @type {Place} */ each) => /** @type {{depth: number, waiting: number}} */ (notes.get(each));
  const found = places.filter((each) => !each.before.length);
  for (let at = 0; at < found.length; at++) {
    for (const next of found[at].after) {
      note(next).depth = Math.max(note(next).depth, note(found[at]).depth + 1);
      if (--note(next).waiting === 0) found.push(next);
    }
  }
  return found.sort((one, other) => note(one).depth - note(other).depth || one.y - other.y);
}

/** The layers, ordered for few crossings; edges that pass a layer have a place in it. @param {Place[]} places */
export function ordered(places) {
  /** @type {Place[][]} */
  const layers = [];
  const add = (/** @type {Place} */ each) => (layers[each.layer] ??= []).push(each);
  /** @type {Map<Place, Place>} */
  const copies = new Map(places.map((each) => [each, { ...each, before: [], after: [] }]));
  const copy = (/** @type {Place} */ each) => /** @type {Place} */ (copies.get(each));
  for (const each of [...places].sort((one, other) => one.y - other.y)) add(copy(each));
  for (const each of places) for (const next of each.after) lead(copy(each), copy(next), add);
  const full = layers.filter(Boolean);
  let best = { crossings: Infinity, layers: full };
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    const down = sweep % 2 === 0;
    number(full);
    for (const layer of down ? full : [...full].reverse()) sort(layer, down ? "before" : "after");
    const crossings = crossingsOf(full);
    if (crossings < best.crossings) best = { crossings, layers: full.map((layer) => [...layer]) };
  }
  number(best.layers);
  return best.layers;
}

/** @param {Place} from @param {Place} to @param {(lane: Place) => void} add */
function lead(from, to, add) {
  let last = from;
  for (let layer = from.layer + 1; layer < to.layer; layer++) {
    const lane = { ...place(null, LANE), layer, y: from.y };
    add(lane);
    join(last, lane);
    last = lane;
  }
  join(last, to);
}

/** @param {Place[][]} layers */
function number(layers) {
  for (const layer of layers) layer.forEach((each, at) => (each.at = at));
}

/** Each comes near the middle of its neighbours in the layer before or after. @param {Place[]} layer @param {"before" | "after"} side */
function sort(layer, side) {
  const middles = layer.map((each) => ({ each, middle: middle(each[side].map(({ at }) => at)) ?? each.at }));
  middles.sort((one, other) => one.middle - other.middle || one.each.at - other.each.at);
  middles.forEach(({ each }, at) => (layer[at] = each));
  layer.forEach((each, at) => (each.at = at));
}

/** @param {number[]} values */
const middle = (values) => (values.length ? values.reduce((sum, value) => sum + value, 0) / values.length : null);

/** How many edges cross between neighbouring layers. @param {Place[][]} layers */
function crossingsOf(layers) {
  let crossings = 0;
  for (const layer of layers) {
    /** @type {number[]} */
    const passed = []; // sorted ends of the edges above
    for (const end of layer.flatMap((each) => each.after.map((other) => other.at).sort((one, other) => one - other))) {
      const at = behind(passed, end);
      crossings += passed.length - at;
      passed.splice(at, 0, end);
    }
  }
  return crossings;
}

/** The number of values in a sorted list that are at most `value`. @param {number[]} sorted @param {number} value */
function behind(sorted, value) {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const half = (low + high) >> 1;
    if (sorted[half] <= value) low = half + 1;
    else high = half;
  }
  return low;
}
