// @ts-check
// Sizes, places and curves, in pixels at zoom 1. Pure: nothing here knows the document.

export const HEAD = 44;
export const ROW = 20;
const FOOT = 8;
const MIN_WIDTH = 132;
const MAX_WIDTH = 340;
const PORT_GAP = 6;
const CHIP_LETTER = 6.2;
const CHIP_MORE = 12;
const MOST_CHIP = 90;
const PORT_PAD = 10; // between a port's name and the edge of the node
const BESIDE_PORTS = 28; // between inports and outports, and to the edge of the node
const EDGE_STEPS = 24;
const BOUND_STEPS = 8; // for the box around a curve
const LARGEST_NAME = 40;
const FAR_NAME = 26; // size of names when nothing else is written; nodes are wide enough for their longest syllable

/** @typedef {{x: number, y: number}} Point */
/** @typedef {{x: number, y: number, width: number, height: number}} Box */
/** @typedef {{a: Point, b: Point, c: Point, d: Point}} Curve A cubic Bézier curve from a to d. */
/** @typedef {Curve[]} Line One curve after the other. */
/** @typedef {(text: string, size: number, bold?: boolean) => number} Measure The width of a text in a font of a size, in pixels. */
/** @typedef {{id: string, typeText?: string, initials?: {text: string}[]}} SizedPort */

/** The width of a text when nothing can measure it. @type {Measure} */
export const estimate = (text, size, bold = false) => text.length * size * (bold ? 0.64 : 0.58);

/**
 * How large a node is drawn.
 * @param {{id: string, component: string, inports: SizedPort[], outports: SizedPort[]}} node
 * @param {Measure} [measure]
 * @returns {{width: number, height: number, inports: number}} `inports`: how wide they may be
 */
export function sizeOf(node, measure = estimate) {
  const column = (/** @type {SizedPort[]} */ ports) => Math.max(0, ...ports.map((port) => portWidth(port, measure)));
  const rows = Math.max(node.inports.length, node.outports.length, 1);
  const title = 52 + Math.max(measure(node.id, 13, true), measure(node.component, 11));
  const name = 12 + Math.max(...syllables(node.id).map((part) => measure(part, FAR_NAME, true)));
  const out = column(node.outports);
  const natural = Math.max(title, name, column(node.inports) + out + BESIDE_PORTS, MIN_WIDTH);
  const width = Math.ceil(Math.min(natural, MAX_WIDTH));
  return { width, height: HEAD + rows * ROW + FOOT, inports: Math.max(width / 2, width - out - BESIDE_PORTS + PORT_PAD) };
}

/** Where a name may be broken into lines: "meter-", "laser-", "cutter". @param {string} name */
export const syllables = (name) => name.split(/(?<=[-_. /])(?=.)|(?<=[a-z])(?=[A-Z])/);

/**
 * The largest size, in steps of a pixel, at which a name fits into a node when nothing else is in it.
 * @param {string} name
 * @param {{width: number, height: number}} size of the node
 * @param {Measure} [measure]
 */
export function nameSize(name, { width, height }, measure = estimate) {
  const parts = syllables(name).map((part) => measure(part, 10, true) / 10);
  for (let size = LARGEST_NAME; size > 8; size--) {
    const line = (width - 12) / size;
    const lines = linesOf(parts, line);
    if (Math.max(...parts) <= line && lines * size * 1.15 <= height - 4) return size;
  }
  return 8;
}

/** How many lines some parts take. @param {number[]} parts their widths @param {number} width of a line */
function linesOf(parts, width) {
  let [lines, used] = [1, 0];
  for (const part of parts) {
    if (used > 0 && used + part > width) [lines, used] = [lines + 1, 0];
    used += part;
  }
  return lines;
}

/** @param {SizedPort} port @param {Measure} measure */
function portWidth(port, measure) {
  // Initial packets are in a monospaced font; some scripts have wider letters.
  const chip = (/** @type {{text: string}} */ { text }) => PORT_GAP + Math.min(Math.max(measure(text, 10), text.length * CHIP_LETTER) + CHIP_MORE, MOST_CHIP);
  const chips = (port.initials ?? []).reduce((sum, each) => sum + chip(each), 0);
  return measure(port.id, 12) + (port.typeText ? measure(port.typeText, 9) + PORT_GAP : 0) + chips;
}

/**
 * Where an edge meets a port.
 * @param {Box} box of the node
 * @param {import("./model.js").Side} side
 * @param {number} row of the port; -1 for one that is not drawn
 * @returns {Point}
 */
