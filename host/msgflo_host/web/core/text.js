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

/** A value as text for people: strings as they are, everything else as JSON, and no more than they can read. @param {any} value @param {number} [limit] characters */
export function asText(value, limit = 400) {
  let text = "";
  if (typeof value === "string") text = value;
  else if (value instanceof Uint8Array) text = `${value.length} bytes`;
  else text = JSON.stringify(value) ?? "";
  return text.length > limit ? `${text.slice(0, limit)}…` : text;
}
