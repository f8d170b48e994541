// @ts-check
/** Routes packets to inports: those with the packet's topic, and those that the coordinator has bound to it. */
import { decode, isFilter, matches, topics, wrongFilter } from "./wire.js";

const REMEMBERED = 64;

/**
 * @typedef {import("../msgflo.js").Participant} Participant
 * @typedef {Map<string, string[]>} List  topics and filters by the inport that takes them
 * @typedef {{participant: Participant, port: string, seen: Set<string> | null, isRemoved: boolean}} Route  to an inport from a topic or filter.
 *   `seen`: topics of its packets since the last connection, up to a bound. With each new subscription the broker sends a retained value again.
 */

/** The binding lists of participants: what to subscribe to for them, and where packets go. */
export class Bindings {
  /** True if a change waits for `apply`. */
  changed = false;
  /** By the topics of their lists. @type {Map<string, Participant>} */
  #participants = new Map();
  /** @type {Map<Participant, List>} */
  #lists = new Map();
  /** The versions of lists that are not confirmed yet. @type {Map<Participant, string>} */
  #versions = new Map();
  /** Topics of lists. @type {string[]} */
  #toSubscribe = [];
  /** Topics of lists. @type {string[]} */
  #toUnsubscribe = [];
  /** Topics of lists of an earlier connection, until they come again. @type {Set<string>} */
  #unconfirmed = new Set();
  #justRenewed = false;
  /** By topic or filter. @type {Map<string, Route[]>} */
  #routes = new Map();

  /** @param {(text: string) => void} log */
  constructor(log) {
    this.log = log;
  }

  /** Add a participant, with the next `apply`. @param {Participant} participant */
  add(participant) {
    const topic = topics.bind(participant.id);
    this.#participants.set(topic, participant);
    if (participant.inports.size) this.#toSubscribe.push(topic);
    this.changed = true;
  }

  /** Remove a participant, with the next `apply`. @param {Participant} participant */
  remove(participant) {
    const topic = topics.bind(participant.id);
    this.#participants.delete(topic);
    this.#lists.delete(participant);
    this.#versions.delete(participant);
    this.#unconfirmed.delete(topic);
    if (this.#toSubscribe.includes(topic)) this.#toSubscribe = this.#toSubscribe.filter((each) => each !== topic);
    else if (participant.inports.size) this.#toUnsubscribe.push(topic);
    for (const routes of this.#routes.values()) {
      for (const route of routes) if (route.participant === participant) route.isRemoved = true; // at once
    }
    this.changed = true;
  }

  /**
   * Take a packet if it is a binding list. Mistakes in one are logged.
   * @param {string} topic @param {Uint8Array} payload @returns {boolean} whether it is a list
   */
  take(topic, payload) {
    const participant = this.#participants.get(topic);
    if (!participant) return false;
    this.#unconfirmed.delete(topic);
    this.#lists.set(participant, this.#read(participant, payload));
    this.changed = true;
    return true;
  }

  /** @param {Participant} participant @param {Uint8Array} payload */
  #read(participant, payload) {
    /** @type {List} */
    const list = new Map();
    const bound = payload.length ? decode(payload) : {};
    if (typeof bound !== "object" || bound === null || Array.isArray(bound) || bound instanceof Uint8Array) {
      this.log(`bindings of ${participant.id}: not of the form {"inport": ["topic"]}`);
      return list;
    }
    const { "": about, ...lists } = /** @type {Record<string, any>} */ (bound);
    this.#versions.set(participant, String(about?.version ?? ""));
    for (const [port, sources] of Object.entries(lists)) {
      const wrong = wrongSources(participant, port, sources);
      if (wrong) this.log(`bindings of ${participant.id}, inport "${port}": ${wrong}`);
      else list.set(port, sources);
    }
    return list;
  }

