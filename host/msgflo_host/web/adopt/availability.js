// @ts-check
// Availability topics, on which a device reports that it is online. They become `availability` of a foreign device, not ports.

import { isObject } from "./values.js";

const WORDS = [["online", "offline"], ["Online", "Offline"], ["ONLINE", "OFFLINE"]];

/**
 * The availability that a topic reports, by its last value; null for a topic that carries something else.
 * @param {import("./seen.js").Seen} seen @returns {import("./proposal.js").Availability | null}
 */
export function availabilityOf({ topic, value }) {
  if (typeof value === "boolean" && topic.split("/").at(-1) === "online") return { topic, online: true, offline: false };
  const isState = isObject(value) && Object.keys(value).join() === "state"; // as Zigbee2MQTT has it
  const pair = WORDS.find((words) => words.includes(/** @type {string} */ (isState ? value.state : value)));
  if (pair === undefined) return null;
  const [online, offline] = isState ? pair.map((state) => ({ state })) : pair;
  return { topic, online, offline };
}
