// @ts-check
// Groups as frames around their nodes, each with its name.

import { element } from "../core/dom.js";
import { around, estimate, overlap } from "./geometry.js";

const MARGIN = 18;
const TITLE = 22;
const INDENT = 12; // of a name
const LARGE = 28; // size of names as they are written far away

export class Groups {
  /** @type {Map<string, {frame: HTMLElement, title: HTMLElement, box: import("./geometry.js").Box}>} */
  #shown = new Map();

  /** @param {HTMLElement} layer */
  constructor(layer) {
    this.layer = layer;
  }

  /** @param {{name: string, nodes: string[]}[]} groups @param {Map<string, import("./geometry.js").Box>} boxes */
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
      frame.style.height = `${box.height + 2 * MARGIN + TITLE}px`;
      const place = freeAlong({ ...shown.box, height: TITLE + MARGIN - 1 }, 2 * INDENT + estimate(name, LARGE, true), taken);
      title.style.left = `${place.x - shown.box.x + INDENT}px`;
      taken.push(place);
    }
  }

  #add(name) {
    const title = element("button", { className: "group-name", type: "button", "aria-haspopup": "menu" }, name);
    const frame = element("div", { className: "group", "data-group": name }, title);
    const shown = { frame, title, box: { x: 0, y: 0, width: 0, height: 0 } };
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
    return this.#shown.get(name)?.box;
  }
}

/**
 * Where along a strip something of a width is over nothing else; at its beginning where there is no such place.
 * @param {import("./geometry.js").Box} strip @param {number} width @param {import("./geometry.js").Box[]} taken
 * @returns {import("./geometry.js").Box}
 */
function freeAlong(strip, width, taken) {
  const place = { ...strip, width };
  for (const other of taken.filter((each) => overlap(strip, each)).sort((one, two) => one.x - two.x)) {
    if (overlap(place, other)) place.x = other.x + other.width;
  }
  return place.x + width <= strip.x + strip.width ? place : { ...strip, width };
}
