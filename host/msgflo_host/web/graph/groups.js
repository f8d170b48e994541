// @ts-check
// Groups as frames around their nodes, each with its name.

import { element } from "../core/dom.js";
import { around, estimate, overlap } from "./geometry.js";

const MARGIN = 18;
const TITLE = 22;
const INDENT = 12; // of a name
const LARGE = 28; // size of names far away

/** @import { Box, Measure } from "./geometry.js" */

export class Groups {
  /** @type {Map<string, {frame: HTMLElement, title: HTMLElement, box: Box, height: number, place: Box}>} */
  #shown = new Map();

  /** @param {HTMLElement} layer */
  constructor(layer) {
    this.layer = layer;
  }

  /** @param {{name: string, nodes: string[]}[]} groups @param {Map<string, Box>} boxes */
  render(groups, boxes) {
    const names = new Set(groups.map((group) => group.name));
    for (const [name, shown] of this.#shown) {
      if (names.has(name)) continue;
      shown.frame.remove();
      this.#shown.delete(name);
    }
    const taken = [...boxes.values()];
    for (const { name, nodes } of groups) {
      const box = around(nodes.flatMap((id) => boxes.get(id) ?? []));
      const shown = this.#shown.get(name) ?? this.#add(name);
      const { frame, title } = shown;
      frame.hidden = !box;
      if (!box) continue;
      title.setAttribute("aria-label", `Group ${name}: ${nodes.join(", ")}`);
      shown.box = { x: box.x - MARGIN, y: box.y - MARGIN - TITLE, width: box.width + 2 * MARGIN, height: TITLE };
      frame.style.transform = `translate(${shown.box.x}px, ${shown.box.y}px)`;
      frame.style.width = `${shown.box.width}px`;
      shown.height = box.height + 2 * MARGIN + TITLE;
      frame.style.height = `${shown.height}px`;
      const strip = { ...shown.box, height: TITLE + MARGIN - 1 };
      const below = TITLE + 2 * MARGIN + box.height;
      // Within the frame; else above or below it, further and further away.
      const places = [0, -1, 1, -2, 2, -3, 3].map((step) => step * strip.height + (step > 0 ? below - strip.height : 0));
      const width = 2 * INDENT + estimate(name, LARGE, true);
      const place = first(places, (dy) => freeAlong({ ...strip, y: strip.y + dy }, width, taken)) ?? { ...strip, width };
      title.style.left = `${place.x - shown.box.x + INDENT}px`;
      title.style.top = `${place.y - shown.box.y + 2}px`;
      shown.place = place;
      taken.push(place);
    }
  }

  /**
   * What a group takes up in the graph: its frame, and its name, which may be longer.
   * @param {string} name @param {{size: number, most: number}} text of names @param {Measure} measure
   */
  extent(name, { size, most }, measure) {
    const shown = this.#shown.get(name);
    if (!shown) return [];
    const { box, height, place } = shown;
    const width = Math.min(measure(name, size, true) + 10, Math.max(box.width - INDENT, most));
    return [{ ...box, height }, { x: place.x + INDENT, y: place.y, width, height: size * 1.5 + 4 }];
  }

  /** @param {string} name */
  #add(name) {
    const title = element("button", { className: "group-name", type: "button", "aria-haspopup": "menu" }, name);
    const frame = element("div", { className: "group", "data-group": name }, title);
    const nowhere = { x: 0, y: 0, width: 0, height: 0 };
    const shown = { frame, title, box: nowhere, height: 0, place: nowhere };
    this.#shown.set(name, shown);
    this.layer.append(frame);
    return shown;
  }

  /** The button that is a group's name. @param {string} name @returns {HTMLElement | undefined} */
  title(name) {
    return this.#shown.get(name)?.title;
  }

  /** Where the name of a group is in the graph. @param {string} name */
  titleBox(name) {
    return this.#shown.get(name)?.place;
  }
}

/** The first result that is not null. @template T, Found @param {T[]} values @param {(value: T) => Found | null} find */
function first(values, find) {
  for (const value of values) {
    const found = find(value);
    if (found) return found;
  }
  return null;
}

/**
 * The first free place of a width along a strip, if there is one.
 * @param {Box} strip @param {number} width @param {Box[]} taken
 * @returns {Box | null}
 */
function freeAlong(strip, width, taken) {
  const place = { ...strip, width };
  const near = { ...strip, width: Math.max(strip.width, width) };
  for (const other of taken.filter((each) => overlap(near, each)).sort((one, two) => one.x - two.x)) {
    if (overlap(place, other)) place.x = other.x + other.width;
  }
  return place.x === strip.x || place.x + width <= strip.x + strip.width ? place : null;
}
