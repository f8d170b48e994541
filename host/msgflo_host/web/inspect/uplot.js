// @ts-check
// uPlot as the page uses it: lines over time, zoomed by dragging and by buttons, in the colours of the page.

import { element } from "../core/dom.js";
import { load } from "../core/load.js";
import { timeText } from "./value_text.js";

const HEIGHT = 180;
const COLOURS = { light: ["#1a62c4", "#b3261e", "#1d7440", "#8a5800", "#7b3fb5", "#0b7285", "#a61e6b", "#4d5661"],
  dark: ["#7db1f7", "#f28b82", "#6ecb8f", "#e8b454", "#c9a2f2", "#66d0e0", "#f09cc8", "#b3bcc7"] };

/**
 * @import { Line } from "./plots.js"
 * @typedef {{min: number, max: number}} Range  in s since 1970
 * @typedef {(number | null)[][]} Table  times in s since 1970, then the values of each line
 * @typedef {{over: HTMLElement, data: Table, scales: {x: Range}, setScale(key: "x", range: Range): void, setSize(size: {width: number, height: number}): void,
 *   setData(data: Table, resetScales: boolean): void, destroy(): void}} Plot  as far as we use it
 * @typedef {new (options: object, data: Table, place: HTMLElement) => Plot} PlotMaker
 */

/** @type {PlotMaker | null} */
let uPlot = null;
/** @type {Promise<unknown> | null} */
let styled = null;

/** The colour of the n-th line. @param {number} n */
export function colourOf(n) {
  const colours = COLOURS[document.documentElement.dataset.theme === "dark" ? "dark" : "light"];
  return colours[n % colours.length];
}

/** Load the script and its styles. Rejects where the script does not come; the next call tries again. */
export async function loadPlot() {
  const module = await load("vendor/uplot.js");
  await (styled ??= new Promise((loaded) => {
    const href = new URL("../vendor/uplot.css", import.meta.url).href;
    document.head.append(element("link", { rel: "stylesheet", href, load: loaded, error: loaded }));
  }));
  uPlot = module.default;
}

/**
 * Draw lines.
 * @param {HTMLElement} place @param {Line[]} lines @param {(seen: {from: number, to: number} | null) => void} onZoom with the time that
 *   is seen, in s since 1970, or null where that is the whole
 */
export function makePlot(place, lines, onZoom) {
  if (uPlot === null) throw new Error("loadPlot() comes first");
  let isZoomed = false;
  const show = (/** @type {number} */ min, /** @type {number} */ max) => {
    isZoomed = true;
    plot.setScale("x", { min, max });
  };
  const plot = new uPlot({
    width: place.clientWidth || 320,
    height: HEIGHT,
    legend: { show: false }, // the table is one
    cursor: { y: false, drag: { x: true, y: false } },
    scales: { x: { time: true } },
    axes: [{ ...axis(), space: 84, values: (/** @type {Plot} */ _, /** @type {number[]} */ ticks) => ticks.map(tickText) }, { ...axis(), size: 56 }],
    series: [{}, ...lines.map((_, i) => ({ stroke: colourOf(i), width: 1.5, spanGaps: true, points: { show: lines[i].points.length < 60, size: 5 } }))],
    hooks: {
      setSelect: [() => (isZoomed = true)],
      setScale: [(/** @type {Plot} */ { scales: { x } }, /** @type {string} */ key) => key === "x" && onZoom(isZoomed ? { from: x.min, to: x.max } : null)],
    },
  }, table(lines), place);
  plot.over.addEventListener("dblclick", () => (isZoomed = false), { capture: true }); // before it shows the whole time
  const resized = new ResizeObserver(() => place.clientWidth && plot.setSize({ width: place.clientWidth, height: HEIGHT }));
  resized.observe(place);
  return {
    /** @param {Line[]} now the same lines with other points */
    update: (now) => plot.setData(table(now), !isZoomed),
    whole() {
      isZoomed = false;
      plot.setData(plot.data, true);
    },
    /** @param {number} factor of the time that is seen */
    zoom(factor) {
      const { min, max } = plot.scales.x;
      const [middle, half] = [(min + max) / 2, ((max - min) / 2) * factor];
      if (!Number.isFinite(half) || half <= 0) return;
      show(middle - half, middle + half);
    },
    /** Move to earlier or later, as far as there are points. @param {number} share of the time that is seen */
    move(share) {
      const { min, max } = plot.scales.x;
      const times = /** @type {number[]} */ (plot.data[0]);
      const [first, last] = [times[0], times[times.length - 1]];
      const full = (max - min) * share;
      const by = full < 0 ? Math.max(full, Math.min(0, first - min)) : Math.min(full, Math.max(0, last - max));
      if (Number.isFinite(by) && by !== 0) show(min + by, max + by);
    },
    destroy() {
      resized.disconnect();
      plot.destroy();
    },
  };
}

function axis() {
  const style = getComputedStyle(document.documentElement);
  const of = (/** @type {string} */ name) => style.getPropertyValue(name).trim();
  return { stroke: of("--muted"), grid: { stroke: of("--line"), width: 1 }, ticks: { stroke: of("--line"), width: 1 } };
}

/** The time of day, no finer than it needs to be. @param {number} at in s since 1970 */
const tickText = (at) => timeText(at * 1000).replace(/\.000$/, "");

/** The times of all lines, and the values of each at these times, null where it has none. @param {Line[]} lines @returns {Table} */
function table(lines) {
  const times = [...new Set(lines.flatMap(({ points }) => points.map(([at]) => at)))].sort((a, b) => a - b);
  const place = new Map(times.map((at, i) => [at, i]));
  const columns = lines.map(({ points }) => {
    /** @type {(number | null)[]} */
    const column = new Array(times.length).fill(null);
    for (const [at, value] of points) column[/** @type {number} */ (place.get(at))] = value;
    return column;
  });
  return [times, ...columns];
}
