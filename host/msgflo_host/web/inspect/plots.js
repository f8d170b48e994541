// @ts-check
// Numbers of one or several edges over time: a picture that can be zoomed, and the same as a table.

import { element } from "../core/dom.js";
import { numberText } from "../core/text.js";
import { button, section, soon, write } from "./elements.js";
import { colourOf, loadPlot, makePlot } from "./uplot.js";
import { endText, numbersOf, timeText } from "./value_text.js";

const DRAW_MS = 500;
const MOST_EDGES = 6;
const MOST_LINES = 8; // of one edge

/**
 * @typedef {{label: string, points: [at: number, value: number][]}} Line  `at` in s since 1970
 */

export class Plots {
  #context;
  /** @type {Set<string>} */
  #keys;
  #graph;
  /** @type {ReturnType<typeof makePlot> | null} */
  #plot = null;
  #drawn = ""; // labels of the lines; other lines need a new plot
  #stopped = false;
  #loading = false;

  /** @param {import("../core/registry.js").Context} context @param {string[]} keys of edges */
  constructor(context, keys) {
    this.#context = context;
    this.#keys = new Set(keys);
    this.#graph = context.system.current;
    this.place = element("div", { className: "inspect-plot", role: "img" });
    this.table = element("tbody");
    this.none = element("p", { className: "hint" }, "No numbers yet.");
    this.others = element("select", { "aria-label": "Draw the numbers of another edge, too", change: () => this.#choose() });
    this.moves = [button("Earlier", () => this.#plot?.move(-0.5)), button("Later", () => this.#plot?.move(0.5)), button("Whole time", () => this.#plot?.whole())];
    this.left = element("p", { className: "hint" });
    this.seen = element("p", { className: "hint", role: "status" });
    this.soon = soon(() => this.#draw(), DRAW_MS);
    const tools = element("div", { className: "inspect-tools" }, this.others,
      button("Zoom in", () => this.#plot?.zoom(0.5)), button("Zoom out", () => this.#plot?.zoom(2)), ...this.moves);
    const head = element("thead", {}, element("tr", {}, ...["Line", "Last", "Least", "Greatest"].map((text) => element("th", { scope: "col" }, text))));
    this.figure = element("div", { hidden: true }, tools, this.place, this.seen, this.left,
      element("table", { className: "inspect-table" }, element("caption", { className: "unseen" }, "The numbers that are drawn"), head, this.table));
    this.element = section("Plot", true, this.none, this.figure);
    this.element.addEventListener("toggle", () => this.redraw());
  }

  /** A packet has come. @param {string} key */
  add(key) {
    if (this.#keys.has(key)) this.soon();
  }

  /** Draw anew, such as in other colours. */
  redraw() {
    this.#forget();
    this.#draw();
  }

  stop() {
    this.#stopped = true;
    this.soon.stop();
    this.#forget();
  }

  #forget() {
    this.#plot?.destroy();
    this.#plot = null;
  }

  #choose() {
    const { value } = this.others;
    if (this.#keys.has(value)) this.#keys.delete(value);
    else if (value) this.#keys.add(value);
    this.redraw();
    this.others.focus();
  }

  /** The lines that are drawn, and how many are left out. @returns {{lines: Line[], left: number}} */
  #lines() {
    /** @type {Line[]} */
    const all = [];
    let left = 0;
    for (const key of this.#keys) {
      /** @type {Map<string, Line>} */
      const lines = new Map();
      const edge = this.#context.system.graphs.get(this.#graph)?.edges.get(key);
      const name = edge ? endText(edge.src) : key;
      for (const { at, data } of this.#context.packets.history(key, this.#graph)) {
        for (const [path, value] of numbersOf(data)) {
          const line = lines.get(path) ?? { label: path ? `${name}: ${path}` : name, points: [] };
          lines.set(path, line);
          line.points.push([at / 1000, value]);
        }
      }
      all.push(...[...lines.values()].slice(0, MOST_LINES));
      left += Math.max(0, lines.size - MOST_LINES);
    }
    return { lines: all, left };
  }

  async #draw() {
    const { lines, left } = this.#lines();
    this.none.hidden = lines.length > 0;
    this.figure.hidden = lines.length === 0;
    if (lines.length === 0 || !this.element.open) return;
    const others = this.#fillOthers();
    this.#fillTable(lines);
    const numbers = left > 0 ? `Of each edge ${MOST_LINES} numbers are drawn: ${left} more are not.` : "";
    const edges = others > 0 ? `${MOST_EDGES} edges are drawn together: choose one to leave out for ${others === 1 ? "the other" : `one of ${others} others`}.` : "";
    write(this.left, `${numbers} ${edges}`.trim());
    if (!(await this.#ready())) return;
    const labels = JSON.stringify(lines.map(({ label }) => label));
    if (this.#plot !== null && labels === this.#drawn) return this.#plot.update(lines);
    this.#forget();
    this.#drawn = labels;
    this.#plot = makePlot(this.place, lines, (seen) => this.#see(seen));
    this.#see(null);
  }

  /** Show which time is seen. @param {{from: number, to: number} | null} seen */
  #see(seen) {
    for (const each of this.moves) each.hidden = seen === null;
    write(this.seen, seen === null ? "Drag over the picture to zoom in." : `From ${timeText(seen.from * 1000)} to ${timeText(seen.to * 1000)}.`);
  }

  /** Load the script, with the first plot; whether a plot can be drawn now. */
  async #ready() {
    if (this.#loading) return false;
    this.#loading = true;
    try {
      await loadPlot();
    } catch {
      write(this.seen, "There is no picture: the script that draws did not come.");
      return false;
    } finally {
      this.#loading = false;
    }
    return !this.#stopped && this.place.isConnected;
  }

  /** The choice of edges that can be drawn, too. @returns {number} how many edges cannot be drawn, too */
  #fillOthers() {
    const edges = [...(this.#context.system.graphs.get(this.#graph)?.edges.values() ?? [])];
    const [first] = this.#keys;
    const hasNumbers = (/** @type {string} */ key) => numbersOf(this.#context.packets.last(key, this.#graph)?.data).length > 0;
    const options = edges.filter(({ key }) => key !== first && (this.#keys.has(key) || hasNumbers(key))).map(({ key, src, tgt }) => {
      const text = `${endText(src)} → ${endText(tgt)}`;
      const chosen = this.#keys.has(key);
      return element("option", { value: key, disabled: !chosen && this.#keys.size >= MOST_EDGES }, chosen ? `Without ${text}` : text);
    });
    const left = options.filter(({ disabled }) => disabled).length;
    const now = JSON.stringify(options.map((each) => [each.value, each.textContent, each.disabled]));
    this.others.hidden = options.length === 0;
    if (this.others.dataset.options === now) return left; // somebody may be choosing
    this.others.dataset.options = now;
    this.others.replaceChildren(element("option", { value: "" }, "Draw another one …"), ...options);
    return left;
  }

  /** @param {Line[]} lines */
  #fillTable(lines) {
    const rows = lines.map(({ label, points }, i) => {
      const values = points.map(([, value]) => value);
      const mark = element("span", { className: "inspect-mark", "aria-hidden": "true" });
      mark.style.background = colourOf(i);
      const numbers = [values[values.length - 1], Math.min(...values), Math.max(...values)];
      return element("tr", {}, element("th", { scope: "row" }, mark, label), ...numbers.map((value) => element("td", {}, numberText(value))));
    });
    this.table.replaceChildren(...rows);
    const texts = rows.map((row) => [...row.cells].map((cell) => cell.textContent));
    const sentence = texts.map(([label, last, least, most]) => `${label}: ${last} now, from ${least} to ${most}`).join("; ");
    this.place.setAttribute("aria-label", `Numbers over time. ${sentence}`);
  }
}