  /**
   * The inports that a packet is for, each once.
   * @param {string} topic @param {boolean} retained @returns {[Participant, port: string][]}
   */
  targets(topic, retained) {
    const routes = [...(this.#routes.get(topic) ?? [])];
    for (const [filter, others] of this.#routes) {
      if (!isFilter(filter) || !matches(filter, topic)) continue;
      for (const route of others) if (!find(routes, route.participant, route.port)) routes.push(route);
    }
    return routes.filter((route) => isNews(route, topic, retained)).map((route) => [route.participant, route.port]);
  }

  /** Topics and filters to subscribe to on a new connection. */
  renew() {
    this.apply();
    for (const routes of this.#routes.values()) for (const route of routes) route.seen = null;
    const bound = [...this.#participants].filter(([, participant]) => participant.inports.size);
    this.#unconfirmed = new Set(bound.filter(([, participant]) => this.#lists.get(participant)?.size).map(([topic]) => topic));
    this.#justRenewed = true;
    return [...this.#routes.keys(), ...bound.map(([topic]) => topic)];
  }

  /**
   * Make all routes again. A topic that is subscribed already is subscribed once more for a new inport, which needs the
   * retained value.
   * @returns {{subscribe: string[], unsubscribe: string[]}}
   */
  apply() {
    const old = this.#routes;
    this.#routes = new Map();
    /** @type {Set<string>} */
    const subscribe = new Set();
    for (const participant of this.#participants.values()) {
      const list = this.#lists.get(participant);
      for (const [port, { topic }] of participant.inports) {
        for (const source of [...(list?.get(port) ?? []), topic]) this.#route(source, participant, port, old, subscribe);
      }
    }
    for (const topic of this.#toSubscribe) subscribe.add(topic);
    const unsubscribe = [...old.keys()].filter((source) => !this.#routes.has(source));
    unsubscribe.push(...this.#toUnsubscribe.filter((topic) => !this.#participants.has(topic)));
    this.#toSubscribe = [];
    this.#toUnsubscribe = [];
    this.changed = false;
    return { subscribe: [...subscribe], unsubscribe };
  }

  /** Confirmations to publish after the subscriptions that `apply` returns. @returns {[topic: string, payload: string][]} */
  confirmations() {
    const versions = [...this.#versions];
    this.#versions.clear();
    return versions.map(([participant, version]) => [topics.bound(participant.id), version]);
  }

  /** @param {string} source @param {Participant} participant @param {string} port @param {Map<string, Route[]>} old @param {Set<string>} subscribe */
  #route(source, participant, port, old, subscribe) {
    const routes = this.#routes.get(source) ?? [];
    this.#routes.set(source, routes);
    if (find(routes, participant, port)) return;
    const route = find(old.get(source) ?? [], participant, port);
    if (!route) subscribe.add(source);
    routes.push(route ?? { participant, port, seen: null, isRemoved: false });
  }

  /**
   * Drop the lists that did not come again, with the second call on a connection: they were withdrawn while we were away, or
   * the broker lost them and no coordinator has written them again.
   */
  withdrawUnconfirmed() {
    if (this.#justRenewed) {
      this.#justRenewed = false;
      return;
    }
    for (const topic of [...this.#unconfirmed]) this.take(topic, new Uint8Array());
  }
}

/** @param {Route[]} routes @param {Participant} participant @param {string} port */
const find = (routes, participant, port) =>
  routes.find((route) => route.participant === participant && route.port === port && !route.isRemoved);

/** @param {Route} route @param {string} topic @param {boolean} retained */
function isNews(route, topic, retained) {
  if (route.isRemoved) return false;
  route.seen ??= new Set();
  if (route.seen.has(topic)) return !retained;
  if (route.seen.size < REMEMBERED) route.seen.add(topic);
  return true;
}

/** @param {Participant} participant @param {string} port @param {unknown} sources @returns {string} */
function wrongSources(participant, port, sources) {
  if (!participant.inports.has(port)) {
    return `there is no such inport; there are: ${[...participant.inports.keys()].join(", ") || "none"}`;
  }
  if (!Array.isArray(sources)) return `${JSON.stringify(sources)} is not a list of topics`;
  const bad = sources.find(wrongFilter);
  return bad === undefined ? "" : `${JSON.stringify(bad)} ${wrongFilter(bad)}`;
}
