// @ts-check
// Topics that say whether a device is there. That is no packet for others: a foreign device has `availability` for it.

import { isObject } from "./values.js";

const WORDS = [["online", "offline"], ["Online", "Offline"], ["ONLINE", "OFFLINE"]];

/**
 * What a topic says of whether something is there, by its last value; null where it carries something else.
 * @param {import("./seen.js").Seen} seen @returns {import("./proposal.js").Availability | null}
 */
export function availabilityOf({ topic, value }) {
  if (typeof value === "boolean" && topic.split("/").at(-1) === "online") return { topic, online: true, offline: false };
  const isState = isObject(value) && Object.keys(value).join() === "state"; // as Zigbee2MQTT says it
  const pair = WORDS.find((words) => words.includes(isState ? value.state : value));
  if (pair === undefined) return null;
  const [online, offline] = isState ? pair.map((state) => ({ state })) : pair;
  return { topic, online, offline };
}
