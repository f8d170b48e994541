// @ts-check
// A client of the FBP network protocol over a WebSocket: requests with answers, broadcasts as events, and it reconnects by itself.

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 5000;
const ANSWER_MS = 30_000;
const QUIET_MS = 10_000; // without a message: one is asked for …
const DEAD_MS = 20_000; // … and without an answer the connection is given up
const LOOK_MS = 2000;

export const NOT_CONNECTED = "There is no connection to the coordinator just now. Nothing was sent.";
const LOST = "The connection was lost before the coordinator answered.";

/**
 * @typedef {{protocol: string, command: string, payload: any, responseTo?: string}} Message
 * @typedef {{command: string, resolve: (payload: any) => void, reject: (error: Error) => void, timer: number, isAside: boolean}} Pending
 */

/** That a request has no answer: the connection's fault, and no answer of the runtime. */
export class Unanswered extends Error {
  /** @param {string} message @param {boolean} sent whether it may have been carried out all the same */
  constructor(message, sent) {
    super(message);
    this.sent = sent;
  }
}

/** Whether an error says that the secret, or the lack of one, does not allow what was asked. @param {unknown} error */
export function isRefusal(error) {
  return error instanceof Error && error.message.endsWith(" is not permitted");
}

/**
 * Events: "state" when `state` has changed, "message" with each {@link Message} as detail, "secret" when another one is used.
 */
export class Fbp extends EventTarget {
  /** @type {"connecting" | "open" | "closed"} */
  state = "closed";
  /** Asks a person for a secret, when a request is not permitted; null when they have none. @type {null | (() => Promise<string | null>)} */
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
  #heard = 0;
  #asked = false;

  /** @param {string} url of ws: or wss: @param {{secret?: string | null}} [options] */
  constructor(url, { secret = null } = {}) {
    super();
    this.#url = url;
    this.#secret = secret;
    addEventListener("online", () => this.reconnect());
    document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && this.reconnect());
    setInterval(() => this.#look(), LOOK_MS);
  }

  get secret() {
    return this.#secret;
  }

  set secret(secret) {
    if (secret === this.#secret) return;
    this.#secret = secret;
    this.dispatchEvent(new Event("secret"));
  }

  /** Connect; to be called once, when all who listen have been made. */
  connect() {
    this.#open();
  }

  /** Try again at once, where there is no connection. */
  reconnect() {
    if (this.state !== "closed") return;
    this.#wait = FIRST_WAIT_MS;
    this.#open();
  }

  /**
   * Ask for something. Rejects with an Error whose text is for people; an {@link Unanswered} where no answer came.
   * @param {string} protocol @param {string} command @param {object} [payload]
   * @param {{quiet?: boolean}} [options] quiet: nobody is asked for a secret when it is not permitted
   * @returns {Promise<any>} the payload of the answer
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
   * What a secret would allow. It is used for this question only, and nobody else here hears the answer.
   * @param {string} secret @returns {Promise<string[]>} capabilities; rejects as `request` does
   */
  async allowedBy(secret) {
    const { capabilities } = await this.#ask("runtime", "getruntime", {}, { secret, isAside: true });
    return capabilities;
  }

  /**
   * Send something without waiting for its answer.
   * @param {string} protocol @param {string} command @param {object} [payload]
   * @returns {boolean} whether there is a connection to send it on
   */
  send(protocol, command, payload = {}) {
    return this.#write({ protocol, command, payload });
  }

  /**
   * @param {string} protocol @param {string} command @param {object} payload
   * @param {{secret?: string | null, isAside?: boolean}} [options] aside: the answer is no event @returns {Promise<any>}
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
    if (socket !== this.#socket) return; // one that was given up before
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
    // First, so that whoever waits for the answer finds it in force.
    if (!this.#pending.get(message.responseTo ?? "")?.isAside) this.dispatchEvent(new CustomEvent("message", { detail: message }));
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
    this.#heard = performance.now();
    this.#asked = false;
  }

  /** A network that has gone says nothing: browsers notice it after minutes. */
  #look() {
    if (this.state === "closed") return;
    const silent = performance.now() - this.#heard;
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
