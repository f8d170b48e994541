// @ts-check
// What part of the graph is seen, and how large: zoom, pan, fit. Pure.

/** @typedef {import("./geometry.js").Point} Point */
/** @typedef {import("./geometry.js").Box} Box */

export const LEAST = 0.08;
export const MOST = 3;
const MARGIN = 28;
const BELOW = 64; // where the buttons are

/** Where the graph's origin is on the screen (x, y in pixels of the picture) and how many pixels of the screen one of it takes (k). */
export class View {
  x = 0;
  y = 0;
  k = 1;
  width = 1;
  height = 1;
  /** Whether all is shown because somebody wanted that, and has not moved away since. */
  isFitted = false;

  /** @param {() => void} changed called after each change */
  constructor(changed) {
    this.changed = changed;
  }

  /** @param {Point} point of the screen @returns {Point} of the graph */
  toGraph({ x, y }) {
    return { x: (x - this.x) / this.k, y: (y - this.y) / this.k };
  }

  /** @param {Point} point of the graph @returns {Point} of the screen */
  toScreen({ x, y }) {
    return { x: x * this.k + this.x, y: y * this.k + this.y };
  }

  /** The part of the graph that is seen. @returns {Box} */
  get seen() {
    return { ...this.toGraph({ x: 0, y: 0 }), width: this.width / this.k, height: this.height / this.k };
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

  /** Show a box as large as there is room for, but no larger than `most`. @param {Box | null} box */
  fit(box, most = 1) {
    this.isFitted = true;
    if (!box) return this.set(MARGIN, MARGIN, 1);
    const [width, height] = [this.width - 2 * MARGIN, Math.max(1, this.height - MARGIN - BELOW)];
    const k = Math.max(LEAST, Math.min(most, width / box.width, height / box.height));
    this.set(MARGIN + (width - box.width * k) / 2 - box.x * k, MARGIN + (height - box.height * k) / 2 - box.y * k, k);
  }

  /** Pan as little as is needed for a box to be seen. @param {Box} box */
  reveal(box) {
    const from = this.toScreen(box);
    const [right, bottom] = [from.x + box.width * this.k, from.y + box.height * this.k];
    const into = (low, high, room) => (low < MARGIN ? MARGIN - low : high > room - MARGIN ? room - MARGIN - high : 0);
    const [dx, dy] = [into(from.x, right, this.width), into(from.y, bottom, this.height + MARGIN - BELOW)];
    if (dx || dy) this.pan(dx, dy);
  }

  set(x, y, k) {
    Object.assign(this, { x, y, k });
    this.changed();
  }
}
