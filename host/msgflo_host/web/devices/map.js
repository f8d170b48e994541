// @ts-check
import { element } from "../core/dom.js";
import { svg } from "../core/svg.js";
import { apart, asText } from "../core/text.js";
import { color } from "./color.js";
import { ERROR, throttle, fail } from "./parts.js";

const [WIDTH, DEPTH] = [6, 4]; // metres
const MARKS = 50;
/** @type {Record<string, [dx: number, dy: number]>} */
const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
/** @param {unknown} value @param {number} most */
const isMetres = (value, most) => typeof value === "number" && value >= 0 && value <= most;

/** @typedef {{name: string, x: number, y: number, color?: unknown, text?: unknown}} Mark */

/** A room from above: a person to move about, and marks that packets put there. @type {import("./kinds.js").Kind} */
export default {
  kind: "map",
  name: "Map of a room",
  icon: "map-o",
  label: "Somebody in a room, and marks on its map",
  size: { w: 5, h: 4 },
  ports: {
    in: [
      {
        id: "mark",
        type: "object",
        description: `{"name": "lamp", "x": 0 to ${WIDTH}, "y": 0 to ${DEPTH} (metres), "color", "text"}`,
      },
      { id: "remove", type: "string", description: "The name of a mark" },
    ],
    out: [
      { id: "place", type: "object", description: '{"x": metres, "y": metres} of the person', state: true },
      ERROR,
    ],
  },
  make: (place, participant, options = {}) => {
    const at = { x: options.x ?? 1, y: options.y ?? 1 };
    /** @type {Map<string, Mark>} */
    const marks = new Map();
    const layer = svg("g");
    const person = svg("circle", { r: 0.22, class: "map-person" });
    const picture = svg("svg",
      { viewBox: `-0.1 -0.1 ${WIDTH + 0.2} ${DEPTH + 0.2}`, class: "map", tabindex: 0, role: "application",
        "aria-roledescription": "map", "aria-label": `${participant.role}: arrow keys move the person` },
      ...furniture(), layer, person); // prettier-ignore
    const status = element("output", { className: "device-status" });
    const list = element("ul", { className: "map-marks" });
    const send = throttle(100, () => participant.send("place", { ...at }));
    const move = (/** @type {number} */ x, /** @type {number} */ y) => {
      at.x = within(x, WIDTH);
      at.y = within(y, DEPTH);
      person.setAttribute("cx", String(at.x));
      person.setAttribute("cy", String(at.y));
      status.textContent = `Person at ${at.x} m, ${at.y} m`;
      send();
    };
    const point = (/** @type {PointerEvent} */ event) => {
      const { x, y } = new DOMPoint(event.clientX, event.clientY).matrixTransform(picture.getScreenCTM()?.inverse());
      move(x, y);
    };
    picture.addEventListener("pointerdown", (event) => {
      picture.setPointerCapture(event.pointerId);
      point(event);
    });
    picture.addEventListener("pointermove", (event) => event.buttons && point(event));
    picture.addEventListener("keydown", (event) => {
      const step = STEPS[event.key];
      if (!step) return;
      event.preventDefault();
      move(at.x + step[0] * 0.25, at.y + step[1] * 0.25);
    });
    const redraw = () => {
      layer.replaceChildren(...[...marks.values()].map(drawn));
      list.replaceChildren(...[...marks.values()].map((mark) => element("li", {}, described(mark))));
    };
    participant.onpacket = (port, value) => {
      if (port === "remove") marks.delete(String(value));
      else {
        const wrong = wrongMark(value, marks);
        if (wrong) return fail(participant, `mark ${asText(value, 60)}: ${wrong}`, port);
        marks.set(value.name, value);
      }
      redraw();
    };
    place.append(picture, status, list);
    move(at.x, at.y);
    return { memory: () => at, stop: () => send.stop() };
  },
};

/** @param {number} value @param {number} most */
const within = (value, most) => Number(Math.min(most, Math.max(0, value)).toFixed(2));

/** @param {Partial<Mark> | null} value from anybody @param {Map<string, Mark>} marks */
function wrongMark(value, marks) {
  if (typeof value !== "object" || value === null || typeof value.name !== "string") return "a name is needed";
  if (!isMetres(value.x, WIDTH)) return `x must be from 0 to ${WIDTH}`;
  if (!isMetres(value.y, DEPTH)) return `y must be from 0 to ${DEPTH}`;
  return !marks.has(value.name) && marks.size >= MARKS ? `more than ${MARKS} marks` : "";
}

/** @param {Mark} mark */
const described = ({ name, x, y, text }) =>
  `${apart(asText(name, 40))}${text === undefined ? "" : `: ${apart(asText(text, 60))}`} (${within(x, WIDTH)} m, ${within(y, DEPTH)} m)`;

/** @param {Mark} mark */
function drawn(mark) {
  const dot = svg("circle", { cx: mark.x, cy: mark.y, r: 0.14, class: "map-mark" });
  dot.style.fill = color(mark.color) ?? "";
  const words = apart(asText(mark.text ?? mark.name, 20));
  return svg("g", {}, dot, svg("text", { x: mark.x, y: mark.y - 0.22, class: "map-text" }, words));
}

/** Walls, a door, a window and a table, so that it looks like a room. */
const furniture = () => [
  svg("rect", { width: WIDTH, height: DEPTH, class: "map-wall" }),
  svg("line", { x1: 4.2, y1: 0, x2: 5.4, y2: 0, class: "map-window" }),
  svg("line", { x1: 0.6, y1: DEPTH, x2: 1.5, y2: DEPTH, class: "map-door" }),
  svg("rect", { x: 2.3, y: 1.5, width: 1.6, height: 0.9, rx: 0.1, class: "map-table" }),
];
