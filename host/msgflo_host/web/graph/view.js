// @ts-check
// The part of the graph that is seen, and its zoom: zoom, pan, fit. Pure.

/** @import { Box, Point } from "./geometry.js" */

const LEAST = 0.08;
const MOST = 3;
const MARGIN = 28;
const BELOW = 64; // where the buttons are

/** Where the graph's origin is (x, y in pixels of the screen), and how many pixels of the screen one of the graph takes (k). */
export class View {
  x = 0;
  y = 0;
  k = 1;
  width = 1;
  height = 1;
  /** Whether it was fitted, and not moved since. */
  isFitted = false;

  /** @param {() => void} changed called after each change @param {() => Box} [free] the part of the picture, in pixels of the screen, that no panel lies over */
  constructor(changed, free = () => ({ x: 0, y: 0, width: this.width, height: this.height })) {
    this.changed = changed;
    this.free = free;
  }

  /** @param {Point} point of the screen @returns {Point} of the graph */
  toGraph({ x, y }) {
    return { x: (x - this.x) / this.k, y: (y - this.y) / this.k };
  }

  /** @param {Point} point of the graph @returns {Point} of the screen */
  toScreen({ x, y }) {
    return { x: x * this.k + this.x, y: y * this.k + this.y };
  }

  /** The part of the graph that is seen, and not under a panel. @returns {Box} */
  get seen() {
    const free = this.free();
    return { ...this.toGraph(free), width: free.width / this.k, height: free.height / this.k };
  }

  /** @param {number} dx @param {number} dy in pixels of the screen */
  pan(dx, dy) {
    this.isFitted = false;
    this.set(this.x + dx, this.y + dy, this.k);
  }

  /** Zoom by a factor; `at` (of the screen, by default the middle) stays where it is. @param {number} factor @param {Point} [at] */
  zoom(factor, at = { x: this.width / 2, y: this.height / 2 }) {
    const k = Math.max(LEAST, Math.min(MOST, this.k * factor));
    const fixed = this.toGraph(at);
    this.isFitted = false;
    this.set(at.x - fixed.x * k, at.y - fixed.y * k, k);
  }

  /** Show a box as large as there is room for, but no larger than `most`. @param {Box | null} box @param {number} [most] zoom */
  fit(box, most = 1) {
    this.isFitted = true;
    const { x, y, width, height } = this.#space;
    if (!box) return this.set(x, y, 1);
    const k = Math.max(LEAST, Math.min(most, width / box.width, height / box.height));
    this.set(x + (width - box.width * k) / 2 - box.x * k, y + (height - box.height * k) / 2 - box.y * k, k);
  }

  /** How much of the graph can be seen at once. */
  get reach() {
    const { width, height } = this.#space;
    return { width: width / LEAST, height: height / LEAST };
  }

  /** Where a graph that is fitted stands, and what is revealed. @returns {Box} */
  get #space() {
    const { x, y, width, height } = this.free();
    const below = y + height < this.height ? MARGIN : BELOW;
    return { x: x + MARGIN, y: y + MARGIN, width: Math.max(1, width - 2 * MARGIN), height: Math.max(1, height - MARGIN - below) };
  }

  /** Pan as little as is needed for a box to be seen. @param {Box} box */
  reveal(box) {
    const from = this.toScreen(box);
    const { x, y, width, height } = this.#space;
    // Of what is larger than the room for it, the beginning is seen.
    const into = (/** @type {number} */ at, /** @type {number} */ size, /** @type {number} */ low, /** @type {number} */ length) =>
      Math.max(low - at, Math.min(0, low + length - at - size));
    const [dx, dy] = [into(from.x, box.width * this.k, x, width), into(from.y, box.height * this.k, y, height)];
    if (dx || dy) this.pan(dx, dy);
  }

  /** @param {number} x @param {number} y @param {number} k zoom */
  set(x, y, k) {
    Object.assign(this, { x, y, k });
    this.changed();
  }
}
