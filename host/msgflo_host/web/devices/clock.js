// @ts-check
import { element } from "../core/dom.js";
import { svg } from "../core/svg.js";
import { ERROR, SETTINGS, settingPorts, startSettings } from "./parts.js";

/** @type {import("./parts.js").Setting[]} */
const settings = [["interval", 1, 0.1, 86_400, "Seconds from one time to the next"]];
const two = (/** @type {number} */ number) => String(number).padStart(2, "0");

/** Sends the time of this browser, and the minute of the day. @type {import("./kinds.js").Kind} */
export default {
  kind: "clock",
  name: "Clock",
  icon: "clock-o",
  label: "Sends the time",
  size: { w: 2, h: 3 },
  ports: {
    in: settingPorts(settings),
    out: [
      { id: "time", type: "string", description: "ISO 8601, such as 2025-01-31T18:05:00+01:00" },
      { id: "minute", type: "number", description: "Minutes since midnight, each minute", state: true },
      ERROR,
      SETTINGS,
    ],
  },
  make: (place, participant) => {
    let timer = 0;
    let minute = -1;
    const hands = [28, 40, 42].map((length, i) =>
      svg("line", { x1: 50, y1: 50, x2: 50, y2: 50 - length, class: `clock-hand clock-hand-${i}` }));
    const face = svg("svg", { viewBox: "0 0 100 100", class: "device-picture", "aria-hidden": "true" },
      svg("circle", { cx: 50, cy: 50, r: 46, class: "clock-face" }), ...ticks(), ...hands); // prettier-ignore
    const reading = element("time", { className: "device-reading" });
    const show = () => {
      const now = new Date();
      const minutes = now.getHours() * 60 + now.getMinutes();
      const seconds = now.getSeconds();
      [minutes / 720, (now.getMinutes() + seconds / 60) / 60, seconds / 60].forEach((part, i) => {
        hands[i].style.transform = `rotate(${part * 360}deg)`;
      });
      reading.textContent = `${two(now.getHours())}:${two(now.getMinutes())}:${two(seconds)}`;
      participant.send("time", iso(now));
      if (minutes !== minute) participant.send("minute", (minute = minutes));
    };
    const repeat = () => {
      clearInterval(timer);
      timer = setInterval(show, config.interval * 1000);
    };
    const { config, take } = startSettings(participant, settings, repeat);
    participant.onpacket = take;
    place.append(face, reading);
    show();
    repeat();
    return { stop: () => clearInterval(timer) };
  },
};

const ticks = () =>
  Array.from({ length: 12 }, (_, hour) => {
    const tick = svg("line", { x1: 50, y1: 8, x2: 50, y2: 14, class: "clock-tick" });
    tick.style.transform = `rotate(${hour * 30}deg)`;
    return tick;
  });

function iso(/** @type {Date} */ now) {
  const offset = -now.getTimezoneOffset();
  const date = [now.getFullYear(), two(now.getMonth() + 1), two(now.getDate())].join("-");
  const time = [now.getHours(), now.getMinutes(), now.getSeconds()].map(two).join(":");
  const zone = `${offset < 0 ? "-" : "+"}${two(Math.floor(Math.abs(offset) / 60))}:${two(Math.abs(offset) % 60)}`;
  return `${date}T${time}${zone}`;
}
