// @ts-check
// The file of a foreign device, as docs/foreign.md describes it: YAML that people can read and edit.

const PLAIN_KEY = /^[A-Za-z_][A-Za-z0-9_-]*$/;
const WORDS = /^(true|false|yes|no|on|off|y|n|null|none)$/i; // some readers take these for other values
const PLAIN_TEXT = /^[A-Za-z][A-Za-z0-9_/-]*$/;

/**
 * @typedef {{component: string, label: string, icon: string, role: string, usesRole: boolean, inports: import("./proposal.js").ProposedPort[],
 *   outports: import("./proposal.js").ProposedPort[], availability: import("./proposal.js").Availability | null}} Device
 */

/** @param {Device} device `usesRole`: the role in topics is written as #ROLE @returns {string} */
export function toYaml(device) {
  const topic = (/** @type {string} */ text) => quoted(device.usesRole ? withRole(text, device.role) : text);
  const lines = [`component: ${text(device.component)}`];
  if (device.label !== "") lines.push(`label: ${text(device.label)}`);
  if (device.icon !== "") lines.push(`icon: ${text(device.icon)}`);
  for (const side of /** @type {const} */ (["inports", "outports"])) {
    const ports = device[side].filter((port) => port.chosen);
    lines.push(ports.length > 0 ? `${side}:` : `${side}: {}`);
    for (const port of ports) {
      lines.push(`  ${key(port.id)}:`, `    queue: ${topic(port.topic)}`, `    type: ${text(port.type)}`);
      if (port.isText) lines.push("    options: {payload: text}");
      if (port.description !== "") lines.push(`    description: ${text(port.description)}`);
    }
  }
  if (device.availability !== null) {
    const { topic: where, online, offline } = device.availability;
    lines.push("availability:", `  topic: ${topic(where)}`, `  online: ${payload(online)}`, `  offline: ${payload(offline)}`);
  }
  return `${lines.join("\n")}\n`;
}

/**
 * A topic with #ROLE in place of the role, where that is a whole part of it; once.
 * @param {string} topic @param {string} role
 */
export function withRole(topic, role) {
  const at = `/${topic}/`.indexOf(`/${role}/`);
  return role === "" || at < 0 ? topic : `${topic.slice(0, at)}#ROLE${topic.slice(at + role.length)}`;
}

/** A text in double quotes, as in JSON; characters that YAML files may not hold are escaped. @param {string} value */
function quoted(value) {
  return JSON.stringify(value).replace(/[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g, (each) => `\\u${each.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** @param {string} value */
const text = (value) => (PLAIN_TEXT.test(value) && !WORDS.test(value) ? value : quoted(value));

/** @param {string} value */
const key = (value) => (PLAIN_KEY.test(value) && !WORDS.test(value) ? value : quoted(value));

/** A value of JSON is YAML as well. @param {unknown} value */
const payload = (value) => (typeof value === "string" ? text(value) : quotedJson(value));

/** @param {unknown} value @returns {string} */
function quotedJson(value) {
  if (value === null || typeof value !== "object") return typeof value === "string" ? quoted(value) : String(JSON.stringify(value));
  if (Array.isArray(value)) return `[${value.map(quotedJson).join(", ")}]`;
  return `{${Object.entries(value).map(([name, inner]) => `${key(name)}: ${quotedJson(inner)}`).join(", ")}}`;
}
