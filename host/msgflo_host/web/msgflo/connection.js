// @ts-check
import { connect as open } from "../vendor/mqtt.js";
import { resolve, socketOf } from "./account.js";
import { Bindings } from "./bindings.js";
import { Outbox } from "./outbox.js";
import { closingBytes, decode, describe, topics } from "./wire.js";

/**
 * @typedef {import("../msgflo.js").Participant} Participant
 * @typedef {import("../msgflo.js").Broker} Broker
 * @typedef {import("../vendor/mqtt.js").MqttClient} Client
 */

const KEEPALIVE_S = 60; // browsers wake a page in the background once a minute
const CONNECT_MS = 10_000;
const FIRST_DELAY_MS = 250;
const LAST_DELAY_MS = 6_000; // so that participants are back within 10 s of a broker's restart
const SHORT_MS = 5_000; // a connection that ends sooner was no success

/**
 * Participants on one MQTT connection, which reconnects by itself; made by `connect`. The event "state" follows each change
 * of `state` or `trouble`.
 */
export class Connection extends EventTarget {
  /** @type {"connecting" | "online" | "closed"} */
  state = "connecting";
  /** The problem of the connection, for people; or "". */
  trouble = "";
  /** True if the coordinator lets nobody through without a secret. */
  refused = false;

  #participants = /** @type {Participant[]} */ ([]);
  #unannounced = /** @type {Set<Participant>} */ (new Set()); // on this connection
  #unstarted = /** @type {Set<Participant>} */ (new Set()); // never connected before
  #client = /** @type {Client | null} */ (null);
  #socket = /** @type {WebSocket | null} */ (null);
  #outbox = new Outbox();
  #bindings;
  #work = Promise.resolve(); // the connection's tasks, one after the other
  #delay = FIRST_DELAY_MS;
  #retry = 0;
  #repeat = 0;
  #short = 0; // how many connections in a row ended soon
  #abort = new AbortController();