export function portPoint(box, side, row) {
  const y = row < 0 ? HEAD / 2 : HEAD + row * ROW + ROW / 2;
  return { x: side === "in" ? box.x : box.x + box.width, y: box.y + y };
}

/** The curve from an outport to an inport: it leaves to the right and arrives from the left. @param {Point} a @param {Point} d @returns {Curve} */
export function curve(a, d) {
  const ahead = d.x - a.x;
  const far = Math.abs(d.y - a.y);
  const reach = ahead >= 0 ? Math.max(24, Math.min(ahead / 2, 160)) : Math.min(60 + (far - ahead) / 5, 260);
  return { a, b: { x: a.x + reach, y: a.y }, c: { x: d.x - reach, y: d.y }, d };
}

/** @param {Line} line */
export function pathText(line) {
  const at = (/** @type {Point} */ point) => `${point.x.toFixed(1)} ${point.y.toFixed(1)}`;
  return `M${at(line[0].a)}${line.map(({ b, c, d }) => `C${at(b)} ${at(c)} ${at(d)}`).join("")}`;
}

/** The place on a line, about in proportion to its length. @param {Line} line @param {number} t from 0 (its beginning) to 1 */
export function pointAt(line, t) {
  if (line.length === 1) return onCurve(line[0], t);
  const lengths = line.map(({ a, d }) => Math.hypot(d.x - a.x, d.y - a.y) || 1);
  let left = t * lengths.reduce((sum, each) => sum + each, 0);
  let at = 0;
  while (at < line.length - 1 && left > lengths[at]) left -= lengths[at++];
  return onCurve(line[at], left / lengths[at]);
}

/** @param {Curve} curve @param {number} t @returns {Point} */
function onCurve({ a, b, c, d }, t) {
  const u = 1 - t;
  const [p, q, r, s] = [u * u * u, 3 * u * u * t, 3 * u * t * t, t * t * t];
  return { x: p * a.x + q * b.x + r * c.x + s * d.x, y: p * a.y + q * b.y + r * c.y + s * d.y };
}

/** The box around a line. @param {Line} line */
export function bounds(line) {
  const points = line.flatMap((on) => Array.from({ length: BOUND_STEPS + 1 }, (_, step) => onCurve(on, step / BOUND_STEPS)));
  return /** @type {Box} */ (around(points.map((point) => ({ ...point, width: 0, height: 0 }))));
}

/** The distance of a point from a line. @param {Line} line @param {Point} point */
export function distance(line, point) {
  let nearest = Infinity;
  for (const on of line) {
    let from = on.a;
    for (let step = 1; step <= EDGE_STEPS; step++) {
      const to = onCurve(on, step / EDGE_STEPS);
      nearest = Math.min(nearest, toSegment(point, from, to));
      from = to;
    }
  }
  return nearest;
}

/** @param {Point} point @param {Point} from @param {Point} to */
function toSegment(point, from, to) {
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  const length = dx * dx + dy * dy;
  const along = length ? ((point.x - from.x) * dx + (point.y - from.y) * dy) / length : 0;
  const t = Math.max(0, Math.min(1, along));
  return Math.hypot(point.x - from.x - t * dx, point.y - from.y - t * dy);
}

/** Whether two boxes share a place, or come nearer to each other than `gap`. @param {Box} one @param {Box} other */
export function overlap(one, other, gap = 0) {
  return (
    one.x < other.x + other.width + gap &&
    other.x < one.x + one.width + gap &&
    one.y < other.y + other.height + gap &&
    other.y < one.y + one.height + gap
  );
}

/** The smallest box around all of them, or null around none. @param {Iterable<Box>} boxes @returns {Box | null} */
export function around(boxes) {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const box of boxes) {
    left = Math.min(left, box.x);
    top = Math.min(top, box.y);
    right = Math.max(right, box.x + box.width);
    bottom = Math.max(bottom, box.y + box.height);
  }
  return left === Infinity ? null : { x: left, y: top, width: right - left, height: bottom - top };
}

/** The box between two corners, in whatever order. @param {Point} one @param {Point} other @returns {Box} */
export function between(one, other) {
  const [x, y] = [Math.min(one.x, other.x), Math.min(one.y, other.y)];
  return { x, y, width: Math.abs(one.x - other.x), height: Math.abs(one.y - other.y) };
}

/** @param {Box} box */
export const centre = (box) => ({ x: box.x + box.width / 2, y: box.y + box.height / 2 });
