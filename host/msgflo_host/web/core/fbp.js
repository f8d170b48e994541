// @ts-check
// A client of the FBP network protocol over a WebSocket. It has requests with answers and broadcasts as events, and reconnects.

import { emit } from "./events.js";

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 5000;
const ANSWER_MS = 30_000;
const QUIET_MS = 10_000; // without a message: then the page asks for one …
const DEAD_MS = 20_000; // … and without an answer it closes the connection
const CHECK_MS = 2000;

export const NOT_CONNECTED = "There is no connection to the coordinator just now. Nothing was sent.";
const LOST = "The connection was lost before the coordinator answered.";

/**
 * @typedef {any} Payload  JSON as its command has it
 * @typedef {{protocol: string, command: string, payload: Payload, responseTo?: string}} Message
 * @typedef {{command: string, resolve: (payload: Payload) => void, reject: (error: Error) => void, timer: number, isAside: boolean}} Pending
 */

/** A request without an answer: the connection failed, not the runtime. */
export class Unanswered extends Error {
  /** @param {string} message @param {boolean} sent whether the runtime may have carried it out */
  constructor(message, sent) {
    super(message);
    this.sent = sent;
  }
}

/** True if an error is a refusal, for lack of a secret that allows the request. @param {unknown} error */
export function isRefusal(error) {
  return error instanceof Error && error.message.endsWith(" is not permitted");
}

/** Events: "state" when `state` has changed, each "message", "secret" when another one is used. */
export class Fbp extends /** @type {import("./events.js").TargetClass<{state: null, message: Message, secret: null}>} */ (EventTarget) {
  /** @type {"connecting" | "open" | "closed"} */
  state = "closed";
  /** Called for a secret when a request is not permitted; null where there is none. @type {null | (() => Promise<string | null>)} */
  askSecret = null;

  #url;
  /** @type {string | null} */
  #secret;
  /** @type {WebSocket | null} */
  #socket = null;
  #number = 0;
  /** @type {Map<string, Pending>} */
  #pending = new Map();
  #wait = FIRST_WAIT_MS;
  #timer = 0;
  #lastMessage = 0;
  #asked = false;

  /** @param {string} url of ws: or wss: @param {{secret?: string | null}} [options] */
  constructor(url, { secret = null } = {}) {
    super();
    this.#url = url;
    this.#secret = secret;
    addEventListener("online", () => this.reconnect());
    document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && this.reconnect());
    setInterval(() => this.#check(), CHECK_MS);
  }

  get secret() {
    return this.#secret;
  }

