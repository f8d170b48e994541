// @ts-check
import { element } from "../core/dom.js";
import { svg } from "../core/svg.js";
import { asText } from "../core/text.js";
import { ALLOWED, color } from "./color.js";
import { ERROR, SETTINGS, SWITCH, fail, settingPorts, startSettings, switched } from "./parts.js";

/** @type {import("./parts.js").Setting[]} */
const settings = [
  ["brightness", 100, 0, 100, "Percent"],
  ["fade", 0, 0, 3600, "Seconds that a change takes"],
];

/** A light of any colour, named as an RGB LED's on a board; off and white at the start. A colour switches it on. @type {import("./kinds.js").Kind} */
export default {
  kind: "rgb",
  name: "RGB lamp",
  icon: "lightbulb-o",
  label: "Shines in any colour",
  size: { w: 2, h: 3 },
  ports: {
    in: [
      ...SWITCH,
      { id: "color", type: "color", description: '"#rrggbb", [r, g, b] or a name' },
      ...settingPorts(settings),
    ],
    out: [{ id: "state", type: "object", state: true }, ERROR, SETTINGS],
  },
  make: (place, participant) => {
    let on = false;
    let shade = "#ffffff";
    const glow = svg("circle", { cx: 50, cy: 50, r: 40, class: "lamp-glow" });
    const bulb = svg("circle", { cx: 50, cy: 50, r: 26, class: "lamp-bulb" });
    const socket = svg("circle", { cx: 50, cy: 50, r: 27, class: "lamp-socket" });
    const picture = svg("svg", { viewBox: "0 0 100 100", class: "device-picture", "aria-hidden": "true" }, glow, socket, bulb);
    const status = element("span", { className: "device-status" });
    const show = () => {
      const light = on ? config.brightness / 100 : 0;
      for (const part of [glow, bulb]) {
        part.style.transitionDuration = `${config.fade}s`;
        part.style.fill = shade;
      }
      glow.style.opacity = String(light * 0.35);
      bulb.style.opacity = String(light && 0.25 + light * 0.75);
      status.textContent = on ? `${shade}, ${config.brightness} %` : "off";
      participant.send("state", { ...config, on, color: shade });
    };
    const { config, take } = startSettings(participant, settings, () => show());
    participant.onpacket = (port, value) => {
      if (take(port, value)) return;
      if (port === "color") {
        // Of a list of colours, which is for several lights, the first.
        const found = color(Array.isArray(value) && typeof value[0] !== "number" ? value[0] : value);
        if (!found) return fail(participant, `color ${asText(value, 60)}: allowed: ${ALLOWED}`, port);
        shade = found;
        on = true;
      } else {
        const next = switched(participant, port, value, on);
        if (next === null) return;
        on = next;
      }
      show();
    };
    place.append(picture, status);
    show();
    return { stop: () => {} };
  },
};
