// @ts-check
// Times, numbers and values as people read them. Pure.

/** A time that has passed: "40 s", "3 min", "2 h", "5 days". @param {number} seconds */
export function duration(seconds) {
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} days`;
}

/** How long ago something was. @param {number | null | undefined} seconds */
export function agoText(seconds) {
  if (seconds === null || seconds === undefined) return "never";
  return seconds < 2 ? "just now" : `${duration(seconds)} ago`;
}

/** A number with no more digits than one can read. @param {number} value */
export const numberText = (value) => String(Number(value.toPrecision(6)));

/** A control character in visible form. @param {string} each */
const visible = (each) => `\\u${each.charCodeAt(0).toString(16)}`;

// Letters of scripts that are written from right to left, and the marks that stand for one.
const TO_THE_LEFT = /[\u0590-\u08ff\u200f\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;

/** A text that may hold somebody else's, with the characters that reverse all that follows made visible: \u202e. @param {string} text */
export const straight = (text) => text.replace(/[\u202a-\u202e]/g, visible);

/** Somebody else's text, isolated so that it does not reverse our text around it. @param {string} text */
export function apart(text) {
  const plain = straight(text).replace(/[\u2066-\u2069]/g, visible); // these would end the isolation, even that of a <bdi>
  return TO_THE_LEFT.test(plain) ? `\u2068${plain}\u2069` : plain;
}

/** A value as text for people: strings as they are, everything else as JSON, and no more than they can read. @param {unknown} value @param {number} [limit] characters */
export function asText(value, limit = 400) {
  let text;
  if (typeof value === "string" || typeof value === "number") text = String(value); // JSON has no Infinity
  else if (value instanceof Uint8Array) text = `${value.length} bytes`;
  else text = JSON.stringify(value) ?? "";
  return text.length > limit ? `${text.slice(0, limit)}…` : text;
}
