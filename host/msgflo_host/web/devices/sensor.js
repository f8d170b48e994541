// @ts-check
/** Devices that measure: the value is set by sliders, and may drift by itself. */
import { element } from "../core/dom.js";
import { ERROR, SETTINGS, throttle, check, gauge, settingPorts, slider, startSettings, wander } from "./parts.js";

/** @type {import("./parts.js").Setting} */
const INTERVAL = ["interval", 2, 0.1, 86_400, "Seconds between readings"];
const READ = { id: "read", type: "any", description: "Anything: take a reading now" };

/**
 * @import { Kind, Participant, Port } from "./kinds.js"
 * @typedef {import("./parts.js").Range & {stride: number}} Quantity  `stride`: how far it drifts
 * @typedef {{elements: HTMLElement[], each: (value: number) => void}} More  `each` is called with the value of each reading
 */

/**
 * A kind of sensor. Its slider sets `quantity`; `measure(value)` returns {outport: value}; `more` returns what only one kind has.
 * @param {Omit<Kind, "ports" | "size" | "make"> & {quantity: Quantity, settings?: import("./parts.js").Setting[], outports: Port[],
 *   measure: (value: number) => Record<string, number>, more?: (participant: Participant, config: Record<string, number>) => More, reads?: boolean}} about
 * @returns {Kind}
 */
export function sensor({ kind, name, icon, label, quantity, settings = [], outports, measure, more, reads = true }) {
  const all = [INTERVAL, ...settings];
  return {
    kind,
    name,
    icon,
    label,
    size: { w: 3, h: 3 },
    ports: {
      in: [...(reads ? [READ] : []), ...settingPorts(all)],
      out: [...outports, ERROR, SETTINGS],
    },
    make: (place, participant, options = {}) => {
      const { stride, ...range } = quantity;
      let middle = options.value ?? range.value;
      let drifts = options.drifts ?? false;
      let timer = 0;
      const dial = gauge();
      const read = () => {
        const { value } = input;
        dial.show((value - range.min) / (range.max - range.min));
        for (const [port, reading] of Object.entries(measure(value))) participant.send(port, reading);
        each?.(value);
      };
      const soon = throttle(100, read);
      const moved = (/** @type {number} */ value) => {
        middle = value;
        soon();
      };
      const input = slider({ ...range, value: middle, oninput: moved });
      dial.turns(input, range.min, range.max, moved);
      const tick = () => {
        if (drifts) input.value = wander(input.value, middle, stride);
        read();
      };
      const repeat = () => {
        clearInterval(timer);
        timer = setInterval(tick, config.interval * 1000);
      };
      const { config, take } = startSettings(participant, all, (port) => (port === "interval" ? repeat() : read()));
      participant.onpacket = (port, value) => take(port, value) || read();
      const { elements = [], each = null } = more?.(participant, config) ?? {};
      const moves = check("Drift", drifts, (on) => (drifts = on));
      place.append(dial.element, input.element, element("div", { className: "device-row" }, moves, ...elements));
      read();
      repeat();
      return {
        memory: () => ({ value: middle, drifts }),
        stop: () => {
          clearInterval(timer);
          soon.stop();
        },
      };
    },
  };
}
