// @ts-check
import { element } from "../core/dom.js";

/** On or off. On a board it is a button that stays pressed, whose port is `pressed`. @type {import("./kinds.js").Kind} */
export default {
  kind: "switch",
  name: "Switch",
  icon: "toggle-on",
  label: "On or off, until it is switched again",
  size: { w: 2, h: 2 },
  ports: {
    in: [],
    out: [
      { id: "on", type: "boolean", state: true },
      { id: "pressed", type: "boolean", description: "The same, named as on a board", state: true },
    ],
  },
  make: (place, participant, options = {}) => {
    let on = options.on ?? false;
    const status = element("span", { className: "device-status", "aria-hidden": "true" });
    const show = () => {
      lever.setAttribute("aria-checked", String(on));
      status.textContent = on ? "on" : "off";
      participant.send("on", on);
      participant.send("pressed", on);
    };
    const flip = () => {
      on = !on;
      show();
    };
    const lever = element("button", { type: "button", role: "switch", className: "device-lever", "aria-label": participant.role, click: flip });
    place.append(lever, status);
    show();
    return { memory: () => ({ on }), stop: () => {} };
  },
};
