// @ts-check
/** A picture of each kind, in lines on 24 × 24. */
import { glyph } from "../core/signs.js";
import { svg } from "../core/svg.js";

/** Those that are drawn as the signs of nodes are. @type {Record<string, string>} */
const SIGNS = {
  temperature: "thermometer", humidity: "tint", sound: "microphone", light: "sun", switch: "toggle-on", rgb: "lightbulb", sensor433: "rss", clock: "clock",
}; // prettier-ignore

/** @type {Record<string, string>} */
const PATHS = {
  button: "M4 18h16M6 18v-3h12v3M8 15v-3a4 4 0 0 1 8 0v3M12 3v3",
  potentiometer: "M4 17a9 9 0 1 1 16 0M12 13l4-5M10.5 14a1.5 1.5 0 1 0 3 0a1.5 1.5 0 1 0-3 0",
  relay: "M2 15h5M17 15h5M7 15l9-6M5.5 15a1.5 1.5 0 1 0 3 0a1.5 1.5 0 1 0-3 0M15.5 15a1.5 1.5 0 1 0 3 0a1.5 1.5 0 1 0-3 0",
  display: "M3 5h18v11H3zM9 20h6M12 16v4M7 9h8M7 12h5",
  chart: "M4 4v16h16M7 15l4-5 3 3 5-7",
  text: "M3 6h18v12H3zM7 10v4M10 14h7",
  map: "M4 4h16v16H4zM4 12h5M13 12h7M12 4v4M15 16a1 1 0 1 0 2 0a1 1 0 1 0-2 0",
};

/** The picture of a kind. */
export const picture = (/** @type {string} */ kind) =>
  svg("svg", { viewBox: "0 0 24 24", class: "device-icon", "aria-hidden": "true" }, svg("path", { d: PATHS[kind] ?? glyph(SIGNS[kind]) }));
