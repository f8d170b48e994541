// @ts-check
// Zigbee2MQTT: zigbee2mqtt/<name> as JSON, commands on …/set, and …/availability. A name may hold slashes.

import { addInport, addOutport, proposal } from "../proposal.js";
import { isObject } from "../values.js";

const NAME = "Zigbee2MQTT";
const BASE = "zigbee2mqtt/";
const OTHERS = /\/(set|get|availability)(\/[^/]+)?$/;
const SETTABLE = ["state", "brightness", "color", "color_temp", "position", "tilt", "lock_state", "occupied_heating_setpoint", "current_heating_setpoint", "system_mode", "preset", "fan_mode"];
/** @type {[string, string][]} */
const ICONS = [["brightness", "lightbulb-o"], ["action", "hand-o-up"], ["contact", "sign-in"], ["occupancy", "eye"], ["temperature", "thermometer"], ["state", "plug"]];

/** @type {import("../proposal.js").Template} */
export default {
  name: NAME,
  find(topics) {
    const found = [];
    for (const [topic, seen] of topics) {
      if (!topic.startsWith(BASE) || topic.startsWith(`${BASE}bridge/`) || OTHERS.test(topic) || !isObject(seen.value)) continue;
      const device = topic.slice(BASE.length);
      const keys = new Set(Object.keys(seen.value));
      const made = proposal(NAME, device, { icon: ICONS.find(([key]) => keys.has(key))?.[1] ?? "rss", availability: availability(topics, topic) });
      addOutport(made, keys.has("action") ? "action" : "state", seen);
      const settable = SETTABLE.filter((key) => keys.has(key));
      if (settable.length > 0 || topics.has(`${topic}/set`)) {
        addInport(made, "set", `${topic}/set`, "object", `JSON with ${settable.join(", ") || "what is to be changed"}`);
      }
      found.push(made);
    }
    return found;
  },
};

/** @param {Map<string, import("../seen.js").Seen>} topics @param {string} device */
function availability(topics, device) {
  const topic = `${device}/availability`;
  const seen = topics.get(topic);
  if (seen === undefined) return null;
  return isObject(seen.value)
    ? { topic, online: { state: "online" }, offline: { state: "offline" } }
    : { topic, online: "online", offline: "offline" };
}
