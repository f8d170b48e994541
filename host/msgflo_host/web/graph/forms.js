// @ts-check
// Small forms of the graph: a new name in place, an edge by names, a port to send something to.

import { element, formDialog, toast } from "../core/dom.js";
import { openMenu } from "../core/menu.js";
import { wrongName } from "../core/names.js";
import { Editor } from "./editor.js";
import { editInitial } from "./initials.js";
import { isJoined, typesFit } from "./model.js";

/** @import { Actions } from "./actions.js" */
/** @import { Stage } from "./stage.js" */

/**
 * Edit a node's name in place. A name that is refused stays there, to be corrected.
 * @param {Stage} stage @param {string} id @param {(name: string) => Promise<boolean>} named whether it has that name now
 */
export function renameInPlace(stage, id, named) {
  if (!stage.nodes.element(id)) return;
  const field = element("input", {
    className: "editor name", value: id, "aria-label": `New name of ${id}`, autocomplete: "off", spellcheck: false, input: () => field.setCustomValidity(""),
  });
  const editor = new Editor(stage, id, field, (holder) => holder.getBoundingClientRect());
  const save = async () => {
    const name = field.value.trim();
    if (editor.isBusy || !editor.isOpen) return;
    if (!name || name === id) return editor.close();
    const wrong = wrongName(name) || (stage.picture.nodes.has(name) ? `There is a node ${name} already` : "");
    field.setCustomValidity(wrong && `${wrong}.`);
    if (wrong) return setTimeout(() => field.reportValidity()); // takes the focus back from what was clicked
    editor.isBusy = true;
    const isNamed = await named(name);
    editor.isBusy = false;
    if (isNamed) editor.close();
  };
  field.addEventListener("keydown", (event) => {
    event.stopPropagation();
    if (event.isComposing) return;
    if (event.key === "Enter" || event.key === "Escape") {
      event.preventDefault();
      if (event.key === "Enter") save();
      else editor.close();
    }
  });
  field.addEventListener("blur", save);
  field.focus();
  field.select();
}

/**
 * Connect without a mouse: from a port of a node to one of another, chosen from lists.
 * @param {Stage} stage @param {Actions} actions @param {string} id
 */
export async function connectByName(stage, actions, id) {
  const node = stage.picture.nodes.get(id);
  if (!node) return;
  if (!node.outports.length) return toast(`${id} has no outports.`, "info");
  if (![...stage.picture.nodes.values()].some(({ inports }) => inports.length)) return toast("No node has an inport.", "info");
  const from = element("select", {}, ...node.outports.map((port) => option(port.id, withType(port))));
  const to = element("select", { required: true });
  const fill = () => {
    const type = node.outports.find((port) => port.id === from.value)?.type ?? "all";
    const free = [...stage.picture.nodes.values()].flatMap((other) => other.inports.map((port) => ({ other, port, fits: typesFit(type, port.type) })))
      .filter(({ other, port }) => !isJoined(stage.picture, { node: id, port: from.value }, { node: other.id, port: port.id }));
    // The node itself comes last: loops are rare.
    free.sort((one, two) => Number(one.other === node) - Number(two.other === node) || Number(two.fits) - Number(one.fits) || one.other.id.localeCompare(two.other.id));
    to.replaceChildren(...free.map(({ other, port, fits }) =>
      option(JSON.stringify([other.id, port.id]), `${other.id} ${withType(port)}${fits ? "" : ", may not fit"}`)));
    if (!free.length) to.append(option("", "It is connected to all inports already"));
  };
  from.addEventListener("change", fill);
  fill();
  const field = (/** @type {string} */ label, /** @type {HTMLElement} */ control) => element("label", { className: "field" }, element("span", {}, label), control);
  const chosen = await formDialog({
    title: `Connect ${id}`, yes: "Connect", content: [field("From", from), field("To", to)],
    read: () => ({ src: { node: id, port: from.value }, tgt: JSON.parse(to.value) }),
  });
  stage.nodes.focus(id);
  if (chosen) actions.connect(chosen.src, { node: chosen.tgt[0], port: chosen.tgt[1] });
}

/** @param {string} value @param {string} text */
const option = (value, text) => element("option", { value }, text);
/** @param {import("./model.js").PortView} port */
const withType = (port) => (port.typeText ? `${port.id} (${port.typeText})` : port.id);

/**
 * Choose what is sent to a node at the start, from all of its inports.
 * @param {Stage} stage @param {Actions} actions @param {string} id
 */
export function chooseInitial(stage, actions, id) {
  const node = stage.picture.nodes.get(id);
  const box = stage.nodes.element(id)?.getBoundingClientRect();
  if (!node || !box) return;
  const items = node.inports.flatMap((port) =>
    (port.initials.length ? port.initials : [null]).map((initial) => ({
      label: initial ? `${port.id}: ${initial.text}` : port.id,
      action: () => editInitial(stage, actions, id, port, initial),
    })));
  if (items.length) openMenu(items, { x: box.left + 8, y: box.bottom - 8 }, () => stage.nodes.focus(id));
  else toast(`${id} has no inports.`, "info");
}
