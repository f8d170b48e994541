// @ts-check
// Initial packets edited in place: a small form beside the port, with the control that fits the port's type.

import { element } from "../core/dom.js";
import { controlOf, fromText, toText } from "../core/typed.js";

const CONTROLS = {
  number: (text) => element("input", { type: "text", inputMode: "decimal", value: text }),
  text: (text) => element("input", { type: "text", value: text }),
  colour: (text) => element("input", { type: "color", value: text }),
  json: (text) => element("textarea", { rows: Math.min(10, text.split("\n").length + 2), value: text, spellcheck: false }),
  signal: () => element("input", { type: "text", value: "one signal", readOnly: true }),
  switch: (text) => choice([["true", "on (true)"], ["false", "off (false)"]], text || "true"),
};

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
  stage.port.querySelector(".editor")?.remove();
  const control = controlOf(port, before?.data);
  const start = before ? before.data : port.default;
  const suits = start === undefined || controlOf(port, start) === control;
  const text = control === "json" && start !== undefined ? JSON.stringify(start, null, 1) : toText(control, suits ? start : undefined);
  const field = control === "choice" ? choice((port.values ?? []).map((each) => [JSON.stringify(each), String(each)]), text) : CONTROLS[control](text);
  field.setAttribute("aria-label", `Sent to ${node} ${port.id} at the start`);
  const wrong = element("p", { className: "bad", role: "alert" });
  const end = { node, port: port.id };
  const close = () => {
    const hadFocus = editor.contains(document.activeElement);
    editor.remove();
    if (hadFocus) stage.nodes.focus(node);
  };
  let isSending = false;
  const send = async (after) => {
    if (isSending) return;
    isSending = true;
    const isDone = await actions.setInitial(end, before, after);
    isSending = false;
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
  const editor = element("form", { className: "editor", "aria-label": `What ${node} ${port.id} is sent at the start` }, title, field, wrong, buttons);
  editor.addEventListener("submit", (event) => (event.preventDefault(), save()));
  editor.addEventListener("keydown", (event) => keyed(event, control, save, close));
  stage.port.append(editor);
  placeBeside(editor, stage, node, port);
  field.focus();
  field.select?.();
}

function keyed(event, control, save, close) {
  event.stopPropagation();
  if (event.isComposing) return;
  if (event.key === "Escape") close();
  else if (event.key === "Enter" && control === "json" && (event.ctrlKey || event.metaKey)) save();
  else return;
  event.preventDefault();
}

/** Below its port, as far as there is room. */
function placeBeside(editor, stage, node, port) {
  const drawn = [...(stage.nodes.element(node)?.querySelectorAll(".port.in") ?? [])].find((each) => each.dataset.port === port.id);
  const frame = stage.port.getBoundingClientRect();
  const at = (drawn ?? stage.port).getBoundingClientRect();
  const [x, y] = [at.left - frame.left, at.bottom - frame.top + 4];
  editor.style.left = `${Math.max(8, Math.min(x, frame.width - editor.offsetWidth - 8))}px`;
  editor.style.top = `${Math.max(8, Math.min(y, frame.height - editor.offsetHeight - 8))}px`;
}
