// @ts-check
import { sensor } from "./sensor.js";

/** Humidity, named as a DHT22's or a BME280's on a board. */
export default sensor({
  kind: "humidity",
  name: "Humidity",
  icon: "tint",
  label: "A humidity that you set",
  quantity: { label: "Humidity", unit: "%", min: 0, max: 100, step: 0.5, value: 45, stride: 2 },
  outports: [{ id: "humidity", type: "number", description: "%", state: true }],
  measure: (humidity) => ({ humidity }),
});
