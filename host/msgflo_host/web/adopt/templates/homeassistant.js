// @ts-check
// Discovery messages of Home Assistant: homeassistant/<component>/[<node>/]<object>/config, JSON that names topics; keys may be abbreviated.

import { addInport, addOutport, addSilentOutport, among, proposal } from "../proposal.js";
import { isObject, shortened } from "../values.js";

const NAME = "Home Assistant";
const CONFIG = /^homeassistant\/([^/]+)\/(?:([^/]+)\/)?([^/]+)\/config$/;
/** @type {Record<string, string>} */
const LONG = {
  avty: "availability", avty_t: "availability_topic", avty_tpl: "availability_template", bri_cmd_t: "brightness_command_topic", bri_stat_t: "brightness_state_topic",
  cmd_t: "command_topic", cmps: "components", cur_temp_t: "current_temperature_topic", dev: "device", dev_cla: "device_class", ids: "identifiers",
  mode_cmd_t: "mode_command_topic", mode_stat_t: "mode_state_topic", p: "platform", pl_avail: "payload_available", pl_not_avail: "payload_not_available",
  pl_on: "payload_on", pl_off: "payload_off", pos_t: "position_topic", rgb_cmd_t: "rgb_command_topic", rgb_stat_t: "rgb_state_topic", set_pos_t: "set_position_topic",
  stat_t: "state_topic", t: "topic", temp_cmd_t: "temperature_command_topic", temp_stat_t: "temperature_state_topic", unit_of_meas: "unit_of_measurement", val_tpl: "value_template",
};

/** @typedef {Record<string, unknown>} Config */

/** @type {import("../proposal.js").Template} */
export default {
  name: NAME,
  find(topics) {
    /** @type {Map<string, import("../proposal.js").Proposal>} */
    const found = new Map();
    for (const [topic, seen] of topics) {
      const match = CONFIG.exec(topic);
      if (match === null || !isObject(seen.value)) continue;
      const whole = lengthened(seen.value);
      const parts = isObject(whole.components) ? Object.entries(whole.components) : [[match[3], whole]];
      for (const [object, part] of parts) {
        if (!isObject(part)) continue;
        const config = based({ ...whole, ...lengthened(part), kind: match[1] });
        const device = isObject(config.device) ? lengthened(config.device) : {};
        const name = String(device.name ?? match[2] ?? match[3]);
        const key = String([device.identifiers ?? name].flat()[0]);
        const made = among(found, key, () => proposal(NAME, name, { key, icon: "home", availability: availability(config) }));
        addEntity(made, topics, config, String(config.name ?? object));
      }
    }
    return [...found.values()];
  },
};

/** @param {Config} config */
const lengthened = (config) => Object.fromEntries(Object.entries(config).map(([key, value]) => [Object.hasOwn(LONG, key) ? LONG[key] : key, value]));

/** Put the topic `~` in its place. @param {Config} config */
function based(config) {
  const base = config["~"];
  if (typeof base !== "string") return config;
  const full = (/** @type {unknown} */ value) => (typeof value === "string" ? value.replace(/^~|~$/, () => base) : value);
  return Object.fromEntries(Object.entries(config).map(([key, value]) => [key, /topic$/.test(key) ? full(value) : value]));
}

/**
 * @param {import("../proposal.js").Proposal} to @param {Map<string, import("../seen.js").Seen>} topics
 * @param {Config} config @param {string} name
 */
function addEntity(to, topics, config, name) {
  for (const [key, topic] of Object.entries(config)) {
    if (!key.endsWith("topic") || typeof topic !== "string" || topic === "" || /^(availability|json_attributes)_topic$/.test(key)) continue;
    const part = key.replace(/_?(state|command)?_?topic$/, "");
    const id = part === "" ? name : `${name}_${part}`;
    if (/(^|_)(command|set_[a-z]+)_topic$/.test(key)) addInport(to, id, topic, commandType(config, part), part === "" ? payloads(config) : "");
    else addState(to, topics, topic, id, config);
  }
}

/**
 * @param {import("../proposal.js").Proposal} to @param {Map<string, import("../seen.js").Seen>} topics
 * @param {string} topic @param {string} id @param {Config} config
 */
function addState(to, topics, topic, id, config) {
  const about = aboutState(config, id);
  const same = to.outports.find((port) => port.topic === topic);
  if (same !== undefined) {
    same.description = shortened(`${same.description}; ${about}`, 500);
    same.id = same.id === "state" || to.outports.some((port) => port.id === "state") ? same.id : "state"; // it carries several values
    return;
  }
  const seen = topics.get(topic);
  if (seen !== undefined) addOutport(to, id, seen, { description: about });
  else addSilentOutport(to, id, topic, guessed(config), about);
}

/** The type of a topic without a message yet. @param {Config} config */
function guessed(config) {
  if (String(config.value_template ?? "").includes("value_json")) return "object";
  return config.unit_of_measurement === undefined ? "any" : "number";
}

/** @param {Config} config @param {string} part */
function commandType(config, part) {
  if (config.schema === "json") return "object";
  if (part === "" && (config.platform ?? config.kind) === "number") return "number";
  return part === "" ? "string" : "any";
}

/** @param {Config} config */
function payloads(config) {
  const payloads = [config.payload_on, config.payload_off].filter((each) => each !== undefined);
  return shortened(payloads.join(" or "), 100);
}

/** @param {Config} config @param {string} name */
function aboutState(config, name) {
  const words = [name];
  if (config.unit_of_measurement !== undefined) words.push(`in ${config.unit_of_measurement}`);
  if (config.value_template !== undefined) words.push(`(value_template ${config.value_template})`);
  return shortened(words.join(" "), 200);
}

/** @param {Config} config */
function availability(config) {
  const first = [config.availability].flat()[0];
  const own = isObject(first) ? based({ "~": config["~"], ...lengthened(first) }) : {};
  const topic = own.topic ?? config.availability_topic;
  if (typeof topic !== "string" || topic === "" || /[+#]/.test(topic)) return null;
  const online = own.payload_available ?? config.payload_available ?? "online";
  const offline = own.payload_not_available ?? config.payload_not_available ?? "offline";
  const [, field] = /value_json\.(\w+)/.exec(String(own.value_template ?? config.availability_template ?? "")) ?? [];
  return field === undefined ? { topic, online, offline } : { topic, online: { [field]: online }, offline: { [field]: offline } };
}
