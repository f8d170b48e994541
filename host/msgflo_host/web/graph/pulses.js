// @ts-check
// Packets as dots of light that run along edges, drawn by one loop that rests when nothing moves.

import { pointAt } from "./geometry.js";

const DURATION_MS = 700;
const MOST = 250; // at a time
const BETWEEN_MS = 90; // two dots on one edge
const RADIUS = 4.5;

export class Pulses {
  /** @type {{key: string, from: number}[]} */
  #running = [];
  /** @type {Map<string, number>} */
  #last = new Map();
  #frame = 0;
  #pen;
  #colour = "";
  #calm = matchMedia("(prefers-reduced-motion: reduce)");

  /**
   * @param {HTMLCanvasElement} canvas as large as the picture
   * @param {import("./view.js").View} view
   * @param {import("./edges.js").Edges} edges
   */
  constructor(canvas, view, edges) {
    this.canvas = canvas;
    this.view = view;
    this.edges = edges;
    this.#pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  }

  /** A packet passes an edge. @param {string} key */
  add(key) {
    const now = performance.now();
    if (this.#calm.matches || document.hidden || this.#running.length >= MOST) return;
    if (now - (this.#last.get(key) ?? -Infinity) < BETWEEN_MS || !this.edges.lineOf(key)) return;
    this.#last.set(key, now);
    this.#running.push({ key, from: now });
    if (!this.#frame) this.#begin();
  }

  #begin() {
    this.#colour = getComputedStyle(this.canvas).color;
    this.#frame = requestAnimationFrame((now) => this.#draw(now));
  }

  /** @param {number} now in ms */
  #draw(now) {
    const { canvas, view } = this;
    const pen = this.#pen;
    pen.setTransform(1, 0, 0, 1, 0, 0);
    pen.clearRect(0, 0, canvas.width, canvas.height);
    const ratio = canvas.width / Math.max(1, view.width);
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.fillStyle = this.#colour;
    this.#running = this.#running.filter(({ key, from }) => this.#dot(key, (now - from) / DURATION_MS));
    this.#frame = this.#running.length ? requestAnimationFrame((next) => this.#draw(next)) : 0;
    if (!this.#frame && this.#last.size > 1000) this.#last.clear();
  }

  /** @param {string} key @param {number} t from 0 to 1 @returns {boolean} whether it still runs */
  #dot(key, t) {
    const line = this.edges.lineOf(key);
    if (t >= 1 || !line) return false;
    const { x, y } = this.view.toScreen(pointAt(line, Math.max(0, t)));
    if (x < -9 || y < -9 || x > this.view.width + 9 || y > this.view.height + 9) return true;
    const radius = Math.max(2, RADIUS * Math.min(1, this.view.k));
    const pen = this.#pen;
    pen.globalAlpha = 0.25;
    pen.beginPath();
    pen.arc(x, y, radius * 2, 0, 7);
    pen.fill();
    pen.globalAlpha = 1;
    pen.beginPath();
    pen.arc(x, y, radius, 0, 7);
    pen.fill();
    return true;
  }
}
