// @ts-check
// ESPHome: <node>/<kind>/<id>/state, …/command, and <node>/status with online and offline.

import { addInport, addOutport, among, proposal } from "../proposal.js";

const NAME = "ESPHome";
const ENTITY = /^(.+?)\/(sensor|binary_sensor|text_sensor|switch|light|fan|cover|climate|number|select|button|lock|valve)\/([^/]+)\/(?:([^/]+)\/)?(state|command)$/;
/** @type {Record<string, [string, string]>} */
const COMMANDS = {
  switch: ["string", "ON, OFF or TOGGLE"],
  light: ["object", "JSON with state, brightness, color"],
  fan: ["string", "ON, OFF or TOGGLE"],
  cover: ["string", "OPEN, CLOSE or STOP"],
  valve: ["string", "OPEN, CLOSE or STOP"],
  climate: ["any", ""],
  number: ["number", ""],
  select: ["string", "One of its options"],
  button: ["string", "PRESS"],
  lock: ["string", "LOCK or UNLOCK"],
};

/** @type {import("../proposal.js").Template} */
export default {
  name: NAME,
  find(topics) {
    /** @type {Map<string, import("../proposal.js").Proposal>} */
    const found = new Map();
    for (const [topic, seen] of topics) {
      const match = ENTITY.exec(topic);
      if (match === null || match[1] === "homeassistant") continue;
      const [, node, kind, id, part, last] = match;
      const made = among(found, node, () => proposal(NAME, node, { icon: "microchip", availability: availability(topics, node) }));
      const name = part === undefined ? id : `${id}_${part}`;
      if (last === "state") addOutport(made, name, seen);
      if (last === "command" || (kind in COMMANDS && (part === undefined || kind === "climate"))) {
        const [type, about] = (part === undefined ? COMMANDS[kind] : undefined) ?? ["any", ""];
        addInport(made, name, topic.replace(/(state|command)$/, "command"), type, about);
      }
    }
    return [...found.values()];
  },
};

/** @param {Map<string, import("../seen.js").Seen>} topics @param {string} node */
function availability(topics, node) {
  const topic = `${node}/status`;
  return topics.has(topic) ? { topic, online: "online", offline: "offline" } : null;
}
