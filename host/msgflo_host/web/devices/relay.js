// @ts-check
import { element } from "../core/dom.js";
import { svg } from "../core/svg.js";
import { ERROR, SETTINGS, SWITCH, settingPorts, startSettings, switched } from "./parts.js";

/** @type {import("./parts.js").Setting[]} */
const settings = [["rest", 0, 0, 3600, "Least seconds between switchings"]];

/** A contact that is open at the start, named as a relay's on a board. With a `rest`, the last command is carried out later. @type {import("./kinds.js").Kind} */
export default {
  kind: "relay",
  name: "Relay",
  icon: "power-off",
  label: "A contact that is closed and opened",
  size: { w: 2, h: 2 },
  ports: {
    in: [...SWITCH, ...settingPorts(settings)],
    out: [{ id: "closed", type: "boolean", state: true }, ERROR, SETTINGS],
  },
  make: (place, participant) => {
    let desired = false;
    let closed = false;
    let since = -Infinity;
    let timer = 0;
    const blade = svg("line", { x1: 30, y1: 30, x2: 72, y2: 30, class: "relay-blade" });
    const picture = svg("svg", { viewBox: "0 0 100 48", class: "device-picture relay", "aria-hidden": "true" },
      svg("line", { x1: 6, y1: 30, x2: 30, y2: 30 }), svg("line", { x1: 70, y1: 30, x2: 94, y2: 30 }),
      svg("circle", { cx: 30, cy: 30, r: 4 }), svg("circle", { cx: 70, cy: 30, r: 4 }), blade); // prettier-ignore
    const status = element("span", { className: "device-status" });
    const { config, take } = startSettings(participant, settings);
    const show = () => {
      picture.classList.toggle("closed", closed);
      status.textContent = closed ? "closed" : "open";
      participant.send("closed", closed);
    };
    const move = () => {
      if (timer) return;
      const left = since + config.rest * 1000 - performance.now();
      if (desired !== closed && left > 0) {
        timer = setTimeout(() => {
          timer = 0;
          move();
        }, left);
        return;
      }
      if (desired !== closed) since = performance.now();
      closed = desired;
      show();
    };
    participant.onpacket = (port, value) => {
      if (take(port, value)) return;
      const next = switched(participant, port, value, desired);
      if (next === null) return;
      desired = next;
      move();
    };
    place.append(picture, status);
    show();
    return { stop: () => clearTimeout(timer) };
  },
};
