// @ts-check
// Buttons over the picture: zoom, layout, selecting, which graph is shown.

import { element } from "../core/dom.js";
import { showKeys } from "./keyboard.js";
import { makeSvg } from "./words.js";

const SIGNS = {
  in: "M8 3v10M3 8h10",
  out: "M3 8h10",
  fit: "M3 6V3h3M10 3h3v3M13 10v3h-3M6 13H3v-3M6 6.5h4v3H6z",
  layout: "M2.5 6h4v4h-4zM9.5 2.5h4v4h-4zM9.5 9.5h4v4h-4zM6.5 8h1.5V4.5h1.5M8 8v3.5h1.5",
  select: "M3 3h2M7 3h2M11 3h2v2M13 7v2M13 11v2h-2M9 13H7M5 13H3v-2M3 9V7M3 5V3",
  add: "M3 5h7v6H3zM12.5 7v5M10 9.5h5",
  keys: "M2 5h12v7H2zM4.5 7.5h.5M7.5 7.5h.5M10.5 7.5h.5M5 10h6",
};

/** @returns {HTMLElement} */
export function makeToolbar(stage, actions, pointer, does) {
  const button = (sign, label, click, properties = {}) => {
    const drawn = makeSvg("svg", { class: "icon", viewBox: "0 0 16 16", "aria-hidden": "true" }, [makeSvg("path", { d: SIGNS[sign] })]);
    return element("button", { type: "button", className: "icon-button", title: label, "aria-label": label, click, ...properties }, drawn);
  };
  const select = button("select", "Select by dragging", () => {
    pointer.selecting = !pointer.selecting;
    select.setAttribute("aria-pressed", String(pointer.selecting));
    stage.port.classList.toggle("selecting", pointer.selecting);
  }, { "aria-pressed": "false" });
  return element("div", { className: "graph-tools", role: "toolbar", "aria-label": "Picture of the graph" },
    graphSelect(stage.system),
    button("add", "Add a node", () => does.search()),
    select,
    button("layout", "Lay out what is selected, or all", () => actions.layOut([...stage.selected])),
    button("fit", "Fit", () => stage.fit()),
    button("out", "Smaller", () => stage.view.zoom(1 / 1.25)),
    button("in", "Larger", () => stage.view.zoom(1.25)),
    button("keys", "Keys", () => showKeys()));
}

/** Which graph is shown; hidden where there is one only. */
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
