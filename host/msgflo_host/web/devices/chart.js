// @ts-check
import { element } from "../core/dom.js";
import { svg } from "../core/svg.js";
import { apart, asText, numberText } from "../core/text.js";

const PORTS = ["a", "b", "c"];
const MOST = 2000; // points of a line
const SPAN_MS = 60_000;
const [WIDTH, HEIGHT] = [300, 120];

/** Draws numbers over the last minute, three lines at most; true is 1 and false 0. @type {import("./kinds.js").Kind} */
export default {
  kind: "chart",
  name: "Chart",
  icon: "line-chart",
  label: "Draws numbers over time",
  size: { w: 6, h: 4 },
  ports: { in: PORTS.map((id) => ({ id, type: "number", description: "A line of the chart" })), out: [] },
  make: (place, participant) => {
    const lines = new Map(PORTS.map((port) => [port, new Line(port)]));
    const range = element("p", { className: "chart-range" });
    const paths = [...lines.values()].map((line) => line.path);
    const picture = svg("svg",
      { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", class: "chart", "aria-hidden": "true" },
      ...paths); // prettier-ignore
    const legend = element("ul", { className: "chart-legend" }, ...[...lines.values()].map((line) => line.legend));
    let frame = 0;
    const draw = () => {
      frame = 0;
      const now = Date.now();
      for (const line of lines.values()) line.forget(now - SPAN_MS);
      const values = [...lines.values()].flatMap((line) => line.points.map(([, value]) => value));
      const [low, high] = values.length ? bounds(values) : [0, 1];
      for (const line of lines.values()) line.draw(now, low, high);
      range.textContent = values.length ? `${numberText(low)} to ${numberText(high)}, one minute` : "Nothing in the last minute";
    };
    const soon = () => (frame ||= requestAnimationFrame(draw));
    const timer = setInterval(soon, 500);
    participant.onpacket = (port, value) => {
      lines.get(port)?.add(value);
      soon();
    };
    place.append(picture, range, legend);
    draw();
    return {
      stop: () => {
        clearInterval(timer);
        cancelAnimationFrame(frame);
      },
    };
  },
};

class Line {
  points = /** @type {[at: number, value: number][]} */ ([]);

  /** @param {string} port */
  constructor(port) {
    this.path = svg("polyline", { class: `chart-line chart-${port}`, "vector-effect": "non-scaling-stroke" });
    this.last = element("span", {}, "–");
    this.legend = element("li", { className: `chart-${port}` }, `${port}: `, this.last);
  }

  /** @param {unknown} value */
  add(value) {
    const number = typeof value === "boolean" ? Number(value) : value;
    const fits = typeof number === "number" && Number.isFinite(number);
    this.last.textContent = fits ? numberText(number) : `no number: ${apart(asText(value, 40))}`;
    if (!fits) return;
    this.points.push([Date.now(), number]);
    if (this.points.length > MOST) this.points.shift();
  }

  /** @param {number} before in ms since 1970 */
  forget(before) {
    const first = this.points.findIndex(([at]) => at >= before);
    if (first) this.points.splice(0, first < 0 ? this.points.length : first);
  }

  /** @param {number} now in ms since 1970 @param {number} low @param {number} high */
  draw(now, low, high) {
    const x = (/** @type {number} */ at) => (WIDTH * (1 - (now - at) / SPAN_MS)).toFixed(1);
    const half = high / 2 - low / 2; // high - low may overflow
    // A value holds until the next one.
    const step = (/** @type {[at: number, value: number]} */ [at, value], /** @type {number} */ i) => {
      const y = (HEIGHT * (0.95 - 0.9 * (half > 0 ? (value / 2 - low / 2) / half : 0.5))).toFixed(1);
      return `${x(at)},${y} ${x(this.points[i + 1]?.[0] ?? now)},${y}`;
    };
    this.path.setAttribute("points", this.points.map(step).join(" "));
  }
}

/** The least and the largest, which differ as long as numbers allow that. @param {number[]} values */
function bounds(values) {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return low === high ? [low - 1, high + 1] : [low, high];
}
