// @ts-check
// The parts of templates. A template finds devices among topics, and proposes ports for each.

import { freeName } from "../core/names.js";
import { componentName, fieldsOf, plainName } from "./values.js";

/**
 * @typedef {import("./seen.js").Seen} Seen
 * @typedef {{id: string, topic: string, type: string, description: string, chosen: boolean, isText: boolean}} ProposedPort  `isText`: an inport
 *   to which a text goes as it is, not as JSON
 * @typedef {{topic: string, online: unknown, offline: unknown}} Availability  payloads
 * @typedef {{
 *   template: string, key: string, device: string, role: string, component: string, label: string, icon: string,
 *   inports: ProposedPort[], outports: ProposedPort[], availability: Availability | null, notes: string[],
 * }} Proposal  `key` tells it from others of the template; `device` and `notes` are for people
 * @typedef {{name: string, find: (topics: Map<string, Seen>) => Proposal[]}} Template  `find` is a pure function
 */

/**
 * A proposal without ports. @param {string} template @param {string} device @param {Partial<Proposal>} [rest] @returns {Proposal}
 */
export function proposal(template, device, rest = {}) {
  const role = plainName(device) || "device";
  return {
    template, key: device, device, role, component: componentName(device), label: `${template}: ${device}`, icon: "plug",
    inports: [], outports: [], availability: null, notes: [], ...rest,
  };
}

/**
 * Add an outport for a topic. @param {Proposal} to @param {string} id @param {Seen} seen @param {Partial<ProposedPort>} [rest]
 */
export function addOutport(to, id, seen, rest = {}) {
  add(to.outports, id, { topic: seen.topic, type: seen.type, description: fieldsOf(seen.value), ...rest });
}

/**
 * Add an outport for a topic that has had no message yet. @param {Proposal} to @param {string} id @param {string} topic
 * @param {string} type @param {string} [description]
 */
export function addSilentOutport(to, id, topic, type, description = "") {
  if (!to.outports.some((port) => port.topic === topic)) add(to.outports, id, { topic, type, description });
}

/**
 * Add an inport for a topic, once for each; it may have had no message yet. Devices take text where a payload is not JSON.
 * @param {Proposal} to @param {string} id @param {string} topic @param {string} type @param {string} [description]
 * @param {Partial<ProposedPort>} [rest]
 */
export function addInport(to, id, topic, type, description = "", rest = {}) {
  if (/[+#]/.test(topic) || to.inports.some((port) => port.topic === topic)) return;
  add(to.inports, id, { topic, type, description, isText: type === "string" || type === "any", ...rest });
}

/** @param {ProposedPort[]} ports @param {string} id @param {Partial<ProposedPort>} port */
function add(ports, id, port) {
  const name = freeName(plainName(id) || "value", (taken) => ports.some((other) => other.id === taken));
  ports.push({ topic: "", type: "any", description: "", chosen: true, isText: false, ...port, id: name });
}

/**
 * The item of a key, made for the first call. @template T @param {Map<string, T>} map @param {string} key @param {() => T} make
 */
export function among(map, key, make) {
  const found = map.get(key) ?? make();
  map.set(key, found);
  return found;
}
