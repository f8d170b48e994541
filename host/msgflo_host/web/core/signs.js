// @ts-check
// Icons of components, by the names of Font Awesome, drawn in lines on 24 × 24; other names are drawn as a letter.

import { svg } from "./svg.js";

/** @type {Record<string, string>} */
const GLYPHS = {
  "lightbulb": "M9 18h6M10 21h4M12 3a6 6 0 0 1 3.5 10.9c-.5.4-.5 1-.5 1.6H9c0-.6 0-1.2-.5-1.6A6 6 0 0 1 12 3z",
  "thermometer": "M10 14V5a2 2 0 0 1 4 0v9a4 4 0 1 1-4 0zM12 9v8",
  "tint": "M12 3c4 5 6 7.5 6 10.5a6 6 0 0 1-12 0C6 10.5 8 8 12 3z",
  "sun": "M8 12a4 4 0 1 0 8 0a4 4 0 1 0-8 0M12 2v3M12 19v3M2 12h3M19 12h3M5 5l2 2M17 17l2 2M5 19l2-2M17 7l2-2",
  "moon": "M19 15A8 8 0 0 1 9 5a8 8 0 1 0 10 10z",
  "tachometer": "M4 17a9 9 0 1 1 16 0M12 15l4-6M11 15a1 1 0 1 0 2 0a1 1 0 1 0-2 0",
  "exclamation": "M12 4v10M12 18v2",
  "warning": "M12 4L2.5 20h19zM12 10v4M12 16.5v1",
  "lock": "M6 11h12v9H6zM9 11V8a3 3 0 0 1 6 0v3",
  "trash": "M5 7h14M9 7V4h6v3M7 7l1 13h8l1-13M10.5 10.5v6M13.5 10.5v6",
  "toggle-on": "M8 7h8a5 5 0 0 1 0 10H8A5 5 0 0 1 8 7zM13.5 12a2.5 2.5 0 1 0 5 0a2.5 2.5 0 1 0-5 0",
  "toggle-off": "M8 7h8a5 5 0 0 1 0 10H8A5 5 0 0 1 8 7zM5.5 12a2.5 2.5 0 1 0 5 0a2.5 2.5 0 1 0-5 0",
  "terminal": "M3 5h18v14H3zM6.5 9l3 3-3 3M12 15h5",
  "code": "M8 7l-5 5 5 5M16 7l5 5-5 5M13.5 5l-3 14",
  "sliders": "M4 7h9M17 7h3M4 17h3M11 17h9M13 7a2 2 0 1 0 4 0a2 2 0 1 0-4 0M7 17a2 2 0 1 0 4 0a2 2 0 1 0-4 0",
  "sitemap": "M9.5 3h5v5h-5zM3 16h5v5H3zM16 16h5v5h-5zM12 8v4M5.5 16v-4h13v4",
  "server": "M4 4h16v7H4zM4 13h16v7H4zM7 7.5h1M7 16.5h1M11 7.5h6M11 16.5h6",
  "rss": "M5 19h1M5 12a7 7 0 0 1 7 7M5 5a14 14 0 0 1 14 14",
  "wifi": "M2.5 9.5a14 14 0 0 1 19 0M6 13.5a9 9 0 0 1 12 0M9.5 17a4 4 0 0 1 5 0M12 20v.5",
  "repeat": "M4 11V9a3 3 0 0 1 3-3h12M16 3l3 3-3 3M20 13v2a3 3 0 0 1-3 3H5M8 21l-3-3 3-3",
  "power-off": "M12 3v9M7 6a8 8 0 1 0 10 0",
  "microphone": "M9 6a3 3 0 0 1 6 0v5a3 3 0 0 1-6 0zM5.5 11a6.5 6.5 0 0 0 13 0M12 17.5V21M9 21h6",
  "microchip": "M7 7h10v10H7zM10 3v4M14 3v4M10 17v4M14 17v4M3 10h4M3 14h4M17 10h4M17 14h4",
  "hourglass": "M6 3h12M6 21h12M7 3c0 5 5 6 5 9s-5 4-5 9M17 3c0 5-5 6-5 9s5 4 5 9",
  "chain-broken": "M10 14l-3.5 3.5a3 3 0 0 1-4-4L6 10M14 10l3.5-3.5a3 3 0 0 1 4 4L18 14M9 3v3M3 8h3M15 21v-3M21 16h-3",
  "hand": "M8 12V6a1.5 1.5 0 0 1 3 0v5M11 11V4.5a1.5 1.5 0 0 1 3 0V11M14 11V6a1.5 1.5 0 0 1 3 0v8a7 7 0 0 1-13 3l-1.5-3.5a1.5 1.5 0 0 1 2.7-1.200L8 15",
  "font": "M5 20L12 4l7 16M8 14h8",
  "exchange": "M4 8h15M15 4l4 4-4 4M20 16H5M9 12l-4 4 4 4",
  "crosshairs": "M5 12a7 7 0 1 0 14 0a7 7 0 1 0-14 0M12 2v6M12 16v6M2 12h6M16 12h6",
  "compress": "M4 10h6V4M14 4v6h6M4 14h6v6M14 20v-6h6",
  "expand": "M10 4H4v6M14 4h6v6M10 20H4v-6M14 20h6v-6",
  "clock": "M3.5 12a8.5 8.5 0 1 0 17 0a8.5 8.5 0 1 0-17 0M12 7v5l3.5 2",
  "calendar": "M4 6h16v14H4zM4 10h16M8 3v4M16 3v4",
  "camera": "M3 8h4l2-3h6l2 3h4v11H3zM8.5 13a3.5 3.5 0 1 0 7 0a3.5 3.5 0 1 0-7 0",
  "calculator": "M5 3h14v18H5zM8 6h8v3H8zM8.5 13h1M14.5 13h1M8.5 17h1M14.5 17h1",
  "battery": "M2 8h17v8H2zM22 11v2M5 11v2M8 11v2M11 11v2",
  "bar-chart": "M3 3v18h18M8 17v-5M12.5 17V7M17 17v-8",
  "line-chart": "M3 3v18h18M6 15l4-4 4 3 6-7",
  "arrows-h": "M3 12h18M6 8l-4 4 4 4M18 8l4 4-4 4",
  "arrow-right": "M4 12h16M14 6l6 6-6 6",
  "volume": "M4 9v6h4l5 4V5L8 9zM16 9a4 4 0 0 1 0 6M18.5 6a8 8 0 0 1 0 12",
  "music": "M9 18V6l10-2v12M4 18a2.5 2.5 0 1 0 5 0a2.5 2.5 0 1 0-5 0M14 16a2.5 2.5 0 1 0 5 0a2.5 2.5 0 1 0-5 0",
  "television": "M3 5h18v12H3zM8 21h8",
  "tablet": "M6 3h12v18H6zM11 18h2",
  "plug": "M9 3v5M15 3v5M6 8h12v3a6 6 0 0 1-12 0zM12 17v4",
  "bolt": "M13 2L5 14h6l-1 8 8-12h-6z",
  "fire": "M12 3c1 4 6 6 6 11a6 6 0 0 1-12 0c0-2 1-3 2-4 0 2 1 3 2 3 1-3 0-6 2-10z",
  "bomb": "M4 14a6.5 6.5 0 1 0 13 0a6.5 6.5 0 1 0-13 0M15 9l3-3M18 6l1-3M18 6l3 1",
  "comment": "M4 5h16v11h-9l-4 4v-4H4z",
  "users": "M6 8a3 3 0 1 0 6 0a3 3 0 1 0-6 0M2.5 20a6.5 6.5 0 0 1 13 0M15 5.5a3 3 0 0 1 0 5M17 14a6 6 0 0 1 4.5 6",
  "user": "M8 8a4 4 0 1 0 8 0a4 4 0 1 0-8 0M4 21a8 8 0 0 1 16 0",
  "map": "M3 6l6-2 6 2 6-2v14l-6 2-6-2-6 2zM9 4v14M15 6v14",
  "home": "M3 12l9-8 9 8M6 10v10h12V10",
  "beer": "M5 7h11v13H5zM16 10h2a2 2 0 0 1 2 2v3a2 2 0 0 1-2 2h-2M8.5 11v5M12.5 11v5M5 7a3 3 0 0 1 5-3 3 3 0 0 1 6 3",
  "gamepad": "M7 8h10a4 4 0 0 1 4 5l-1 4c-2 2-3-1-4-2H8c-1 1-2 4-4 2l-1-4a4 4 0 0 1 4-5zM8 10v4M6 12h4M15.5 12h1",
  "rocket": "M12 2c4 4 4 9 3 14H9C8 11 8 6 12 2zM9 12l-4 4v3l4-2M15 12l4 4v3l-4-2M12 19v3M12 8v1",
  "cog": "M8.5 12a3.5 3.5 0 1 0 7 0a3.5 3.5 0 1 0-7 0M12 3v3M12 18v3M3 12h3M18 12h3M5.6 5.600l2.2 2.200M16.2 16.200l2.2 2.200M5.6 18.400l2.2-2.200M16.2 7.800l2.2-2.2",
  "file": "M6 3h8l4 4v14H6zM14 3v4h4M9 12h6M9 16h6",
  "sort": "M7 4v16M4 17l3 3 3-3M14 6h4M14 12h5M14 18h6",
  "pause": "M8 5v14M16 5v14",
  "play": "M7 4l12 8-12 8z",
  "eye": "M2 12c5-8 15-8 20 0-5 8-15 8-20 0zM9 12a3 3 0 1 0 6 0a3 3 0 1 0-6 0",
  "bell": "M6 17V11a6 6 0 0 1 12 0v6l2 1H4zM10.5 21h3",
  "square": "M5 5h14v14H5z",
  "circle": "M4 12a8 8 0 1 0 16 0a8 8 0 1 0-16 0",
};

