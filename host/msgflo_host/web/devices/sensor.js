// @ts-check
/** Devices that measure: what they measure is set by sliders, and moves a little by itself where that is wanted. */
import { element } from "../core/dom.js";
import { ERROR, SETTINGS, calm, check, gauge, settingPorts, slider, startSettings, wander } from "./parts.js";

const INTERVAL = ["interval", 2, 0.1, 86_400, "Seconds between readings"];
const READ = { id: "read", type: "any", description: "Anything: take a reading now" };

/**
 * A kind of sensor. `quantity` is what its slider sets: {label, unit, min, max, step, value, stride: how far it moves by
 * itself}; `outports` are told by `measure(value)`, which returns {outport: value}. `more(participant, config)` returns what
 * one kind has besides: {elements, each: called with the value of each reading}.
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
      const soon = calm(100, read);
      const moved = (value) => {
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
