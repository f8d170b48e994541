// @ts-check
// The topics of the broker: the last value of each, its count and its time. All of it is bounded.

import { typeOf } from "./values.js";

export const MOST_TOPICS = 5000;
const MOST_BYTES = 8 * 1024; // of a payload that are stored
const MOST_IN_ALL = 16 * 1024 * 1024; // beyond it, FEW_BYTES are stored of each
const FEW_BYTES = 256;
const MOST_LEVELS = 64; // of a topic

/** A topic and its last payload. */
export class Seen {
  count = 0;
  /** Time of the last one, in ms since 1970. */
  at = 0;
  /** Bytes of the last payload, before it was shortened. */
  size = 0;
  payload = new Uint8Array();
  #read = /** @type {{text: string | null, value: unknown} | null} */ (null);

  /** @param {string} topic */
  constructor(topic) {
    this.topic = topic;
  }

  /** @param {Uint8Array} payload @param {number} most bytes to store @param {number} at */
  take(payload, most, at) {
    this.payload = payload.slice(0, most);
    this.size = payload.length;
    this.count++;
    this.at = at;
    this.#read = null;
  }

  /** True if only the beginning is stored. */
  get isShortened() {
    return this.size > this.payload.length;
  }

  /** The payload as text; null where it is not UTF-8. */
  get text() {
    return this.#decoded().text;
  }

  /** JSON, or the text where it is none; undefined where it is not text, or not stored as a whole. */
  get value() {
    return this.#decoded().value;
  }

  /** The type of a port that carries this: boolean, number, string, object, array or any. */
  get type() {
    return typeOf(this.value);
  }

  #decoded() {
    this.#read ??= decoded(this.payload, this.isShortened);
    return this.#read;
  }
}

/** @param {Uint8Array} payload @param {boolean} isShortened */
function decoded(payload, isShortened) {
  let text = null;
  try {
    // The end of what is shortened may be half a character.
    text = new TextDecoder("utf-8", { fatal: true }).decode(payload, { stream: isShortened });
  } catch {
    return { text, value: undefined };
  }
  if (isShortened) return { text, value: undefined };
  try {
    return { text, value: JSON.parse(text) };
  } catch {
    return { text, value: text };
  }
}

/** All topics, but those of MsgFlo and of the broker itself. */
export class Topics {
  /** @type {Map<string, Seen>} */
  all = new Map();
  /** How many messages came on topics beyond MOST_TOPICS. */
  leftOut = 0;
  /** Grows with each topic that is new. */
  version = 0;

  #bytes = 0;

  /** @param {string} topic @param {Uint8Array} payload @param {number} [at] ms */
  take(topic, payload, at = Date.now()) {
    if (isOurs(topic) || payload.length === 0) return; // an empty one clears a value that was retained
    let seen = this.all.get(topic);
    if (seen === undefined) {
      if (this.all.size >= MOST_TOPICS || topic.split("/", MOST_LEVELS + 1).length > MOST_LEVELS) {
        this.leftOut++;
        return;
      }
      seen = new Seen(topic);
      this.all.set(topic, seen);
      this.version++;
    }
    this.#bytes -= seen.payload.length;
    seen.take(payload, this.#bytes < MOST_IN_ALL ? MOST_BYTES : FEW_BYTES, at);
    this.#bytes += seen.payload.length;
  }
}

/** True if a topic is one of MsgFlo or of the broker itself. @param {string} topic */
function isOurs(topic) {
  return topic === "fbp" || topic.startsWith("fbp/") || topic.startsWith("$");
}
