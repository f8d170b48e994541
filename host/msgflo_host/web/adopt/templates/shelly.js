// @ts-check
// Shelly. The first generation: shellies/<id>/relay/0, …/command, …/online. Later ones: <id>/status/switch:0, <id>/command/switch:0, <id>/online.

import { addInport, addOutport, among, proposal } from "../proposal.js";

const NAME = "Shelly";
const FIRST = /^(shellies\/([^/]+))\/(.+)$/;
const LATER = /^(.+)\/(status|command)\/([a-z][a-z0-9_]*:\d+|sys|wifi|cloud|mqtt|ble)$/;
const NO_VALUE = /(^|\/)(announce|info|online|command|set)$/;

/** @type {import("../proposal.js").Template} */
export default {
  name: NAME,
  find(topics) {
    /** @type {Map<string, import("../proposal.js").Proposal>} */
    const found = new Map();
    for (const [topic, seen] of topics) {
      const first = FIRST.exec(topic);
      const later = first === null ? LATER.exec(topic) : null;
      if (first !== null) firstGeneration(among(found, first[1], () => made(topics, first[1], first[2])), seen, first[3]);
      else if (later !== null) laterGeneration(among(found, later[1], () => made(topics, later[1], later[1])), seen, later);
    }
    return [...found.values()];
  },
};

/** @param {Map<string, import("../seen.js").Seen>} topics @param {string} base @param {string} id */
function made(topics, base, id) {
  const topic = `${base}/online`;
  return proposal(NAME, id, { key: base, availability: topics.has(topic) ? { topic, online: true, offline: false } : null });
}

/** @param {import("../proposal.js").Proposal} to @param {import("../seen.js").Seen} seen @param {string} rest */
function firstGeneration(to, seen, rest) {
  const base = seen.topic.slice(0, -rest.length);
  const [, kind, number] = /^(relay|roller|light|color|white)\/(\d+)/.exec(rest) ?? [];
  if (!NO_VALUE.test(rest)) addOutport(to, rest.replaceAll("/", "_"), seen);
  if (kind === undefined) return;
  const about = kind === "roller" ? "open, close or stop" : "on, off or toggle";
  addInport(to, `${kind}_${number}`, `${base}${kind}/${number}/command`, "string", about);
  if (!["relay", "roller"].includes(kind)) addInport(to, `${kind}_${number}_set`, `${base}${kind}/${number}/set`, "object", "JSON with turn, brightness, colours");
}

/** @param {import("../proposal.js").Proposal} to @param {import("../seen.js").Seen} seen @param {RegExpExecArray} match */
function laterGeneration(to, seen, [, base, direction, part]) {
  const name = part.replace(":", "_");
  if (direction === "status") addOutport(to, name, seen, { chosen: part.includes(":") });
  if (!/^(switch|cover|light):/.test(part)) return;
  const about = part.startsWith("cover") ? "open, close or stop" : "on, off or toggle";
  addInport(to, name, `${base}/command/${part}`, "string", about);
}
