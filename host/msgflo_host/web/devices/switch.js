// @ts-check
import { element } from "../core/dom.js";

/** On or off. A board has none of its own: there it is a button that stays, whose port is `pressed`. */
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
      { id: "pressed", type: "boolean", description: "The same, as a board calls it", state: true },
    ],
  },
  make: (place, participant, options = {}) => {
    let on = options.on ?? false;
    const said = element("span", { className: "device-said", "aria-hidden": "true" });
    const show = () => {
      lever.setAttribute("aria-checked", String(on));
      said.textContent = on ? "on" : "off";
      participant.send("on", on);
      participant.send("pressed", on);
    };
    const flip = () => {
      on = !on;
      show();
    };
    const about = { type: "button", role: "switch", className: "device-lever", "aria-label": participant.role };
    const lever = element("button", { ...about, click: flip });
    place.append(lever, said);
    show();
    return { memory: () => ({ on }), stop: () => {} };
  },
};
