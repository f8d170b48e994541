// @ts-check
// Initial packets edited in place: a small form beside the port, with the control that fits the port's type.

import { element } from "../core/dom.js";
import { controlOf, fromText, toText } from "../core/typed.js";
import { Editor } from "./editor.js";

/** @typedef {HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement} Field */

/** @type {Record<Exclude<import("../core/typed.js").Control, "choice">, (text: string) => Field>} */
const CONTROLS = {
  number: (text) => element("input", { type: "text", inputMode: "decimal", value: text }),
  text: (text) => element("input", { type: "text", value: text }),
  colour: (text) => element("input", { type: "color", value: text }),
  json: (text) => element("textarea", { rows: Math.min(10, text.split("\n").length + 2), value: text, spellcheck: false }),
  signal: () => element("input", { type: "text", value: "one signal", readOnly: true }),
  switch: (text) => choice([["true", "on (true)"], ["false", "off (false)"]], text || "true"),
};

/** @param {string[][]} options values with their labels @param {string} text */
function choice(options, text) {
  const made = element("select", {}, ...options.map(([value, label]) => element("option", { value }, label)));
  made.value = text;
  if (made.selectedIndex < 0) made.selectedIndex = 0;
  return made;
}

/**
 * Open the form for a port; only one is open at a time.
 * @param {import("./stage.js").Stage} stage
 * @param {import("./actions.js").Actions} actions
 * @param {string} node
 * @param {import("./model.js").PortView} port
 * @param {import("./model.js").InitialView | null} before the packet that is changed; null for another one
 */
export function editInitial(stage, actions, node, port, before) {
  const control = controlOf(port, before?.data);
  const start = before ? before.data : port.default;
  const suits = start === undefined || controlOf(port, start) === control;
  const text = control === "json" && start !== undefined ? JSON.stringify(start, null, 1) : toText(control, suits ? start : undefined);
  const field = control === "choice" ? choice((port.values ?? []).map((each) => [JSON.stringify(each), String(each)]), text) : CONTROLS[control](text);
  field.setAttribute("aria-label", `Sent to ${node} ${port.id} at the start`);
  const wrong = element("p", { className: "bad", role: "alert" });
  const end = { node, port: port.id };
  const close = () => editor.close();
  const send = async (/** @type {{data: unknown} | null} */ after) => {
    if (editor.isBusy) return;
    editor.isBusy = true;
    const isDone = await actions.setInitial(end, before, after);
    editor.isBusy = false;
    if (isDone) close(); // otherwise what was typed stays, to be sent again
  };
  const save = () => {
    try {
      send({ data: fromText(control, field.value, before?.data) });
    } catch (error) {
      wrong.textContent = /** @type {Error} */ (error).message;
      field.setAttribute("aria-invalid", "true");
      field.focus();
    }
  };
  const remove = before && element("button", { type: "button", click: () => send(null) }, "Remove");
  const buttons = element("div", { className: "dialog-buttons" }, remove,
    element("button", { type: "button", click: close }, "Cancel"), element("button", { type: "submit", className: "primary" }, "Set"));
  const title = element("p", { className: "editor-title" }, `${port.id}`, element("span", { className: "hint" }, ` ${port.type}, sent at the start`));
  const form = element("form", { className: "editor", "aria-label": `What ${node} ${port.id} is sent at the start` }, title, field, wrong, buttons);
  form.addEventListener("submit", (event) => (event.preventDefault(), save()));
  form.addEventListener("keydown", (event) => keyed(event, control, save, close));
  const editor = new Editor(stage, node, form, (holder) => below(holder, port));
  field.focus();
  if ("select" in field) field.select();
}

/** @param {KeyboardEvent} event @param {string} control @param {() => void} save @param {() => void} close */
function keyed(event, control, save, close) {
  event.stopPropagation();
  if (event.isComposing) return;
  if (event.key === "Escape") close();
  else if (event.key === "Enter" && control === "json" && (event.ctrlKey || event.metaKey)) save();
  else return;
  event.preventDefault();
}

/** Below its port. @param {HTMLElement} holder of the node @param {import("./model.js").PortView} port */
function below(holder, port) {
  const drawn = [...holder.querySelectorAll(".port.in")].find((each) => /** @type {HTMLElement} */ (each).dataset.port === port.id);
  const { left, bottom } = (drawn ?? holder).getBoundingClientRect();
  return { x: left, y: bottom + 4 };
}
