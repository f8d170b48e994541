// @ts-check
// Layers of one joined part of a graph: which node stands in which, none higher than wanted, and in what order.

export const NODE_GAP = 24;
const LANE = 7; // what an edge takes in a layer that it passes
const SWEEPS = 10;

/** @typedef {{id: string, width: number, height: number}} Item */
/** @typedef {{src: string, tgt: string}} Link */
/**
 * A node, or where an edge passes a layer (`item` is null then).
 * @typedef {{item: Item | null, height: number, layer: number, before: Place[], after: Place[], y: number, seen?: number}} Place
 */

/**
 * The nodes with what they lead to; edges that close a cycle are turned.
 * @param {Item[]} items
 * @param {Link[]} links
 * @returns {Place[]}
 */
export function acyclic(items, links) {
  const places = new Map(items.map((item) => [item.id, place(item, item.height)]));
  const leads = new Map(items.map((item) => [item.id, new Set()]));
  for (const { src, tgt } of links) if (src !== tgt) leads.get(src)?.add(tgt);
  const arrivals = new Set(links.map(({ tgt }) => tgt));
  const state = new Map(); // of each id: 1 while what it leads to is visited, 2 after
  const begins = [...items.filter(({ id }) => !arrivals.has(id)), ...items];
  for (const { id } of begins) if (!state.has(id)) visit(id, leads, state, places);
  return [...places.values()];
}

/** Depth first, without recursion: a chain may be long. */
function visit(first, leads, state, places) {
  const stack = [{ id: first, rest: [...leads.get(first)] }];
  state.set(first, 1);
  while (stack.length) {
    const { id, rest } = stack[stack.length - 1];
    const next = rest.shift();
    if (next === undefined) {
      state.set(id, 2);
      stack.pop();
      continue;
    }
    const [from, to] = state.get(next) === 1 ? [next, id] : [id, next];
    join(places.get(from), places.get(to));
    if (state.has(next)) continue;
    state.set(next, 1);
    stack.push({ id: next, rest: [...leads.get(next)] });
  }
}

function place(item, height) {
  return { item, height, layer: 0, before: [], after: [], y: 0 };
}

function join(from, to) {
  if (from.after.includes(to)) return;
  from.after.push(to);
  to.before.push(from);
}

/**
 * Give each place a layer behind all that leads to it; one that is full (`most` pixels) is left out.
 * @param {Place[]} places
 * @param {number} most
 */
export function assign(places, most) {
  const heights = [];
  const used = (layer) => heights[layer] ?? 0;
  const fits = (layer, each) => used(layer) === 0 || used(layer) + each.height + NODE_GAP <= most;
  const put = (each, layer) => {
    heights[layer] = used(layer) + each.height + NODE_GAP;
    each.layer = layer;
  };
  const sorted = inOrder(places);
  for (const each of sorted) {
    let layer = Math.max(0, ...each.before.map((other) => other.layer + 1));
    while (!fits(layer, each)) layer++;
    put(each, layer);
  }
  // What waits for nothing moves towards what it leads to: shorter edges.
  for (const each of sorted.reverse()) {
    if (each.before.length > each.after.length || !each.after.length) continue;
    let layer = Math.min(...each.after.map((other) => other.layer)) - 1;
    while (layer > each.layer && !fits(layer, each)) layer--;
    if (layer <= each.layer) continue;
    heights[each.layer] -= each.height + NODE_GAP;
    put(each, layer);
  }
}

/** Each place behind those that lead to it, by how far it is from a beginning, then as they stand one below the other. */
function inOrder(places) {
  const depth = new Map();
  const waiting = new Map(places.map((each) => [each, each.before.length]));
  const found = places.filter((each) => !each.before.length);
  for (const each of found) depth.set(each, 0);
  for (let at = 0; at < found.length; at++) {
    for (const next of found[at].after) {
      depth.set(next, Math.max(depth.get(next) ?? 0, depth.get(found[at]) + 1));
      waiting.set(next, waiting.get(next) - 1);
      if (waiting.get(next) === 0) found.push(next);
    }
  }
  return found.sort((one, other) => depth.get(one) - depth.get(other) || one.y - other.y);
}

/**
 * The layers with their places in an order of few crossings; edges that pass layers have places there.
 * @param {Place[]} places
 * @returns {Place[][]}
 */
export function ordered(places) {
  const layers = [];
  const add = (each) => (layers[each.layer] ??= []).push(each);
  const copies = new Map(places.map((each) => [each, { ...each, before: [], after: [] }]));
  for (const each of [...places].sort((one, other) => one.y - other.y)) add(copies.get(each));
  for (const each of places) for (const next of each.after) lead(copies.get(each), copies.get(next), add);
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

function number(layers) {
  for (const layer of layers) layer.forEach((each, at) => (each.seen = at));
}

function sort(layer, side) {
  const wanted = new Map(layer.map((each) => [each, middle(each[side].map((other) => other.seen)) ?? each.seen]));
  layer.sort((one, other) => wanted.get(one) - wanted.get(other) || one.seen - other.seen);
  layer.forEach((each, at) => (each.seen = at));
}

const middle = (values) => (values.length ? values.reduce((sum, value) => sum + value, 0) / values.length : null);

/** How many edges cross between neighbouring layers. */
function crossingsOf(layers) {
  let crossings = 0;
  for (const layer of layers) {
    const passed = []; // sorted ends of the edges above
    for (const end of layer.flatMap((each) => each.after.map((other) => other.seen).sort((one, other) => one - other))) {
      const at = behind(passed, end);
      crossings += passed.length - at;
      passed.splice(at, 0, end);
    }
  }
  return crossings;
}

/** The number of values in a sorted list that are at most `value`. */
function behind(sorted, value) {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const half = (low + high) >> 1;
    if (sorted[half] <= value) low = half + 1;
    else high = half;
  }
  return low;
}
