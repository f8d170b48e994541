// @ts-check
// Pictures of the devices on a board, drawn on a field of 64 by 64 in the colours of the page and of their light.

import { element } from "../core/dom.js";
import { svg } from "../core/svg.js";

/** The colour of a lamp that is off. */
export const NIGHT = "#000000";

/** @param {number} width @param {...Element} children */
const picture = (width, ...children) => svg("svg", { viewBox: `0 0 ${width} 64`, class: "board-picture", "aria-hidden": "true" }, ...children);

/** A lamp. @returns {{element: SVGElement, shine: (color: string | null) => void}} `shine(null)` is dark */
export function lamp() {
  const glow = svg("circle", { cx: 32, cy: 28, r: 26, class: "board-glow" });
  const bulb = svg("path", { d: "M20 46V28a12 12 0 0 1 24 0v18z", class: "board-part" });
  const legs = svg("path", { d: "M17 46h30M27 46v14M37 46v10", class: "board-wire" });
  return {
    element: picture(64, glow, bulb, legs),
    shine: (color) => {
      const lit = color !== null && color !== NIGHT;
      glow.style.fill = bulb.style.fill = lit ? color : "";
      glow.style.opacity = lit ? "0.3" : "0";
    },
  };
}

/** A knob; `turn` takes 0 to 1. @returns {{element: SVGElement, turn: (position: number) => void}} */
export function knob() {
  const pointer = svg("path", { d: "M32 34V18", class: "board-mark" });
  const scale = svg("path", { d: "M15.7 50.3A23 23 0 1 1 48.3 50.3", class: "board-wire" });
  return {
    element: picture(64, scale, svg("circle", { cx: 32, cy: 34, r: 17, class: "board-part" }), pointer),
    turn: (position) => pointer.setAttribute("transform", `rotate(${Math.round(-135 + 270 * position)} 32 34)`),
  };
}

/** A relay. @returns {{element: SVGElement, close: (closed: boolean) => void}} */
export function relay() {
  const arm = svg("path", { d: "M22 22L44 22", class: "board-mark" });
  const part = svg("rect", { x: 8, y: 8, width: 48, height: 48, rx: 4, class: "board-part" });
  const wires = svg("path", { d: "M8 22h14M44 22h12M20 42h24", class: "board-wire" });
  return { element: picture(64, part, wires, arm), close: (closed) => arm.setAttribute("transform", closed ? "" : "rotate(-28 22 22)") };
}

/** A strip of pixels. @returns {{element: HTMLElement, show: (colors: string[]) => void}} */
export function strip() {
  const made = element("div", { className: "board-strip", "aria-hidden": "true" });
  return {
    element: made,
    show: (colors) => {
      while (made.childElementCount > colors.length) made.lastElementChild?.remove();
      while (made.childElementCount < colors.length) made.append(element("span"));
      colors.forEach((color, i) => {
        const pixel = /** @type {HTMLElement} */ (made.children[i]);
        pixel.style.backgroundColor = color === NIGHT ? "" : color;
        pixel.style.boxShadow = color === NIGHT ? "" : `0 0 8px ${color}`;
      });
    },
  };
}

/** A sensor with the mark of its kind. @param {string} kind @returns {SVGElement} */
export function sensor(kind) {
  const body = svg("rect", { x: 12, y: 6, width: 40, height: 46, rx: 3, class: "board-part" });
  const legs = svg("path", { d: "M20 52v8M28 52v8M36 52v8M44 52v8", class: "board-wire" });
  const face = svg("path", { d: FACES[kind] ?? FACES.other, class: "board-mark" });
  return picture(64, legs, body, face);
}

/** @type {Record<string, string>} */
const FACES = {
  climate: "M20 16h24M20 23h24M20 30h24M20 37h24M20 44h24",
  weather: "M20 16h24M20 23h24M20 30h24M20 37h24M20 44h24",
  sound: "M32 41a12 12 0 1 0 0-24 12 12 0 0 0 0 24zM32 33a4 4 0 1 0 0-8 4 4 0 0 0 0 8z",
  light: "M22 18h20v5H22v6h20v6H22v5h20",
  lux: "M25 22h14v14H25z",
  battery: "M22 20h20v22H22zM29 16h6v4M27 31h10M32 26v10",
  rf433: "M32 44V28M26 28a8 8 0 0 1 12 0M21 22a15 15 0 0 1 22 0",
  other: "M22 18h20v22H22z",
};
