// @ts-check
// Selecting all that a rectangle touches.

import { element } from "../core/dom.js";
import { between, overlap } from "./geometry.js";

/**
 * The gesture that draws a rectangle, and selects the nodes in it.
 * @param {import("./stage.js").Stage} stage @param {HTMLElement} port where it is drawn @param {import("./geometry.js").Point} from
 * @param {boolean} adds to what is selected
 * @returns {import("./pointer.js").Gesture}
 */
export function rectangle(stage, port, from, adds) {
  const before = adds ? [...stage.selected] : [];
  const shown = element("div", { className: "rectangle" });
  port.append(shown);
  return {
    move: (point) => {
      const box = between(from, point);
      shown.style.transform = `translate(${box.x}px, ${box.y}px)`;
      shown.style.width = `${box.width}px`;
      shown.style.height = `${box.height}px`;
      const inside = between(stage.view.toGraph(from), stage.view.toGraph(point));
      const found = [...stage.boxes].filter(([, each]) => overlap(inside, each)).map(([id]) => id);
      stage.selected = new Set([...before, ...found]);
      stage.nodes.select(stage.selected);
    },
    end: (event) => {
      shown.remove();
      stage.select(event ? stage.selected : before);
    },
  };
}
