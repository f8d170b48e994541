// @ts-check
// Routes an edge: straight to its end where nothing stands between, else through the gaps between nodes. Pure.

import { curve, pointAt } from "./geometry.js";

const STEPS = 24;
const CLEAR = 3; // how near an edge may come to a node that is not its own
const LANES = [8, 12, 16]; // beside a node; edges of different ports take different ones where it can be
const MOST = 8; // nodes that one edge goes around
const TURN = 44; // how far an edge that leads back goes out before it turns
const SIDE = 8; // how far before and behind a node an edge is in its lane

/** @import { Box, Curve, Line, Point } from "./geometry.js" */

/**
 * The line from an outport to an inport.
 * @param {Point} a of the outport @param {Point} d of the inport
 * @param {{src: Box, tgt: Box}} own nodes at its ends @param {Iterable<Box>} boxes of all nodes
 * @param {string} [key] of what takes the same lane
 * @returns {Line}
 */
export function route(a, d, own, boxes, key = "") {
  const lane = LANES[sum(key) % LANES.length];
  if (d.x < a.x) return back(a, d, own, near(a, d, boxes), lane);
  const others = near(a, d, boxes).filter((box) => box !== own.src && box !== own.tgt);
  return forward(a, d, others, lane, MOST);
}

/** Boxes that are not wholly to the left or to the right of both ends. @param {Point} a @param {Point} d @param {Iterable<Box>} boxes */
function near(a, d, boxes) {
  const [left, right] = [Math.min(a.x, d.x) - TURN, Math.max(a.x, d.x) + TURN];
  return [...boxes].filter((box) => box.x < right && box.x + box.width > left);
}

/** @param {Point} a @param {Point} d @param {Box[]} boxes @param {number} lane @param {number} most boxes to go around @returns {Line} */
function forward(a, d, boxes, lane, most) {
  const direct = curve(a, d);
  const met = most > 0 ? firstMet(direct, boxes) : null;
  if (!met) return [direct];
  const [from, to] = [met.x - SIDE, met.x + met.width + SIDE];
  const rest = most - 1;
  // Beside an end: on as far as that one, or straight on from there.
  if (from <= a.x && to >= d.x) return [direct];
  if (from <= a.x) return [segment(a, { x: to, y: a.y }), ...forward({ x: to, y: a.y }, d, boxes, lane, rest)];
  if (to >= d.x) return [...forward(a, { x: from, y: d.y }, boxes, lane, rest), segment({ x: from, y: d.y }, d)];
  const beside = boxes.filter((box) => box.x < to && box.x + box.width > from);
  const straight = a.y + ((d.y - a.y) * (met.x + met.width / 2 - a.x)) / (d.x - a.x);
  const [above, below] = [freeLane(met, beside, lane, -1), freeLane(met, beside, lane, 1)];
  const y = straight - above < below - straight ? above : below;
  const [p, q] = [{ x: from, y }, { x: to, y }];
  return [...forward(a, p, boxes, lane, Math.min(rest, 2)), segment(p, q), ...forward(q, d, boxes, lane, rest)];
}

/**
 * Around a node's own left and right side, along a lane that is free all the way.
 * @param {Point} a @param {Point} d @param {{src: Box, tgt: Box}} own @param {Box[]} boxes @param {number} lane @returns {Line}
 */
function back(a, d, { src, tgt }, boxes, lane) {
  const passed = boxes.filter((box) => box.x < a.x + CLEAR && box.x + box.width > d.x - CLEAR);
  const starts = [src, tgt].flatMap((box) => [freeLane(box, passed, lane, -1), freeLane(box, passed, lane, 1)]);
  const far = (/** @type {number} */ y) => Math.abs(y - a.y) + Math.abs(y - d.y);
  const y = starts.reduce((best, each) => (far(each) < far(best) ? each : best));
  const [p, q] = [{ x: a.x, y }, { x: d.x, y }];
  const [out, home] = [a, d].map((end) => TURN + Math.min(40, Math.abs(y - end.y) / 8));
  return [
    { a, b: { x: a.x + out, y: a.y }, c: { x: a.x + out, y }, d: p },
    segment(p, q),
    { a: q, b: { x: d.x - home, y }, c: { x: d.x - home, y: d.y }, d },
  ];
}

/** The first box that a curve passes behind. @param {Curve} on @param {Box[]} boxes @returns {Box | null} */
function firstMet(on, boxes) {
  const [top, bottom] = [Math.min(on.a.y, on.d.y) - CLEAR, Math.max(on.a.y, on.d.y) + CLEAR];
  const possible = boxes.filter((box) => box.y < bottom && box.y + box.height > top);
  for (let step = 1; possible.length && step < STEPS; step++) {
    const point = pointAt([on], step / STEPS);
    const met = possible.find((box) => holds(box, point));
    if (met) return met;
  }
  return null;
}

/** @param {Box} box @param {Point} point */
const holds = (box, { x, y }) =>
  x > box.x - CLEAR && x < box.x + box.width + CLEAR && y > box.y - CLEAR && y < box.y + box.height + CLEAR;

/** The next y above (-1) or below (1) a box at which no box of its column is. @param {Box} box @param {Box[]} column @param {number} lane @param {-1 | 1} side */
function freeLane(box, column, lane, side) {
  let y = side < 0 ? box.y - lane : box.y + box.height + lane;
  for (let turn = 0; turn <= column.length; turn++) {
    const met = column.find((each) => y > each.y - CLEAR && y < each.y + each.height + CLEAR);
    if (!met) break;
    y = side < 0 ? met.y - lane : met.y + met.height + lane;
  }
  return y;
}

/** @param {Point} a @param {Point} d @returns {Curve} */
function segment(a, d) {
  const third = (d.x - a.x) / 3;
  return { a, b: { x: a.x + third, y: a.y }, c: { x: d.x - third, y: d.y }, d };
}

/** @param {string} text */
function sum(text) {
  let all = 0;
  for (let at = 0; at < text.length; at++) all += text.charCodeAt(at);
  return all;
}
