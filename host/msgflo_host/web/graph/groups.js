// @ts-check
// Groups as frames around their nodes, each with its name.

import { element } from "../core/dom.js";
import { around } from "./geometry.js";

const MARGIN = 18;
const TITLE = 22;

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
