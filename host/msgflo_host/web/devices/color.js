// @ts-check
/** The notations of a colour, the same as on a board. */

/** @type {Record<string, string>} */
const NAMES = {
  black: "#000000", silver: "#c0c0c0", gray: "#808080", grey: "#808080", white: "#ffffff", maroon: "#800000",
  red: "#ff0000", purple: "#800080", fuchsia: "#ff00ff", magenta: "#ff00ff", green: "#008000", lime: "#00ff00",
  olive: "#808000", yellow: "#ffff00", navy: "#000080", blue: "#0000ff", teal: "#008080", aqua: "#00ffff",
  cyan: "#00ffff", orange: "#ffa500", pink: "#ffc0cb", violet: "#ee82ee", gold: "#ffd700", warmwhite: "#ffa757",
}; // prettier-ignore

/** A colour as "#rrggbb"; null for what is none. @param {unknown} value */
export function color(value) {
  if (Array.isArray(value)) {
    const fits = value.length === 3 && value.every((part) => Number.isInteger(part) && part >= 0 && part <= 255);
    return fits ? `#${value.map((part) => part.toString(16).padStart(2, "0")).join("")}` : null;
  }
  if (typeof value !== "string") return null;
  const text = value.toLowerCase().replace("warm white", "warmwhite");
  if (/^#[0-9a-f]{6}$/.test(text)) return text;
  if (/^#[0-9a-f]{3}$/.test(text)) return `#${[...text.slice(1)].map((digit) => digit + digit).join("")}`;
  return Object.hasOwn(NAMES, text) ? NAMES[text] : null;
}

export const ALLOWED = `"#rrggbb", "#rgb", [red, green, blue] from 0 to 255, ${Object.keys(NAMES).join(", ")}`;
