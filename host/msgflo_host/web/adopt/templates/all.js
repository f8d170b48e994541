// @ts-check
// All templates, the most certain first.

import esphome from "./esphome.js";
import homeassistant from "./homeassistant.js";
import rtl_433 from "./rtl_433.js";
import shelly from "./shelly.js";
import tasmota from "./tasmota.js";
import zigbee2mqtt from "./zigbee2mqtt.js";

const TEMPLATES = [rtl_433, zigbee2mqtt, tasmota, esphome, shelly, homeassistant];
const MOST = 200; // devices

/**
 * The devices that templates find among topics. Devices whose topics all belong to participants are left out.
 * @param {Map<string, import("../seen.js").Seen>} topics @param {(topic: string) => boolean} isKnown whether a topic belongs to a participant
 * @returns {import("../proposal.js").Proposal[]}
 */
export function devicesAmong(topics, isKnown) {
  const found = TEMPLATES.flatMap((template) => template.find(topics));
  return found.filter((each) => each.outports.some((port) => port.chosen && !isKnown(port.topic))).slice(0, MOST);
}