  /** @param {Broker | undefined} broker @param {Participant[]} participants @param {import("../msgflo.js").Options} options */
  constructor(broker, participants, { clientId, log = (text) => console.warn(`msgflo: ${text}`) } = {}) {
    super();
    if (!clientId && !participants.length) throw new Error("a connection without participants needs a clientId");
    this.broker = broker;
    this.clientId = clientId ?? participants[0].id;
    this.log = log;
    this.#bindings = new Bindings(log);
    for (const participant of participants) this.add(participant);
    const { signal } = this.#abort;
    // Firefox has closed a page's WebSockets by the time of `pagehide`. A page that stays open after all connects again.
    addEventListener("beforeunload", (event) => event.defaultPrevented || this.#sayGoodbye(), { signal });
    addEventListener("pagehide", () => this.#leave(), { signal });
    addEventListener("online", () => this.retry(), { signal });
    document.addEventListener("visibilitychange", () => document.hidden || this.retry(), { signal });
    addEventListener("pageshow", () => this.#open(), { signal }); // a page that was left may be shown again
    this.#attempt();
  }

  /** Add a participant. Throws an Error where there is one with its id already. @param {Participant} participant */
  add(participant) {
    if (this.#participants.some((other) => other.id === participant.id)) {
      throw new Error(`two participants of a connection have the same id: ${participant.id}`);
    }
    participant.connection = this;
    this.#outbox.drop(topics.participant(participant.id)); // it may have been removed a moment ago
    this.#participants.push(participant);
    this.#bindings.add(participant);
    this.#unannounced.add(participant);
    this.#unstarted.add(participant);
    this.#update();
  }

  /** Remove a participant; everybody forgets it. Packets that it has sent while online still arrive. @param {Participant} participant */
  remove(participant) {
    if (!this.#participants.includes(participant)) return;
    this.#participants = this.#participants.filter((other) => other !== participant);
    this.#unannounced.delete(participant);
    this.#unstarted.delete(participant);
    this.#bindings.remove(participant);
    for (const { topic } of participant.outports.values()) this.#outbox.drop(topic);
    for (const topic of [topics.participant, topics.bound]) this.#outbox.post({ topic: topic(participant.id), qos: 1, retain: true }, new Uint8Array());
    participant.connection = null;
    this.#update();
  }

  /** Send a payload from an outport, now or as soon as possible. @param {import("./wire.js").FullPort} out @param {Uint8Array} payload */
  post(out, payload) {
    this.#outbox.post(out, payload);
    this.#flush();
  }

  /** Announce the end, and disconnect for good. */
  close() {
    this.#abort.abort();
    this.#leave();
  }

  /** Nothing waits for an answer: a page that is closed has no time for it. */
  #leave() {
    if (this.state === "closed") return;
    this.#sayGoodbye();
    const client = this.#client;
    this.#lost(0);
    this.#change("closed");
    clearTimeout(this.#retry);
    this.#retry = 0;
    client?.end(true);
  }

  #sayGoodbye() {
    if (this.state !== "online" || this.#socket?.readyState !== WebSocket.OPEN) return;
    const leaving = this.#participants.filter((participant) => participant.temporary);
    /** @type {[string, string][]} */
    const cleared = leaving.flatMap(({ id }) => [[topics.participant(id), ""], [topics.bound(id), ""]]);
    const status = leaving.length === this.#participants.length ? "" : "offline"; // "": nothing of us remains
    this.#socket.send(closingBytes([...cleared, [topics.connection(this.clientId), status]]));
    this.#socket = null; // once
  }

  #open() {
    if (this.state !== "closed") return;
    this.state = "connecting";
    this.#attempt();
  }

  /** @param {"connecting" | "online" | "closed"} state */
  #change(state, trouble = "") {
    const before = this.trouble;
    this.state = state;
    this.trouble = trouble;
    if (trouble && trouble !== before) this.log(trouble);
    this.dispatchEvent(new Event("state"));
  }

  // -- one connection after the other --

  async #attempt() {
    let account;
    try {
      account = await resolve(this.broker);
      this.refused = false;
    } catch (error) {
      const { message, status = 0 } = /** @type {Error & {status?: number}} */ (error);
      this.refused = [401, 403].includes(status);
      this.#again(message);
      return;
    }
    if (this.state === "closed" || this.#client) return;
    const client = open(account.url, {
      clientId: this.clientId,
      username: account.user,
      password: account.password,
      protocolVersion: 4,
      clean: true,
      keepalive: KEEPALIVE_S,
      connectTimeout: CONNECT_MS,
      reconnectPeriod: 0, // we do it
      resubscribe: false,
      timerVariant: "native", // the other kind makes a worker of text, which a strict policy forbids
      will: { topic: topics.connection(this.clientId), payload: "lost", qos: 1, retain: true },
      createWebsocket: (url, protocols) => (this.#socket = socketOf(account, url, protocols)),
    });
    this.#client = client;
    const where = new URL(account.url).host;
    let began = 0;
    let trouble = "";
    client.on("connect", () => {
      began = Date.now();
      this.#work = this.#serve(client);
    });
    client.on("message", (topic, payload, packet) => this.#received(topic, new Uint8Array(payload), packet.retain));
    client.on("error", (error) => {
      trouble = error.code === undefined ? "" : `: ${error.message}`;
      client.end(true);
    });
    client.once("close", () => {
      client.end(true);
      if (client !== this.#client || this.state === "closed") return;
      const lasted = began && Date.now() - began;
      this.#lost(lasted);
      this.#again(began ? `the connection to ${where} is lost` : `no connection to ${where}${trouble}`);
    });
  }

  /** @param {number} lasted ms, 0 where it was never open */
  #lost(lasted) {
    clearTimeout(this.#repeat);
    this.#client = null;
    this.#outbox.restore();
    this.#unannounced = new Set(this.#participants);
    if (lasted > SHORT_MS) this.#delay = FIRST_DELAY_MS;
    this.#short = lasted && lasted <= SHORT_MS ? this.#short + 1 : 0;
    if (this.#short === 3) this.log(`another page or program probably uses the client id "${this.clientId}"`);
  }

  /** @param {string} trouble */
  #again(trouble) {
    if (this.state === "closed") return;
    this.#change("connecting", trouble);
    // Varied, so that after a broker's restart not all come at once.
    this.#retry = setTimeout(() => this.retry(), this.#delay * (0.75 + Math.random() / 2));
    this.#delay = Math.min(this.#delay * 2, LAST_DELAY_MS);
  }

  /** Connect now instead of after the present delay. */
  retry() {
    if (!this.#retry) return;
    clearTimeout(this.#retry);
    this.#retry = 0;
    this.#attempt();
  }

  // -- on a connection --

  /** Subscribe, and only then announce the participants. @param {Client} client */
  async #serve(client) {
    await this.#subscribe(client, this.#bindings.renew());
    if (client !== this.#client) return;
    client.publish(topics.connection(this.clientId), "online", { qos: 1, retain: true });
    this.#introduce(client);
    this.#change("online");
    this.#flush();
    this.#schedule(client);
    this.#update();
  }

  /** @param {Client} client */
  #introduce(client) {
    const unannounced = [...this.#unannounced];
    this.#unannounced.clear();
    for (const participant of unannounced) {
      const message = describe(participant, this.clientId);
      client.publish(topics.participant(participant.id), message, { qos: 0, retain: true });
      client.publish(topics.discovery, message, { qos: 0 });
    }
    for (const participant of unannounced) {
      if (this.#unstarted.delete(participant)) this.#guard(participant, () => participant.onstart());
    }
  }

  /** Bring subscriptions and announcements up to date, after the tasks that wait. */
  #update() {
    if (this.state !== "online") return;
    const client = this.#client;
    this.#work = this.#work.then(async () => {
      if (client === null || client !== this.#client || (!this.#bindings.changed && !this.#unannounced.size)) return;
      const { subscribe, unsubscribe } = this.#bindings.apply();
      const confirmations = this.#bindings.confirmations();
      await this.#subscribe(client, subscribe);
      if (client !== this.#client) return;
      if (unsubscribe.length) client.unsubscribe(unsubscribe);
      for (const [topic, version] of confirmations) client.publish(topic, version, { qos: 0, retain: true });
      this.#introduce(client);
      this.#flush();
    });
  }

  /** @param {Client} client @param {string[]} filters @returns {Promise<void>} */
  #subscribe(client, filters) {
    if (!filters.length) return Promise.resolve();
    return new Promise((done) => {
      client.once("close", done); // no answer comes then
      // The broker delivers with the QoS of the sender, or this if lower.
      client.subscribe(filters, { qos: 1 }, (error, granted) => {
        const refused = (granted ?? []).filter((each) => each.qos > 2).map((each) => each.topic);
        if (refused.length) this.log(`the broker refuses to subscribe to ${refused.join(", ")}`);
        else if (error && client === this.#client) this.log(`cannot subscribe: ${error.message}`);
        client.off("close", done);
        done();
      });
    });
  }

  /** @param {Client} client */
  #schedule(client) {
    const period = Math.min(3600, ...this.#participants.map((participant) => participant.period));
    this.#repeat = setTimeout(() => {
      if (client !== this.#client) return;
      this.#bindings.withdrawUnconfirmed();
      this.#update();
      for (const participant of this.#participants) {
        client.publish(topics.discovery, describe(participant, this.clientId), { qos: 0 });
      }
      this.#schedule(client);
    }, (period / 2.2) * 1000 * (0.95 + Math.random() / 10));
  }

  #flush() {
    if (this.state === "online" && this.#client) this.#outbox.drain(this.#client);
  }

  /** @param {string} topic @param {Uint8Array} payload @param {boolean} retained */
  #received(topic, payload, retained) {
    if (this.#bindings.take(topic, payload)) this.#update();
    if (!payload.length) return; // it clears a retained value
    for (const [participant, port] of this.#bindings.targets(topic, retained)) {
      const value = participant.inports.get(port)?.raw ? payload : decode(payload);
      this.#guard(participant, () => participant.onpacket(port, value, { raw: payload, topic, retained }), port);
    }
  }

  /**
   * Call a participant's handler. Its error goes to the console, and to the outport `error` if there is one.
   * @param {Participant} participant @param {() => void} call @param {string | null} [port]
   */
  #guard(participant, call, port = null) {
    try {
      call();
    } catch (error) {
      console.error(`${participant.id}${port ? `.${port}` : ""}:`, error);
      if (participant.outports.has("error")) participant.send("error", { message: String(error), port });
    }
  }
}
