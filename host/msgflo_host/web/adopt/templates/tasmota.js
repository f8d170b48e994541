// @ts-check
// Tasmota: tele/<topic>/STATE, SENSOR and LWT, stat/<topic>/POWER and RESULT, cmnd/<topic>/<command>; or with the topic in front.

import { addInport, addOutport, addSilentOutport, among, proposal } from "../proposal.js";
import { isObject } from "../values.js";

const NAME = "Tasmota";
const CHOSEN = /^(STATE|SENSOR|POWER\d*)$/;
const CERTAIN = /^(STATE|SENSOR|LWT|RESULT|POWER\d*|INFO\d|STATUS\d*)$/; // only Tasmota calls them so
/** @type {[RegExp, string, string][]} */
const COMMANDS = [
  [/^POWER\d*$/, "boolean", "true or false; or ON, OFF or TOGGLE"],
  [/^Dimmer\d*$/, "number", "0 to 100"],
  [/^CT$/, "number", "Colour temperature, 153 to 500"],
  [/^(Color|HSBColor)$/, "string", "Colour: hexadecimal, or hue, saturation and brightness"],
];

/** @type {import("../proposal.js").Template} */
export default {
  name: NAME,
  find(topics) {
    /** @type {Map<string, Map<string, string>>} */
    const devices = new Map(); // to "tele/STATE" -> topic
    for (const topic of topics.keys()) {
      const [, prefix, device, last] = /^(tele|stat|cmnd)\/(.+)\/([^/]+)$/.exec(topic) ?? turned(/^(.+)\/(tele|stat|cmnd)\/([^/]+)$/.exec(topic));
      if (device !== undefined) among(devices, device, () => new Map()).set(`${prefix}/${last}`, topic);
    }
    return [...devices].filter(([, own]) => [...own.keys()].some((key) => CERTAIN.test(key.split("/")[1]) && !key.startsWith("cmnd/")))
      .map(([device, own]) => proposed(topics, device, own));
  },
};

/** @param {RegExpExecArray | null} match @returns {(string | undefined)[]} */
const turned = (match) => (match ? [match[0], match[2], match[1], match[3]] : []);

/** @param {Map<string, import("../seen.js").Seen>} topics @param {string} device @param {Map<string, string>} own */
function proposed(topics, device, own) {
  const made = proposal(NAME, device);
  const commands = new Set();
  for (const [key, topic] of own) {
    const [prefix, last] = key.split("/");
    const seen = /** @type {import("../seen.js").Seen} */ (topics.get(topic));
    if (prefix === "cmnd") {
      commands.add(last);
    } else if (key === "tele/LWT") {
      made.availability = { topic, online: "Online", offline: "Offline" };
    } else {
      addOutport(made, last.toLowerCase(), seen, { chosen: CHOSEN.test(last) });
      if (/^POWER\d*$/.test(last)) commands.add(last);
      if (/^(STATE|RESULT)$/.test(last) && isObject(seen.value)) Object.keys(seen.value).forEach((name) => commands.add(name));
    }
  }
  const [[, first]] = own;
  for (const command of commands) {
    const topic = beside(first, "cmnd", command);
    if (/^POWER\d*$/.test(command)) addSilentOutport(made, command.toLowerCase(), beside(first, "stat", command), "string", "ON or OFF, each time that it is switched");
    const [, type, about] = COMMANDS.find(([name]) => name.test(command)) ?? [];
    if (type !== undefined) addInport(made, command.toLowerCase(), topic, type, about, { isText: type !== "number" });
    else if (own.has(`cmnd/${command}`)) addInport(made, command.toLowerCase(), topic, "any", "", { chosen: false });
  }
  return made;
}

/** Another topic of the same device. @param {string} topic @param {string} prefix @param {string} last */
function beside(topic, prefix, last) {
  const turn = /^(tele|stat|cmnd)\//.test(topic) ? topic.replace(/^\w+/, prefix) : topic.replace(/\/\w+(?=\/[^/]+$)/, `/${prefix}`);
  return turn.replace(/[^/]+$/, () => last);
}
