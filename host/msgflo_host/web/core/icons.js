// @ts-check
// The icons of the page's own buttons, drawn on a grid of 16 by 16 with lines of the colour of the text.

import { svg } from "./svg.js";

/** @type {Record<string, string>} */
const PATHS = {
  add: "M3 5h7v6H3zM12.5 7v5M10 9.5h5",
  close: "M4 4l8 8M12 4l-8 8",
  copy: "M6 6h7v7H6zM10 6V3H3v7h3",
  dark: "M13 9.5A5.5 5.5 0 0 1 6.5 3a5.5 5.5 0 1 0 6.5 6.5z",
  fit: "M3 6V3h3M10 3h3v3M13 10v3h-3M6 13H3v-3M6 6.5h4v3H6z",
  key: "M7.8 8.2l5.2-5.2M11 5l2 2M5.5 13a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5z",
  keys: "M2 5h12v7H2zM4.5 7.5h.5M7.5 7.5h.5M10.5 7.5h.5M5 10h6",
  larger: "M8 3v10M3 8h10",
  layout: "M2.5 6h4v4h-4zM9.5 2.5h4v4h-4zM9.5 9.5h4v4h-4zM6.5 8h1.5V4.5h1.5M8 8v3.5h1.5",
  library: "M2.5 3.5h11v9h-11zM6 3.5v9",
  light: "M8 10.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5zM8 1.5v2M8 12.5v2M1.5 8h2M12.5 8h2M3.4 3.4l1.4 1.4M11.2 11.2l1.4 1.4M3.4 12.6l1.4-1.4M11.2 4.8l1.4-1.4",
  more: "M7 3.5a1 1 0 1 0 2 0a1 1 0 1 0-2 0zm1 0h0M7 8a1 1 0 1 0 2 0a1 1 0 1 0-2 0zm1 0h0M7 12.5a1 1 0 1 0 2 0a1 1 0 1 0-2 0zm1 0h0",
  redo: "M10 3l3 3-3 3M13 6H6.5a3.5 3.5 0 0 0 0 7H10",
  save: "M3 3h8l2 2v8H3zM5.5 3v3h4V3M5.5 13V9.5h5V13",
  select: "M3 3h2M7 3h2M11 3h2v2M13 7v2M13 11v2h-2M9 13H7M5 13H3v-2M3 9V7M3 5V3",
  smaller: "M3 8h10",
  start: "M5 3.5l7.5 4.5L5 12.5z",
  stop: "M3.75 3.75h8.5v8.5h-8.5z",
  undo: "M6 3L3 6l3 3M3 6h6.5a3.5 3.5 0 0 1 0 7H6",
  whole: "M3 6V3h3M10 3h3v3M13 10v3h-3M6 13H3v-3",
};

/** @param {string} name one of PATHS @returns {SVGSVGElement} */
export const icon = (name) => svg("svg", { viewBox: "0 0 16 16", class: "icon", "aria-hidden": "true" }, svg("path", { d: PATHS[name] }));
