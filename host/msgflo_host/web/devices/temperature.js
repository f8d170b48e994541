// @ts-check
import { sensor } from "./sensor.js";

/** Temperature, named as a DHT22's or a BME280's on a board. */
export default sensor({
  kind: "temperature",
  name: "Temperature",
  icon: "thermometer-half",
  label: "A temperature that you set",
  quantity: { label: "Temperature", unit: "°C", min: -20, max: 50, step: 0.1, value: 21, stride: 0.6 },
  outports: [{ id: "temperature", type: "number", description: "°C", state: true }],
  measure: (temperature) => ({ temperature }),
});
