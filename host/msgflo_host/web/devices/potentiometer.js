// @ts-check
import { ERROR, SETTINGS, throttle, fail, gauge, settingPorts, slider, startSettings } from "./parts.js";

/** @type {import("./parts.js").Setting[]} */
const settings = [
  ["low", 0, -1e9, 1e9, "At one end"],
  ["high", 100, -1e9, 1e9, "At the other end"],
  ["hysteresis", 1, 0, 50, "Percent of the way"],
];

/** A value between two that are set, named as a potentiometer's on a board. @type {import("./kinds.js").Kind} */
export default {
  kind: "potentiometer",
  name: "Potentiometer",
  icon: "tachometer",
  label: "A knob to turn",
  size: { w: 3, h: 3 },
  ports: { in: settingPorts(settings), out: [{ id: "value", type: "number", state: true }, ERROR, SETTINGS] },
  make: (place, participant, options = {}) => {
    let sent = /** @type {number | null} */ (null);
    let range = [0, 100];
    const dial = gauge();
    const send = () => {
      const part = input.value / 100;
      dial.show(part);
      const value = between(part, config.low, config.high);
      if (value !== sent) participant.send("value", (sent = value));
    };
    const soon = throttle(50, send);
    const input = slider({ label: "Turned", unit: "%", min: 0, max: 100, value: options.value ?? 50, oninput: soon });
    const { config, take } = startSettings(participant, settings, (port) => {
      if (Math.abs(config.high - config.low) < 1e-6) {
        [config.low, config.high] = range;
        fail(participant, "low and high must be at least 1e-6 apart", port);
        participant.send("settings", config);
      }
      range = [config.low, config.high];
      send();
    });
    participant.onpacket = take;
    dial.turns(input, 0, 100, soon);
    place.append(dial.element, input.element);
    send();
    return { memory: () => ({ value: input.value }), stop: () => soon.stop() };
  },
};

/** The value at a part of the way: exact at the ends, else with so many digits that a step is at most a 500th of it. @param {number} part @param {number} low @param {number} high */
function between(part, low, high) {
  if (part <= 0) return low;
  if (part >= 1) return high;
  let digits = 0;
  while (Math.abs(high - low) * 10 ** digits < 500) digits++;
  return Number((low + part * (high - low)).toFixed(digits));
}
