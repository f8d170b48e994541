// @ts-check
/**
 * Topics, discovery messages and payloads as they go over the wire; firmware/msgflo writes the same.
 *
 * @typedef {import("../msgflo.js").Participant} Participant
 * @typedef {import("../msgflo.js").Port} Port
 * @typedef {Port & Required<Pick<Port, "type" | "state" | "raw" | "topic" | "qos" | "retain">>} FullPort
 */

const SPECIAL = /[%/+#\0]/g;
const MAX_TOPIC_BYTES = 65_535; // MQTT 3.1.1, §1.5.3: a length is two bytes
const TYPES = ["boolean", "number", "string", "object", "array", "color", "buffer", "any"];
const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Percent-encode what separates topics, so that an id is one level of a topic. @param {string} text */
export const escape = (text) =>
  text.replace(SPECIAL, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`);

/** The topics that are reserved below `fbp`. */
export const topics = {
  discovery: "fbp",
  participant: (/** @type {string} */ id) => `fbp/participant/${escape(id)}`,
  connection: (/** @type {string} */ clientId) => `fbp/connection/${escape(clientId)}`,
  bind: (/** @type {string} */ id) => `fbp/bind/${escape(id)}`,
  bound: (/** @type {string} */ id) => `fbp/bound/${escape(id)}`,
};

/** True if a topic has wildcards. @param {string} topic */
export const isFilter = (topic) => /[+#]/.test(topic);

/**
 * True if a topic matches a filter (MQTT 3.1.1, §4.7). A leading wildcard does not match topics that begin with `$`.
 * @param {string} filter @param {string} topic
 */
export function matches(filter, topic) {
  if (topic[0] === "$" && /^[+#]/.test(filter)) return false;
  const pattern = filter.split("/");
  const levels = topic.split("/");
  for (const [i, level] of pattern.entries()) {
    if (level === "#") return true; // also its parent: `a/#` takes `a`
    if (i >= levels.length || (level !== "+" && level !== levels[i])) return false;
  }
  return pattern.length === levels.length;
}

/** The mistake in a filter, or "" where it may be subscribed to. @param {unknown} filter */
export function wrongFilter(filter) {
  if (typeof filter !== "string" || !filter || filter.includes("\0")) return "is no topic: a text without NUL is needed";
  if (encoder.encode(filter).length > MAX_TOPIC_BYTES) return "is longer than 65535 bytes";
  const levels = filter.split("/");
  if (levels.slice(0, -1).includes("#")) return "has a # that is not last";
  if (levels.some((level) => level.length > 1 && isFilter(level))) {
    return "has a wildcard that has not its level to itself";
  }
  return "";
}

// -- ports --

/**
 * Check the ports of a role and fill in their defaults, by their ids. Throws an Error that names what is allowed.
 * @param {string} role @param {Port[]} inports @param {Port[]} outports
 */
export function ports(role, inports, outports) {
  const all = [...inports, ...outports];
  const ids = all.map((port) => port.id);
  const twice = ids.find((id, i) => ids.indexOf(id) !== i);
  if (twice !== undefined) throw new Error(`${role}: two ports have the same id: ${twice}`);
  /** @type {{inports: Map<string, FullPort>, outports: Map<string, FullPort>}} */
  const completed = { inports: new Map(), outports: new Map() };
  for (const port of outports) completed.outports.set(port.id, complete(role, port));
  const taken = new Set([...completed.outports.values()].map((port) => port.topic));
  for (const port of inports) {
    const inport = complete(role, port);
    if (taken.has(inport.topic)) throw new Error(`${role}: inport "${port.id}" and an outport have the same topic`);
    completed.inports.set(port.id, inport);
  }
  return completed;
}

/** @param {string} role @param {Port} port @returns {FullPort} */
function complete(role, port) {
  const { id, state = false, raw = false } = port;
  if (typeof id !== "string" || !id) throw new Error(`${role}: port id ${JSON.stringify(id)}: a text is needed`);
  const where = `${role}, port "${id}"`;
  const type = port.type ?? (raw ? "buffer" : "any");
  if (!TYPES.includes(type)) throw new Error(`${where}: type "${type}"; allowed: ${TYPES.join(", ")}`);
  if (![undefined, 0, 1].includes(port.qos)) throw new Error(`${where}: qos ${port.qos} is neither 0 nor 1`);
  if (state && port.retain === false) throw new Error(`${where}: a state is retained; leave out one of both`);
  const topic = port.topic ?? `${role}/${id}`;
  const wrong = wrongFilter(topic) || (isFilter(topic) && "has a wildcard") || (isReserved(topic) && "is reserved");
  if (wrong) throw new Error(`${where}: topic ${JSON.stringify(topic)} ${wrong}`);
  return { ...port, type, state, raw, topic, qos: port.qos ?? (state ? 1 : 0), retain: port.retain ?? state };
}

/** @param {string} topic */
const isReserved = (topic) => topic === "fbp" || topic.startsWith("fbp/") || topic[0] === "$";

/** The discovery message of a participant on the connection with a client id. @param {Participant} participant @param {string} connection */
export function describe(participant, connection) {
  const { id, role, component, label, icon, period } = participant;
  const inports = [...participant.inports.values()].map(describePort);
  const outports = [...participant.outports.values()].map(describePort);
  const [bind, confirms] = participant.inports.size ? [topics.bind(id), true] : [];
  const payload = { id, role, component, label, icon, inports, outports, connection, period, bind, confirms };
  return JSON.stringify({ protocol: "discovery", command: "participant", payload });
}

/** @param {FullPort} port */
function describePort({ id, topic, type, description, schema, qos, retain }) {
  const options = qos || retain ? { qos, retain } : undefined;
  return { id, queue: topic, type, description: description || undefined, schema, options };
}

// -- payloads --

/** The JSON value of a payload; its text where it is no JSON; itself where it is not UTF-8. @param {Uint8Array} payload @returns {unknown} */
export function decode(payload) {
  let text;
  try {
    text = decoder.decode(payload);
  } catch {
    return payload;
  }
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/**
 * The payload for a value: JSON, or with `raw` its bytes or its text. Throws an Error where that is impossible.
 * @param {unknown} value @param {boolean} [raw]
 */
export function encode(value, raw = false) {
  if (raw) {
    if (typeof value === "string") return encoder.encode(value);
    if (value instanceof Uint8Array) return value.slice();
    if (value instanceof ArrayBuffer) return new Uint8Array(value.slice(0));
    throw new Error(`${String(value)} cannot be sent: bytes or text are needed`);
  }
  const text = JSON.stringify(value, (_key, each) => {
    if (typeof each === "number" && !Number.isFinite(each)) throw new Error(`${each} cannot be sent: JSON has no such`);
    return each;
  });
  if (text === undefined) throw new Error(`${String(value)} cannot be sent: JSON has no such value`);
  return encoder.encode(text);
}

/**
 * The bytes that end a connection in order: retained packets, each a topic and a text, then DISCONNECT (MQTT 3.1.1, §3.3 and
 * §3.14). They are written at once: mqtt.js takes turns of the event loop that a closing page no longer gets.
 * @param {[topic: string, text: string][]} packets
 */
export function closingBytes(packets) {
  const bytes = [];
  for (const [topic, text] of packets.map((packet) => packet.map((part) => encoder.encode(part)))) {
    bytes.push(0x31);
    let length = 2 + topic.length + text.length;
    for (; length > 127; length >>= 7) bytes.push((length & 127) | 128);
    bytes.push(length, topic.length >> 8, topic.length & 255, ...topic, ...text);
  }
  return new Uint8Array([...bytes, 0xe0, 0x00]);
}
