// @ts-check
import { el, freshId } from "./dom.js";

/** Sends what is typed. */
export default {
  kind: "text",
  name: "Text input",
  icon: "keyboard-o",
  label: "Sends what you type",
  size: { w: 4, h: 2 },
  ports: { in: [], out: [{ id: "text", type: "string" }] },
  make: (element, participant) => {
    const id = freshId("text");
    const field = el("input", { id, type: "text", maxlength: 10_000, autocomplete: "off", enterkeyhint: "send" });
    const said = el("span", { class: "device-said", role: "status" });
    const send = (event) => {
      event.preventDefault();
      participant.send("text", field.value);
      said.textContent = `Sent: ${field.value}`;
      field.value = "";
    };
    const label = el("label", { for: id }, "Text");
    const row = el("div", { class: "device-row" }, field, el("button", { type: "submit" }, "Send"));
    element.append(el("form", { class: "device-text", onsubmit: send }, label, row), said);
    return { stop: () => {} };
  },
};
