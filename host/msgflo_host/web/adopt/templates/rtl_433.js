// @ts-check
// rtl_433 -F mqtt: rtl_433/<host>/devices[/type][/model][/subtype][/channel][/id]/<field>, and rtl_433/<host>/events as JSON.

import { addOutport, among, proposal } from "../proposal.js";

const NAME = "rtl_433";
// Fields that identify the sensor or describe the reception, and are no measurements.
const ASIDE = new Set(["time", "id", "channel", "type", "model", "subtype", "mic", "mod", "freq", "freq1", "freq2", "rssi", "snr", "noise", "sequence_num", "protocol"]);
/** @type {Record<string, string>} */
const UNITS = { C: "°C", F: "°F", hPa: "hPa", kPa: "kPa", mm: "mm", in: "in", km_h: "km/h", m_s: "m/s", mi_h: "mph", deg: "°", lux: "lux", kWh: "kWh", W: "W", V: "V", A: "A" };

/** @type {import("../proposal.js").Template} */
export default {
  name: NAME,
  find(topics) {
    /** @type {Map<string, import("../proposal.js").Proposal>} */
    const found = new Map();
    for (const [topic, seen] of topics) {
      const device = /^(rtl_433\/[^/]+)\/devices\/(.+)\/([^/]+)$/.exec(topic);
      const receiver = /^(rtl_433\/[^/]+)\/(events|states)$/.exec(topic);
      if (device) {
        const [, host, sensor, field] = device;
        const made = among(found, `${host} ${sensor}`, () => sensorOf(topics, host, sensor));
        addOutport(made, field, seen, { chosen: !ASIDE.has(field), description: aboutField(field) });
      } else if (receiver) {
        const made = among(found, receiver[1], () => receiverOf(topics, receiver[1]));
        addOutport(made, receiver[2], seen, { chosen: receiver[2] === "events" });
      }
    }
    return [...found.values()];
  },
};

/** @param {Map<string, import("../seen.js").Seen>} topics @param {string} host @param {string} sensor such as Nexus-TH/2/90 */
function sensorOf(topics, host, sensor) {
  const model = sensor.split("/").findLast((part) => /[A-Za-z]/.test(part)) ?? sensor;
  return proposal(NAME, sensor.replaceAll("/", "-"), { key: `${host} ${sensor}`, component: model.replace(/[^A-Za-z0-9]+/g, ""), icon: "thermometer", availability: availability(topics, host) });
}

/** @param {Map<string, import("../seen.js").Seen>} topics @param {string} base */
function receiverOf(topics, base) {
  const notes = ["Each packet that is received is one JSON object here, whatever sensor it is from. Where rtl_433 sends devices as well, each sensor has topics of its own."];
  return proposal(NAME, base.split("/")[1], { key: base, component: "Rtl433", label: "Receiver for 433 MHz", icon: "rss", notes, availability: availability(topics, base) });
}

/** @param {Map<string, import("../seen.js").Seen>} topics @param {string} base */
function availability(topics, base) {
  const topic = `${base}/availability`; // newer than 25.02
  return topics.has(topic) ? { topic, online: "online", offline: "offline" } : null;
}

/** @param {string} field such as temperature_C */
function aboutField(field) {
  if (field === "battery_ok") return "1 while the battery is good, 0 when it is to be changed";
  const unit = Object.keys(UNITS).find((suffix) => field.endsWith(`_${suffix}`));
  return unit === undefined ? "" : `in ${UNITS[unit]}`;
}
