// @ts-check
import { element } from "../core/dom.js";
import { sensor } from "./sensor.js";

const CLAP_DB = -6;
const round = (/** @type {number} */ level) => Number(level.toFixed(1));

/** How loud it is, named as a microphone's on a board; "Clap" is loud for a moment. */
export default sensor({
  kind: "sound",
  name: "Sound",
  icon: "microphone",
  label: "A loudness that you set, and a clap",
  quantity: { label: "Loudness", unit: "dB", min: -90, max: 0, step: 0.5, value: -50, stride: 8 },
  settings: [
    ["threshold", -20, -150, 200, "dB that are loud"],
    ["hold", 1, 0, 3600, "Seconds from loud to loud"],
  ],
  outports: [
    { id: "level", type: "number", description: "dB", state: true },
    { id: "peak", type: "number", description: "dB", state: true },
    { id: "loud", type: "number", description: "dB" },
  ],
  reads: false, // a microphone listens all the time
  measure: (level) => ({ level, peak: round(Math.min(0, level + 3)) }),
  more: (participant, config) => {
    let last = -Infinity;
    const each = (/** @type {number} */ level) => {
      const now = performance.now();
      if (level <= config.threshold || now - last < config.hold * 1000) return;
      last = now;
      participant.send("loud", level);
    };
    const clap = () => {
      each(CLAP_DB);
      participant.send("peak", CLAP_DB);
    };
    return { elements: [element("button", { type: "button", click: clap }, "Clap")], each };
  },
});
