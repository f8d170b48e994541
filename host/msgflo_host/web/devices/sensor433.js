// @ts-check
import { announce, element } from "../core/dom.js";
import { ERROR, SETTINGS, throttle, check, settingPorts, slider, startSettings, wander } from "./parts.js";

/** @type {import("./parts.js").Setting[]} */
const settings = [["interval", 30, 1, 3600, "Seconds from one transmission to the next"]];

/** A wireless weather sensor: it sends its values when it transmits, not before. @type {import("./kinds.js").Kind} */
export default {
  kind: "sensor433",
  name: "433 MHz sensor",
  icon: "rss",
  label: "A wireless weather sensor",
  size: { w: 3, h: 4 },
  ports: {
    in: settingPorts(settings),
    out: [
      { id: "temperature", type: "number", description: "°C", state: true },
      { id: "humidity", type: "number", description: "%", state: true },
      { id: "battery", type: "boolean", description: "Whether it is good", state: true },
      ERROR,
      SETTINGS,
    ],
  },
  make: (place, participant, options = {}) => {
    let battery = options.battery ?? true;
    let timer = 0;
    const status = element("span", { className: "device-status" });
    const temperature = slider({
      label: "Temperature", unit: "°C", min: -40, max: 60, step: 0.1, value: options.temperature ?? 12,
    }); // prettier-ignore
    const humidity = slider({ label: "Humidity", unit: "%", min: 0, max: 100, value: options.humidity ?? 70 });
    const transmit = () => {
      participant.send("temperature", temperature.value);
      participant.send("humidity", humidity.value);
      participant.send("battery", battery);
      status.textContent = `Sent at ${new Date().toLocaleTimeString()}`;
    };
    const repeat = () => {
      clearInterval(timer);
      timer = setInterval(() => {
        temperature.value = wander(temperature.value, temperature.value, 0.4);
        transmit();
      }, config.interval * 1000);
    };
    const { config, take } = startSettings(participant, settings, repeat);
    participant.onpacket = take;
    const now = throttle(200, () => {
      transmit();
      announce(`${participant.role}: ${status.textContent}`);
    });
    place.append(temperature.element, humidity.element, element("div", { className: "device-row" },
      check("Battery good", battery, (good) => (battery = good)),
      element("button", { type: "button", click: now }, "Transmit")), status); // prettier-ignore
    transmit();
    repeat();
    return {
      memory: () => ({ temperature: temperature.value, humidity: humidity.value, battery }),
      stop: () => {
        clearInterval(timer);
        now.stop();
      },
    };
  },
};
