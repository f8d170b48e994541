// @ts-check
// Groups as frames around their nodes, each with its name.

import { element } from "../core/dom.js";
import { around } from "./geometry.js";

const MARGIN = 18;
const TITLE = 22;

export class Groups {
  /** @type {Map<string, HTMLElement>} */
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
      shown.remove();
      this.#shown.delete(name);
    }
    for (const { name, nodes } of groups) {
      const box = around(nodes.flatMap((id) => boxes.get(id) ?? []));
      const shown = this.#shown.get(name) ?? this.#add(name);
      shown.hidden = !box;
      if (!box) continue;
      const [x, y] = [box.x - MARGIN, box.y - MARGIN - TITLE];
      shown.style.transform = `translate(${x}px, ${y}px)`;
      shown.style.width = `${box.width + 2 * MARGIN}px`;
      shown.style.height = `${box.height + 2 * MARGIN + TITLE}px`;
    }
  }

  #add(name) {
    const shown = element("div", { className: "group", "data-group": name }, element("span", { className: "group-name" }, name));
    this.#shown.set(name, shown);
    this.layer.append(shown);
    return shown;
  }
}