/** @type {Record<string, string>} */
const ALIASES = {
  "adjust": "sun", "area-chart": "line-chart", "arrows": "exchange", "bullhorn": "volume", "chain": "chain-broken", "cube": "square",
  "cogs": "cog", "comments": "comment", "commenting": "comment", "desktop": "television", "dashboard": "tachometer", "flash": "bolt",
  "forward": "arrow-right", "gear": "cog", "key": "lock", "laptop": "television", "mobile": "tablet", "mobile-phone": "tablet",
  "random": "exchange", "refresh": "repeat", "retweet": "repeat", "space-shuttle": "rocket", "tv": "television", "unlink": "chain-broken",
  "unlock": "lock", "unlock-alt": "lock", "exclamation-triangle": "warning", "sign-out": "arrow-right", "share": "arrow-right", "step-forward": "arrow-right",
  "copy": "file", "history": "clock", "child": "user", "male": "user", "group": "users", "dot-circle": "circle", "stop": "square",
};

/**
 * The lines of a sign, or null where there is none of that name.
 * @param {string} name of Font Awesome, with or without "fa-"
 * @returns {string | null}
 */
export function glyph(name) {
  let stem = name.replace(/^fa-/, "");
  while (stem) {
    const found = Object.hasOwn(GLYPHS, stem) ? stem : Object.hasOwn(ALIASES, stem) ? ALIASES[stem] : null;
    if (found) return GLYPHS[found];
    // "thermometer-half", "file-word-o": the first words matter most.
    stem = stem.includes("-") ? stem.slice(0, stem.lastIndexOf("-")) : "";
  }
  return null;
}

/**
 * A sign as an element; the first letter of `otherwise` where the name is not known.
 * @param {string} name
 * @param {string} otherwise
 * @returns {SVGSVGElement}
 */
export function icon(name, otherwise = name) {
  const lines = glyph(name);
  const letter = ([...otherwise.replace(/^.*\//, "")][0] ?? "?").toUpperCase();
  const drawn = lines ? svg("path", { d: lines }) : svg("text", { x: 12, y: 18, "text-anchor": "middle" }, letter);
  return svg("svg", { class: "sign", viewBox: "0 0 24 24", "aria-hidden": "true" }, drawn);
}
