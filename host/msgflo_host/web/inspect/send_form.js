// @ts-check
// The form to type a packet in, and to send it to an inport.

import { element } from "../core/dom.js";
import { knownPorts } from "../core/ports.js";
import { typed } from "../core/typed.js";
import { write } from "./elements.js";
import { sendTo } from "./send_packet.js";
import { endText, kindOf } from "./value_text.js";

/**
 * @param {import("../core/registry.js").Context} context
 * @param {string} graph @param {import("../core/graph.js").End} end an inport @param {string} [type] of the port
 * @returns {HTMLFormElement}
 */
export function sendForm(context, graph, end, type = "any") {
  const field = element("textarea", { rows: 1, spellcheck: false, placeholder: type === "string" ? "a text" : "21.5, true, a text, {\"level\": 3}" });
  const label = element("label", { className: "field" }, element("span", {}, `Send to ${endText(end)}`), field);
  const hint = element("p", { className: "hint" });
  const send = element("button", { type: "submit" }, "Send");
  const show = () => {
    write(hint, field.value === "" && type !== "string" ? "" : meaning(field.value, type));
  };
  const form = element("form", { className: "inspect-send" }, label, send, hint);
  form.addEventListener("submit", async (/** @type {Event} */ event) => {
    event.preventDefault();
    try {
      send.disabled = true;
      await sendTo(context, graph, end, typed(field.value, type));
      show();
    } catch (error) {
      write(hint, /** @type {Error} */ (error).message);
    } finally {
      send.disabled = false;
    }
  });
  field.addEventListener("input", show);
  field.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    form.requestSubmit();
  });
  show();
  return form;
}

/** The value as which a text is sent, in words, or why it is not. @param {string} text @param {string} type of the port */
function meaning(text, type) {
  try {
    return `It is sent as ${kindOf(typed(text, type))}.`;
  } catch (error) {
    return /** @type {Error} */ (error).message;
  }
}

/** The type of an inport, as its participant or component declares it. @param {import("../core/system.js").System} system @param {import("../core/graph.js").End} end */
export function typeOf(system, end) {
  return knownPorts(system, system.current, end.node, "in").find(({ id }) => id.toLowerCase() === end.port.toLowerCase())?.type ?? "any";
}
