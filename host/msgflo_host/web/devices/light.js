// @ts-check
import { sensor } from "./sensor.js";

const SUPPLY_V = 3.3;

/** Light, named as an LDR's on a board. */
export default sensor({
  kind: "light",
  name: "Light",
  icon: "sun-o",
  label: "A brightness that you set",
  quantity: { label: "Light", unit: "%", min: 0, max: 100, step: 0.5, value: 60, stride: 4 },
  outports: [
    { id: "light", type: "number", description: "%", state: true },
    { id: "volts", type: "number", description: "V", state: true },
  ],
  measure: (light) => ({ light, volts: Number(((light * SUPPLY_V) / 100).toFixed(3)) }),
});
