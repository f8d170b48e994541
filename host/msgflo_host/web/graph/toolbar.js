// @ts-check
// Buttons over the picture: zoom, layout, selecting, which graph is shown.

import { element, iconButton } from "../core/dom.js";
import { showKeys } from "./keyboard.js";

/**
 * @param {import("./stage.js").Stage} stage @param {import("./actions.js").Actions} actions @param {import("./pointer.js").Pointer} pointer
 * @param {import("./interactions.js").Interactions} ui
 */
export function makeToolbar(stage, actions, pointer, ui) {
  const select = iconButton("select", "Select by dragging", () => {
    pointer.selecting = !pointer.selecting;
    select.setAttribute("aria-pressed", String(pointer.selecting));
    stage.port.classList.toggle("selecting", pointer.selecting);
  }, { "aria-pressed": "false" });
  const add = iconButton("add", "Add a node", () => ui.search());
  const layout = iconButton("layout", "Lay out what is selected, or all", () => actions.layOut([...stage.selected]));
  const show = () => (add.hidden = layout.hidden = stage.system.readOnly !== "");
  stage.system.addEventListener("state", show);
  show();
  return element("div", { className: "graph-tools", role: "toolbar", "aria-label": "Picture of the graph" },
    graphSelect(stage.system),
    add,
    select,
    layout,
    iconButton("fit", "Fit", () => stage.fit()),
    iconButton("smaller", "Smaller", () => stage.view.zoom(1 / 1.25)),
    iconButton("larger", "Larger", () => stage.view.zoom(1.25)),
    iconButton("keys", "Keys", () => showKeys()));
}

/** Which graph is shown; hidden where there is one only. @param {import("../core/system.js").System} system */
function graphSelect(system) {
  const made = element("select", { className: "graph-select", "aria-label": "Graph that is shown", change: () => system.show(made.value).catch(() => fill()) });
  const fill = () => {
    const ids = [...new Set([system.current, ...system.graphs.keys()])].sort();
    made.replaceChildren(...ids.map((id) => element("option", { value: id }, id)));
    made.value = system.current;
    made.hidden = ids.length < 2;
  };
  system.addEventListener("change", (event) => event.detail.kinds.has("graphs") && fill());
  system.addEventListener("current", fill);
  fill();
  return made;
}
