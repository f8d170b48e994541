// @ts-check
// The rows of the form in which ports are chosen, named and given types.

import { element, iconButton } from "../core/dom.js";

const TYPES = ["number", "boolean", "string", "object", "array", "any"];
/** @type {Record<string, string>} */
const WORDS = { string: "text", object: "object (JSON)", array: "list (JSON)", any: "anything" };

/**
 * A group of ports that are edited in place.
 * @param {string} title @param {import("./proposal.js").ProposedPort[]} ports @param {() => void} change called after each edit
 * @param {string | null} more the text of a button that adds one; null for none
 */
export function portRows(title, ports, change, more) {
  const rows = element("div", { className: "adopt-ports" });
  const checkNames = () => {
    for (const [i, name] of /** @type {NodeListOf<HTMLInputElement>} */ (rows.querySelectorAll(".adopt-name")).entries()) {
      const port = ports[i];
      const isTwice = port.chosen && ports.some((other) => other !== port && other.chosen && other.id === port.id);
      name.setCustomValidity(isTwice ? "There is another port of that name" : "");
    }
  };
  const changed = () => {
    checkNames();
    change();
  };
  const remove = (/** @type {import("./proposal.js").ProposedPort} */ port) => {
    rows.children[ports.indexOf(port)].remove();
    ports.splice(ports.indexOf(port), 1);
    changed();
  };
  const append = (/** @type {import("./proposal.js").ProposedPort} */ port, /** @type {boolean} */ isNew) => {
    const row = rowOf(port, changed, isNew ? () => remove(port) : null, more === null ? null : textTick(port, change));
    rows.append(row);
    return row;
  };
  for (const port of ports) append(port, false);
  const add = () => {
    const port = { id: `command${ports.length > 0 ? ports.length + 1 : ""}`, topic: "", type: "any", description: "", chosen: true, isText: true };
    ports.push(port);
    const row = append(port, true);
    changed();
    /** @type {HTMLInputElement} */ (row.querySelector(".adopt-topic")).focus();
  };
  return element("fieldset", {}, element("legend", {}, title), rows, ports.length === 0 && more === null ? element("p", { className: "hint" }, "None") : null,
    more === null ? null : element("button", { type: "button", click: add }, more));
}

/**
 * @param {import("./proposal.js").ProposedPort} port @param {() => void} changed @param {(() => void) | null} remove
 * for a port whose topic is typed @param {Node | null} more
 */
function rowOf(port, changed, remove, more) {
  const name = element("input", {
    className: "adopt-name", value: port.id, required: true, maxLength: 100, "aria-label": `Name of the port for ${port.topic || "a command"}`, autocomplete: "off", spellcheck: false,
    input: () => ((port.id = name.value), changed()),
  });
  const type = element("select", { "aria-label": `Type of ${port.id}`, change: () => ((port.type = type.value), changed()) },
    ...TYPES.map((each) => element("option", { value: each, selected: each === port.type }, WORDS[each] ?? each)));
  const chosen = element("input", { type: "checkbox", checked: port.chosen, "aria-label": `Take ${port.topic || port.id}`, change: () => {
    port.chosen = name.required = chosen.checked;
    changed();
  } });
  name.required = port.chosen;
  return element("div", { className: "adopt-port" }, remove === null ? chosen : iconButton("close", "Remove this port", remove), name, type,
    remove === null ? element("span", { className: "adopt-topic mono" }, port.topic) : topicField(port, changed),
    port.description === "" ? null : element("p", { className: "hint" }, port.description), more);
}

/** True if a text goes to an inport as it is. @param {import("./proposal.js").ProposedPort} port @param {() => void} change */
function textTick(port, change) {
  const tick = element("input", { type: "checkbox", checked: port.isText, "aria-label": `Texts without quotes to ${port.topic || port.id}`, change: () => ((port.isText = tick.checked), change()) });
  return element("label", { className: "adopt-tick" }, tick, element("span", {}, "Texts without quotes"));
}

/** @param {import("./proposal.js").ProposedPort} port @param {() => void} changed */
function topicField(port, changed) {
  const check = (/** @type {string} */ topic) => (/[+#]/.test(topic) ? "An inport is one topic, without + and #" : "");
  const field = element("input", {
    className: "adopt-topic mono", value: port.topic, required: true, placeholder: "topic", "aria-label": "Topic for commands", autocomplete: "off", spellcheck: false,
    input: () => {
      port.topic = field.value;
      field.setCustomValidity(check(port.topic));
      changed();
    },
  });
  return field;
}