  set secret(secret) {
    if (secret === this.#secret) return;
    this.#secret = secret;
    this.dispatchEvent(new Event("secret"));
  }

  /** Connect; called once, after all listeners are added. */
  connect() {
    this.#open();
  }

  /** Try again at once if there is no connection. */
  reconnect() {
    if (this.state !== "closed") return;
    this.#wait = FIRST_WAIT_MS;
    this.#open();
  }

  /**
   * Send a request. Rejects with an Error whose text is for people, or an {@link Unanswered}.
   * @param {string} protocol @param {string} command @param {object} [payload]
   * @param {{quiet?: boolean}} [options] quiet: ask nobody for a secret when it is not permitted
   * @returns {Promise<Payload>} of the answer
   */
  async request(protocol, command, payload = {}, { quiet = false } = {}) {
    try {
      return await this.#ask(protocol, command, payload);
    } catch (error) {
      if (quiet || !isRefusal(error) || this.askSecret === null) throw error;
      const secret = await this.askSecret();
      if (secret === null) throw error;
      this.secret = secret;
      return this.#ask(protocol, command, payload);
    }
  }

  /**
   * The capabilities that a secret allows. It is used for this request only, and the answer is no event.
   * @param {string} secret @returns {Promise<string[]>} rejects as `request` does
   */
  async allowedBy(secret) {
    const { capabilities } = await this.#ask("runtime", "getruntime", {}, { secret, isAside: true });
    return capabilities;
  }

  /**
   * Send a message without waiting for its answer.
   * @param {string} protocol @param {string} command @param {object} [payload]
   * @returns {boolean} whether there is a connection to send it on
   */
  send(protocol, command, payload = {}) {
    return this.#write({ protocol, command, payload });
  }

  /**
   * @param {string} protocol @param {string} command @param {object} payload
   * @param {{secret?: string | null, isAside?: boolean}} [options] aside: the answer is no event @returns {Promise<Payload>}
   */
  #ask(protocol, command, payload, { secret = this.#secret, isAside = false } = {}) {
    return new Promise((resolve, reject) => {
      const requestId = String(++this.#number);
      if (!this.#write({ protocol, command, payload, requestId }, secret)) {
        reject(new Unanswered(NOT_CONNECTED, false));
        return;
      }
      const timer = setTimeout(() => {
        this.#pending.delete(requestId);
        reject(new Unanswered(`The coordinator has not answered ${protocol}:${command} within ${ANSWER_MS / 1000} s.`, true));
      }, ANSWER_MS);
      this.#pending.set(requestId, { command, resolve, reject, timer, isAside });
    });
  }

  /** @param {object} message @param {string | null} [secret] */
  #write(message, secret = this.#secret) {
    if (this.#socket === null || this.state !== "open") return false;
    this.#socket.send(JSON.stringify(secret ? { ...message, secret } : message));
    return true;
  }

  #open() {
    clearTimeout(this.#timer);
    this.#set("connecting");
    const socket = new WebSocket(this.#url);
    this.#socket = socket;
    socket.onopen = () => {
      this.#wait = FIRST_WAIT_MS;
      this.#note();
      this.#set("open");
    };
    socket.onmessage = (event) => this.#receive(event.data);
    socket.onclose = () => this.#closed(socket);
    this.#note();
  }

  /** @param {WebSocket} socket */
  #closed(socket) {
    if (socket !== this.#socket) return; // an earlier one
    this.#socket = null;
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    this.#set("closed");
    for (const each of pending) {
      clearTimeout(each.timer);
      each.reject(new Unanswered(LOST, true));
    }
    this.#timer = setTimeout(() => this.#open(), this.#wait);
    this.#wait = Math.min(2 * this.#wait, LONGEST_WAIT_MS);
  }

  /** @param {string} text */
  #receive(text) {
    this.#note();
    /** @type {Message} */
    const message = JSON.parse(text);
    // First, so that the answer is applied when the request resolves.
    if (!this.#pending.get(message.responseTo ?? "")?.isAside) emit(this, "message", message);
    this.#settle(message);
  }

  /** @param {Message} message */
  #settle(message) {
    const id = message.responseTo ?? "";
    const pending = this.#pending.get(id);
    if (pending === undefined) return;
    if (pending.command === "list" && message.command === "component") return; // more are to come
    clearTimeout(pending.timer);
    this.#pending.delete(id);
    if (message.command === "error") pending.reject(new Error(String(message.payload.message)));
    else pending.resolve(message.payload);
  }

  #note() {
    this.#lastMessage = performance.now();
    this.#asked = false;
  }

  /** Notice a network that has gone: browsers take minutes for it. */
  #check() {
    if (this.state === "closed") return;
    const silent = performance.now() - this.#lastMessage;
    if (silent > DEAD_MS && (this.#asked || this.state === "connecting")) {
      const socket = /** @type {WebSocket} */ (this.#socket);
      socket.close();
      this.#closed(socket);
    } else if (silent > QUIET_MS && this.state === "open" && !this.#asked) {
      this.#asked = this.send("runtime", "getruntime");
    }
  }

  /** @param {"connecting" | "open" | "closed"} state */
  #set(state) {
    this.state = state;
    this.dispatchEvent(new Event("state"));
  }
}
