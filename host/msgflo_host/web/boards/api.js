// @ts-check
// Requests about virtual boards, and the control socket of one that runs.

/**
 * @typedef {{role: string, kind: string, component: string}} Device
 * @typedef {{name: string, file: string, valid: boolean, problems: string[], warnings: string[], board: string, chip: string | null, title: string | null,
 *   devices: Device[], sleeps: boolean, state: "stopped" | "starting" | "running" | "stopping" | "elsewhere", error: string | null}} Board
 * @typedef {{folder: string, most: number, boards: Board[]}} Listing
 */

/** An answer that is a refusal; `status` is that of HTTP. */
export class Refused extends Error {
  /** @param {number} status @param {string} text */
  constructor(status, text) {
    super(text);
    this.status = status;
  }
}

/** The board has ended; its card goes then, which is message enough. */
export class Ended extends Error {}

/** @param {string} path @param {string | null} secret @param {string} [method] @returns {Promise<Response>} */
async function ask(path, secret, method = "GET") {
  /** @type {Response} */
  let answer;
  try {
    answer = await fetch(path, { method, headers: secret ? { Authorization: `Bearer ${secret}` } : {}, cache: "no-store" });
  } catch {
    throw new Refused(0, "There is no connection to the coordinator just now.");
  }
  if (!answer.ok) throw new Refused(answer.status, (await answer.text()).trim());
  return answer;
}

/** @param {string | null} secret @returns {Promise<Listing>} */
export async function list(secret) {
  return (await ask("boards.json", secret)).json();
}

/** Rejects with a Refused whose text is for people. @param {string} name @param {"start" | "stop"} what @param {string | null} secret */
export async function order(name, what, secret) {
  await ask(`boards/${encodeURIComponent(name)}/${what}`, secret, "POST");
}

/**
 * @typedef {string | number | boolean | string[] | number[] | null} ValueOf  an input or output
 * @typedef {Record<string, ValueOf>} Values  by their ids
 * @typedef {{before: {lines: string[]}, log: {line: string}, device: {device: string, values: Values}, pin: import("./pins.js").Pin,
 *   state: {state: State}, open: null, close: null}} ControlEvents  "before": the log until now
 * @typedef {"running" | "asleep" | "off"} State
 * @typedef {{state?: State, wifi?: boolean, connected?: boolean, devices?: Record<string, Values>}} Condition
 */

/** The control socket of a board that runs; docs/virtual-boards.md has its requests and answers. */
export class Control extends /** @type {import("../core/events.js").TargetClass<ControlEvents>} */ (EventTarget) {
  #socket;
  #number = 0;
  /** @type {Map<number, {resolve: (answer: any) => void, reject: (error: Error) => void}>} */
  #pending = new Map();

  /** @param {string} name @param {string | null} secret */
  constructor(name, secret) {
    super();
    const url = new URL(`boards/${encodeURIComponent(name)}/control`, location.href);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    url.hash = "";
    // A browser sets no header for a socket: the secret goes where the name of a protocol would.
    this.#socket = new WebSocket(url, ["msgflo-board", ...(secret ? [`secret.${secret}`] : [])]);
    this.#socket.onopen = () => this.dispatchEvent(new Event("open"));
    this.#socket.onmessage = (event) => this.#take(JSON.parse(event.data));
    this.#socket.onclose = () => this.#closed();
  }

  /**
   * Send a request. Rejects with an Error whose text is for people, an {@link Ended} after the board's end.
   * @param {Record<string, unknown>} request @returns {Promise<any>} JSON as the request has it
   */
  ask(request) {
    return new Promise((resolve, reject) => {
      if (this.#socket.readyState !== WebSocket.OPEN) {
        const isYoung = this.#socket.readyState === WebSocket.CONNECTING;
        reject(isYoung ? new Error("There is no connection to the board yet.") : new Ended("The board does not run any more."));
        return;
      }
      const id = ++this.#number;
      this.#pending.set(id, { resolve, reject });
      this.#socket.send(JSON.stringify({ ...request, id }));
    });
  }

  close() {
    this.#socket.close();
  }

  /** @param {any} message an event of ControlEvents, or an answer */
  #take(message) {
    if (typeof message.event === "string") {
      this.dispatchEvent(new CustomEvent(message.event, { detail: message }));
      return;
    }
    const pending = this.#pending.get(message.id);
    this.#pending.delete(message.id);
    if (message.error !== undefined) pending?.reject(new Error(String(message.error)));
    else pending?.resolve(message);
  }

  #closed() {
    for (const each of this.#pending.values()) each.reject(new Ended("The board does not run any more."));
    this.#pending.clear();
    this.dispatchEvent(new Event("close"));
  }
}
