// @ts-check
import { element } from "../core/dom.js";
import { apart } from "../core/text.js";
import { freshId } from "./parts.js";

/** Sends what is typed. @type {import("./kinds.js").Kind} */
export default {
  kind: "text",
  name: "Text input",
  icon: "keyboard-o",
  label: "Sends what you type",
  size: { w: 4, h: 2 },
  ports: { in: [], out: [{ id: "text", type: "string" }] },
  make: (place, participant) => {
    const id = freshId("text");
    const field = element("input", { id, type: "text", maxLength: 10_000, autocomplete: "off", enterKeyHint: "send" });
    const status = element("span", { className: "device-status", role: "status" });
    const send = (/** @type {Event} */ event) => {
      event.preventDefault();
      participant.send("text", field.value);
      status.textContent = `Sent: ${apart(field.value)}`;
      field.value = "";
    };
    const label = element("label", { for: id }, "Text");
    const row = element("div", { className: "device-row" }, field, element("button", { type: "submit" }, "Send"));
    place.append(element("form", { className: "device-text", submit: send }, label, row), status);
    return { stop: () => {} };
  },
};
